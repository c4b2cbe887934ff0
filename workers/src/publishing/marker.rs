//! The name under which a platform is asked to take a step once.

use campanile_events::{
    ids::{AccountId, PostId},
    post::{Step, Target},
};
use sha2::{Digest, Sha256};

/// The marker of a step: the same for every attempt at it as long as the content is the same, and another for everything
/// else. While an earlier send is in doubt it is that one's.
pub fn marker(post: PostId, target: &Target, step: Step, revision: u32) -> String {
    if target.uncertain == Some(step)
        && let Some(intent) = target.last_intent().filter(|intent| intent.step == step)
    {
        return intent.marker.clone();
    }
    derive(post, target.account_id, step, revision)
}

/// A UUID, since that is what servers expect of a key, made of a hash.
fn derive(post: PostId, account: AccountId, step: Step, revision: u32) -> String {
    let mut hash = Sha256::new();
    hash.update(b"campanile marker 1\0");
    hash.update(post.uuid().as_bytes());
    hash.update(account.uuid().as_bytes());
    hash.update(revision.to_be_bytes());
    hash.update(step.to_string().as_bytes());
    let digest = hash.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use uuid::Uuid;

    use super::*;

    #[test]
    fn each_step_of_each_revision_of_each_target_has_its_own() {
        let post = |number| PostId::from_uuid(Uuid::from_u128(number));
        let account = |number| AccountId::from_uuid(Uuid::from_u128(number));
        let base = derive(post(1), account(1), Step::Part(0), 1);
        assert_eq!(base, derive(post(1), account(1), Step::Part(0), 1), "the same each time");
        let all: HashSet<_> = [
            base,
            derive(post(2), account(1), Step::Part(0), 1),
            derive(post(1), account(2), Step::Part(0), 1),
            derive(post(1), account(1), Step::Part(1), 1),
            derive(post(1), account(1), Step::Comment, 1),
            derive(post(1), account(1), Step::Part(0), 2),
        ]
        .into();
        assert_eq!(all.len(), 6);
    }
}
