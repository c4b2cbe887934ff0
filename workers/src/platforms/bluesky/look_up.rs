//! Whether a record stands: the key is ours, so one question tells.

use campanile_events::post::FailureClass;
use serde::Deserialize;

use super::{
    Bluesky, answers,
    record::{COLLECTION, Reference, date, uri},
    session::Kept,
};
use crate::{
    egress::Request,
    platforms::{Access, Found, Search, SendFailure},
};

/// What stands under a key.
pub(super) enum Standing {
    /// The record that was looked for.
    Ours(Reference),
    /// A record that we did not make.
    Another,
    Nothing,
}

#[derive(Deserialize)]
struct Stored {
    uri: String,
    cid: String,
    value: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Value {
    #[serde(default)]
    text: String,
    #[serde(default)]
    created_at: String,
}

impl Bluesky {
    pub(super) async fn search(&self, access: &Access, search: &Search) -> Result<Found, SendFailure> {
        let kept = Kept::of(&access.credentials)?;
        let uri = uri(&kept.did, search.intended_at, &search.marker);
        Ok(match self.standing(&kept, &uri, search.text.as_str(), &date(search.intended_at)).await {
            Ok(Standing::Ours(reference)) => {
                let sent = reference.as_sent(&kept.handle);
                if search.exclude.contains(&sent.remote_id) { Found::Absent } else { Found::Present(sent) }
            }
            Ok(Standing::Nothing) => Found::Absent,
            Ok(Standing::Another) => Found::Incomplete(SendFailure::of(FailureClass::NotSent, "key_taken")),
            Err(failure) => Found::Incomplete(failure),
        })
    }

    /// What stands at an address. Records are public, so no session is needed.
    pub(super) async fn standing(
        &self,
        kept: &Kept,
        uri: &str,
        text: &str,
        date: &str,
    ) -> Result<Standing, SendFailure> {
        let mut url = kept.method("com.atproto.repo.getRecord");
        url.query_pairs_mut()
            .append_pair("repo", &kept.did)
            .append_pair("collection", COLLECTION)
            .append_pair("rkey", uri.rsplit('/').next().unwrap_or_default());
        match self.ask::<Stored>(Request::get(url)).await {
            Ok(stored) if stored.uri != uri => Err(answers::unreadable(200).of_question()),
            Ok(Stored { value, uri, cid }) if value.text == text && value.created_at == date => {
                Ok(Standing::Ours(Reference { uri, cid }))
            }
            Ok(_) => Ok(Standing::Another),
            Err(failure) if answers::is_missing(&failure) => Ok(Standing::Nothing),
            Err(failure) => Err(failure),
        }
    }
}
