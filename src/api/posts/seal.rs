//! From text in the open to what the log stores, and back.

use std::collections::BTreeMap;

use campanile_events::{
    ids::AccountId,
    post::{Content, ContentInHand, Parts, Tag},
    seal::{DataKey, Open, SealError, Sealed, fields},
};
use serde_json::json;

const CONTENT: &str = "post.content";

/// Seals content for these accounts. What did not change keeps its sealed form, so that the aggregate sees no change.
pub(super) fn seal(
    key: &DataKey,
    open: Content<Open>,
    accounts: &[AccountId],
    before: Option<(&Content<Open>, &Content<Sealed>)>,
) -> ContentInHand {
    let sealed = match before {
        Some((same, sealed)) if *same == open => sealed.clone(),
        _ => {
            let sealed = open.try_map(|field, text| Ok::<_, std::convert::Infallible>(key.seal(field, text)));
            let Ok(sealed) = sealed;
            sealed
        }
    };
    let digests = digests(key, &open, accounts);
    ContentInHand { sealed, open, digests, media: Vec::new() }
}

/// Content in the open.
pub(super) fn open(key: &DataKey, sealed: &Content<Sealed>) -> Result<Content<Open>, SealError> {
    sealed.try_map(|field, text| key.open(field, text))
}

/// For each account a keyed digest of what it gets.
fn digests(key: &DataKey, content: &Content<Open>, accounts: &[AccountId]) -> BTreeMap<AccountId, String> {
    let digest = |account: &AccountId| key.digest(CONTENT, &bytes(&content.for_account(*account)));
    accounts.iter().map(|account| (*account, digest(account))).collect()
}

/// One content has one form. The digests are stored: this is for ever.
fn bytes(parts: &Parts<'_, Open>) -> Vec<u8> {
    let texts: Vec<_> = parts.texts.iter().map(|text| text.as_str()).collect();
    let comment = parts.first_comment.map(Open::as_str);
    json!([texts, comment, parts.media_ids]).to_string().into_bytes()
}

/// The client's labels, each once, with the index that they are found by.
pub(super) fn tags(key: &DataKey, given: &[String]) -> Vec<Tag> {
    let mut tags: Vec<Tag> = Vec::with_capacity(given.len());
    for text in given {
        let index = tag_index(key, text);
        if !tags.iter().any(|tag| tag.index == index) {
            tags.push(Tag { text: key.seal(fields::POST_TAG, &Open::new(text.trim())), index });
        }
    }
    tags
}

/// The same for equal labels of a workspace.
pub(super) fn tag_index(key: &DataKey, text: &str) -> String {
    key.digest(fields::POST_TAG, text.trim().as_bytes())
}

#[cfg(test)]
mod tests {
    use secrecy::zeroize::Zeroizing;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_did_not_change_keeps_its_sealed_form() {
        let key = DataKey::new(Uuid::from_u128(1), Zeroizing::new([7; 32]));
        let account = AccountId::from(Uuid::from_u128(2));
        let content = Content { body: Open::new("hush"), ..Content::default() };
        let first = seal(&key, content.clone(), &[account], None);
        assert_eq!(open(&key, &first.sealed).expect("opens"), content);
        let same = seal(&key, content.clone(), &[account], Some((&content, &first.sealed)));
        assert_eq!((&same.sealed, &same.digests), (&first.sealed, &first.digests));
        let other = Content { body: Open::new("other"), ..Content::default() };
        let other = seal(&key, other, &[account], Some((&content, &first.sealed)));
        assert_ne!(other.sealed, first.sealed);
        assert_ne!(other.digests, first.digests);
        assert_eq!(first.digests[&account], "01745e74957b3886331aaa4ad2c8fa03c14c002913f2a0f1f772ef80a255042e");
    }
}
