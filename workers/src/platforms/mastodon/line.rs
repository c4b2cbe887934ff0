//! One status's way to its server.

use async_trait::async_trait;
use campanile_events::clock::SharedClock;
use http::HeaderName;
use serde::{Deserialize, Serialize};

use super::{Kept, Mastodon, answers};
use crate::{
    egress::{Connection, Request},
    platforms::{Access, Line, Message, SendFailure, Sent},
};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A line to a server.
pub(super) struct MastodonLine {
    kept: Kept,
    connection: Connection,
    clock: SharedClock,
}

#[derive(Serialize)]
struct NewStatus<'a> {
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_reply_to_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    media_ids: Vec<&'a str>,
}

#[derive(Deserialize)]
struct Status {
    id: String,
    #[serde(default)]
    url: Option<String>,
}

impl Mastodon {
    pub(super) async fn open_line(&self, access: &Access) -> Result<MastodonLine, SendFailure> {
        let kept = Kept::of(access)?;
        let connection = self.egress.connect(&kept.instance_url).await?;
        Ok(MastodonLine { kept, connection, clock: self.clock.clone() })
    }
}

#[async_trait]
impl Line for MastodonLine {
    fn is_open(&mut self) -> bool {
        self.connection.is_open()
    }

    fn digest_input(&self, message: &Message) -> Vec<u8> {
        [message.marker.as_bytes(), b"\n", &body(&message.with_own_names())].concat()
    }

    async fn send(self: Box<Self>, message: Message) -> Result<Sent, SendFailure> {
        let Self { kept, connection, clock } = *self;
        let request = Request::post_json(kept.at("/api/v1/statuses"), body(&message))
            .bearer(&kept.access_token)?
            .header(IDEMPOTENCY_KEY, &message.marker)?;
        let answer = connection.send(request).await?;
        let status: Status = answers::read(&answer, message.reply_to.is_some(), clock.now())?;
        Ok(Sent { remote_id: status.id, url: status.url })
    }
}

fn body(message: &Message) -> Vec<u8> {
    let status = NewStatus {
        status: message.text.as_str(),
        in_reply_to_id: message.reply_to.as_ref().map(|post| post.remote_id.as_str()),
        media_ids: message.media.iter().map(|media| media.remote.remote_id.as_str()).collect(),
    };
    serde_json::to_vec(&status).expect("a struct of text becomes JSON")
}
