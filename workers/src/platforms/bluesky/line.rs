//! One record's way to its server.

use async_trait::async_trait;
use campanile_events::{clock::SharedClock, post::FailureClass};
use serde::Serialize;

use super::{
    Bluesky, answers,
    record::{COLLECTION, Prepared, Record, Reference, record, uri},
    session::Kept,
    tid,
};
use crate::{
    egress::{Connection, Request},
    platforms::{Access, Line, Message, SendFailure, Sent},
};

/// A line to a server, with a session that holds.
pub(super) struct BlueskyLine {
    kept: Kept,
    connection: Connection,
    clock: SharedClock,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Put<'a> {
    repo: &'a str,
    collection: &'static str,
    rkey: String,
    record: Record<'a>,
    /// Null: no other record may be replaced. The same one again is none.
    swap_record: (),
}

impl Bluesky {
    pub(super) async fn open_line(&self, access: &Access) -> Result<BlueskyLine, SendFailure> {
        // Renewed here, so that an expired token is met before the intent.
        let kept = self.session(access).await?;
        let connection = self.egress.connect(kept.home()).await?;
        Ok(BlueskyLine { kept, connection, clock: self.clock.clone() })
    }
}

#[async_trait]
impl Line for BlueskyLine {
    fn is_open(&mut self) -> bool {
        self.connection.is_open()
    }

    fn digest_input(&self, message: &Message) -> Vec<u8> {
        let body = body(&self.kept.did, &message.with_own_names(), &prepared(message)).unwrap_or_default();
        [message.marker.as_bytes(), b"\n", &body].concat()
    }

    async fn send(self: Box<Self>, message: Message) -> Result<Sent, SendFailure> {
        let Self { kept, connection, clock } = *self;
        let prepared = prepared(&message);
        if let Some(stands) = &prepared.stands {
            return Ok(stands.as_sent(&kept.handle));
        }
        let body = body(&kept.did, &message, &prepared);
        let body = body.ok_or_else(|| SendFailure::of(FailureClass::NotSent, "unreadable_reference"))?;
        let request = Request::post_json(kept.method("com.atproto.repo.putRecord"), body).bearer(&kept.access_jwt)?;
        let answer = connection.send(request).await?;
        let made: Reference = answers::read(&answer, clock.now())?;
        if made.uri != uri(&kept.did, message.intended_at, &message.marker) {
            return Err(answers::unreadable(answer.status()));
        }
        Ok(made.as_sent(&kept.handle))
    }
}

fn prepared(message: &Message) -> Prepared {
    let given = message.prepared.as_ref();
    given.and_then(|given| serde_json::from_str(given.as_str()).ok()).unwrap_or_default()
}

fn body(did: &str, message: &Message, prepared: &Prepared) -> Option<Vec<u8>> {
    let put = Put {
        repo: did,
        collection: COLLECTION,
        rkey: tid::key(message.intended_at, &message.marker),
        record: record(message, prepared)?,
        swap_record: (),
    };
    Some(serde_json::to_vec(&put).expect("a struct of text becomes JSON"))
}
