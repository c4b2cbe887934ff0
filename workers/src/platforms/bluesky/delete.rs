//! Taking a record away.

use campanile_events::post::FailureClass;
use serde::Serialize;
use serde_json::Value;

use super::{Bluesky, answers, record::COLLECTION};
use crate::{
    egress::Request,
    platforms::{Access, SendFailure},
};

#[derive(Serialize)]
struct Delete<'a> {
    repo: &'a str,
    collection: &'static str,
    rkey: &'a str,
}

impl Bluesky {
    /// The server takes a record that isn't there for deleted.
    pub(super) async fn delete(&self, access: &Access, remote_id: &str) -> Result<(), SendFailure> {
        let kept = self.session(access).await?;
        let Some(rkey) = key_of(remote_id, &kept.did) else {
            return Err(SendFailure::of(FailureClass::Rejected, "unreadable_reference"));
        };
        let delete = Delete { repo: &kept.did, collection: COLLECTION, rkey };
        let body = serde_json::to_vec(&delete).expect("a struct of text becomes JSON");
        let request = Request::post_json(kept.method("com.atproto.repo.deleteRecord"), body);
        let answer = self.egress.request(request.bearer(&kept.access_jwt)?).await?;
        // Older servers have nothing to add to their 200.
        if answer.status() == 200 && answer.body().is_empty() {
            return Ok(());
        }
        answers::read::<Value>(&answer, self.clock.now()).map(drop)
    }
}

/// The key in `at://DID/COLLECTION/KEY#CID`, where that names a post of this account.
fn key_of<'a>(remote_id: &'a str, did: &str) -> Option<&'a str> {
    let address = remote_id.split_once('#').map_or(remote_id, |(address, _)| address);
    let key = address.strip_prefix("at://")?.strip_prefix(did)?.strip_prefix('/')?;
    let key = key.strip_prefix(COLLECTION)?.strip_prefix('/')?;
    (!key.is_empty() && !key.contains('/')).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_that_of_a_post_of_the_account() {
        for (remote_id, key) in [
            ("at://did:plc:ada/app.bsky.feed.post/3lbk#bafy", Some("3lbk")),
            ("at://did:plc:ada/app.bsky.feed.post/3lbk", Some("3lbk")),
            ("at://did:plc:adam/app.bsky.feed.post/3lbk#bafy", None),
            ("at://did:plc:ada/app.bsky.feed.like/3lbk#bafy", None),
            ("at://did:plc:ada/app.bsky.feed.post/#bafy", None),
            ("114000000000000001", None),
        ] {
            assert_eq!(key_of(remote_id, "did:plc:ada"), key, "{remote_id}");
        }
    }
}
