//! One post's way into the sandbox.

use std::sync::Arc;

use async_trait::async_trait;
use campanile_events::timing::Timing;
use http::HeaderName;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::{
    SandboxPlatform, answers,
    route::{Route, at, perform},
};
use crate::{
    egress::{Connection, Request},
    platforms::{
        Access, Line, Message, SendFailure, Sent,
        sandbox::{Answer, Sandbox, Submission},
    },
};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A line to a sandbox.
pub(super) struct SandboxLine {
    route: Route,
    token: String,
    way: Way,
}

enum Way {
    InProcess { sandbox: Arc<Sandbox>, timing: Timing },
    Service { connection: Connection, url: Url },
}

#[derive(Debug, Deserialize)]
struct Taken {
    id: String,
    url: String,
}

impl SandboxPlatform {
    pub(super) async fn open_line(&self, access: &Access) -> Result<SandboxLine, SendFailure> {
        let (kept, route) = self.route(access)?;
        let way = match &route {
            Route::InProcess(sandbox) => Way::InProcess { sandbox: Arc::clone(sandbox), timing: access.timing },
            Route::Service(url) => {
                Way::Service { connection: self.egress.connect(url).await?, url: at(url, "/api/posts") }
            }
        };
        Ok(SandboxLine { route, token: kept.token, way })
    }
}

#[async_trait]
impl Line for SandboxLine {
    fn is_open(&mut self) -> bool {
        match &self.way {
            Way::InProcess { .. } => true,
            Way::Service { connection, .. } => connection.is_open(),
        }
    }

    fn digest_input(&self, message: &Message) -> Vec<u8> {
        json!([message.marker, body(&message.with_own_names())]).to_string().into_bytes()
    }

    async fn send(self: Box<Self>, message: Message) -> Result<Sent, SendFailure> {
        let Self { route, token, way } = *self;
        let answer = match way {
            Way::InProcess { sandbox, timing } => {
                let submission = Submission {
                    text: message.text.as_str().to_owned(),
                    reply_to: message.reply_to.map(|post| post.remote_id),
                    root: message.root.map(|post| post.remote_id),
                    media_ids: message.media.into_iter().map(|media| media.remote.remote_id).collect(),
                    marker: Some(message.marker),
                };
                perform(sandbox.receive(&token, &submission), &timing).await?
            }
            Way::Service { connection, url } => {
                let request = Request::post_json(url, body(&message).to_string().into_bytes())
                    .bearer(&token)?
                    .header(IDEMPOTENCY_KEY, &message.marker)?;
                Answer::from(connection.send(request).await?)
            }
        };
        let taken: Taken = answers::read(&answer)?;
        Ok(Sent { url: Some(route.page(&taken.url)), remote_id: taken.id })
    }
}

fn body(message: &Message) -> serde_json::Value {
    let mut body = json!({
        "text": message.text.as_str(),
        "reply_to": message.reply_to.as_ref().map(|post| &post.remote_id),
        "root": message.root.as_ref().map(|post| &post.remote_id),
    });
    if !message.media.is_empty() {
        body["media_ids"] = message.media.iter().map(|media| media.remote.remote_id.as_str()).collect();
    }
    body
}
