//! What a message needs beside its text: the accounts that it mentions, and whether it stands already.

use std::collections::{BTreeMap, BTreeSet};

use campanile_events::{post::FailureClass, seal::Open};
use futures::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;

use super::{
    Bluesky,
    facets::{Target, spans},
    look_up::Standing,
    record::{Prepared, Reference, date, record, uri},
    session::Kept,
};
use crate::{
    egress::Request,
    platforms::{Access, Message, SendFailure},
};

/// How many handles are asked for at once.
const AT_ONCE: usize = 8;

#[derive(Deserialize)]
struct Resolved {
    did: String,
}

impl Bluesky {
    pub(super) async fn make_ready(&self, access: &Access, message: &Message) -> Result<Open, SendFailure> {
        let kept = Kept::of(&access.credentials)?;
        let mut prepared = Prepared::default();
        if record(message, &prepared).is_none() {
            return Err(SendFailure::of(FailureClass::NotSent, "unreadable_reference"));
        }
        if message.is_repeat {
            // A handle may lead elsewhere by now, and the record would be another one: what stands is left as it is.
            prepared.stands = self.what_stands(&kept, message).await?;
        }
        if prepared.stands.is_none() {
            prepared.mentions = self.mentions(&kept, message.text.as_str()).await?;
        }
        Ok(Open::new(serde_json::to_string(&prepared).expect("a struct of text becomes JSON")))
    }

    async fn what_stands(&self, kept: &Kept, message: &Message) -> Result<Option<Reference>, SendFailure> {
        let uri = uri(&kept.did, message.intended_at, &message.marker);
        match self.standing(kept, &uri, message.text.as_str(), &date(message.intended_at)).await? {
            Standing::Ours(reference) => Ok(Some(reference)),
            Standing::Nothing => Ok(None),
            Standing::Another => Err(SendFailure::of(FailureClass::NotSent, "key_taken")),
        }
    }

    async fn mentions(&self, kept: &Kept, text: &str) -> Result<BTreeMap<String, String>, SendFailure> {
        let handles: BTreeSet<_> = spans(text)
            .into_iter()
            .filter_map(|span| match span.target {
                Target::Mention(handle) => Some(handle.to_ascii_lowercase()),
                Target::Link(_) | Target::Tag(_) => None,
            })
            .collect();
        let asked = stream::iter(handles).map(|handle| async move {
            let did = self.resolve(kept, &handle).await?;
            Ok::<_, SendFailure>(did.map(|did| (handle, did)))
        });
        let found: Vec<_> = asked.buffer_unordered(AT_ONCE).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// The account behind a handle; `None` where the server knows none. It has several words for that, and a server that it
    /// asks in turn may be the one that failed: only where there was no answer at all is it worth another try.
    async fn resolve(&self, kept: &Kept, handle: &str) -> Result<Option<String>, SendFailure> {
        let mut url = kept.method("com.atproto.identity.resolveHandle");
        url.query_pairs_mut().append_pair("handle", handle);
        match self.ask::<Resolved>(Request::get(url)).await {
            Ok(resolved) => Ok(Some(resolved.did).filter(|did| did.starts_with("did:"))),
            Err(failure) if failure.status.is_some() && failure.class != FailureClass::RateLimited => Ok(None),
            Err(failure) => Err(failure),
        }
    }
}
