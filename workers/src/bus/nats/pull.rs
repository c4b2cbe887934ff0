//! From a platform's consumer to the desk.
//!
//! Only as much is asked for as there are workers that wait: what this node can't begin stays with the server, where
//! another node may take it.

use std::{sync::Arc, time::Duration};

use async_nats::{Message, StatusCode, Subscriber, jetstream::AckKind};
use campanile_events::random;
use futures::StreamExt;
use serde_json::json;
use tokio::{sync::watch, time::Instant};

use super::{
    super::{Job, Outcome},
    engine::{Held, Shared},
    layout::{self, Kind, Layout},
};

/// How long a request for jobs stands.
const STANDS: Duration = Duration::from_secs(5);
/// How much longer an answer to it may take before it is made again.
const GRACE: Duration = Duration::from_secs(1);
/// The most that is asked for at once: nodes that ask share what falls due at one moment.
const MOST: usize = 16;
/// How long a job waits on the desk for a worker that was there when it was asked for.
const A_MOMENT: Duration = Duration::from_millis(100);
/// The pause after the server refused a request.
const PAUSE: Duration = Duration::from_millis(200);

struct Pull {
    shared: Arc<Shared>,
    platform: String,
    inbox: String,
    answers: Subscriber,
    connection: watch::Receiver<bool>,
    repaired: watch::Receiver<u64>,
    asked: watch::Receiver<u64>,
    requests: u64,
}

/// Why one request is over.
enum Over {
    Soon,
    Refused,
}

/// Brings jobs of a platform to the desk, until the connection is given up.
pub(super) async fn run(shared: Arc<Shared>, platform: String) {
    let inbox = format!("_INBOX.{}", hex::encode(random::bytes::<12>()));
    let Ok(answers) = shared.client.subscribe(format!("{inbox}.*")).await else { return };
    let connection = shared.state.connection();
    let (repaired, asked) = (shared.repaired.subscribe(), shared.desk.asked());
    let mut pull = Pull { shared, platform, inbox, answers, connection, repaired, asked, requests: 0 };
    loop {
        if pull.connection.wait_for(|connected| *connected).await.is_err() {
            return;
        }
        let desk = &pull.shared.desk;
        if pull.asked.wait_for(|_| desk.takers() > 0).await.is_err() {
            return;
        }
        if matches!(pull.request().await, Over::Refused) {
            pull.shared.state.look_soon();
            tokio::time::sleep(PAUSE).await;
        }
    }
}

impl Pull {
    async fn request(&mut self) -> Over {
        let mut left = self.shared.desk.takers().clamp(1, MOST);
        self.requests += 1;
        let own = format!("{}.{}", self.inbox, self.requests);
        let stream = self.shared.layout.stream();
        let subject = format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{}", Layout::consumer(&self.platform));
        let wanted = json!({ "batch": left, "expires": STANDS.as_nanos() as u64 }).to_string();
        if self.shared.client.publish_with_reply(subject, own.clone(), wanted.into()).await.is_err() {
            return Over::Refused;
        }
        self.connection.mark_unchanged();
        self.repaired.mark_unchanged();
        let deadline = Instant::now() + STANDS + GRACE;
        // How long what comes may wait for somebody to ask again: not at all, once that was in vain.
        let mut moment = A_MOMENT;
        while left > 0 {
            let answer = tokio::select! {
                answer = self.answers.next() => answer,
                // What stood with the server is gone with the connection, or with the consumer.
                _ = self.connection.changed() => return Over::Soon,
                _ = self.repaired.changed() => return Over::Soon,
                () = tokio::time::sleep_until(deadline) => return Over::Soon,
            };
            let Some(message) = answer else { return Over::Refused };
            match message.status {
                None | Some(StatusCode::OK) => {
                    left -= 1;
                    if !self.delivered(message, moment).await {
                        moment = Duration::ZERO;
                    }
                }
                // Of a request that is over.
                Some(_) if message.subject.as_str() != own => {}
                Some(StatusCode::IDLE_HEARTBEAT) => {}
                Some(StatusCode::TIMEOUT) => return Over::Soon,
                Some(_) => return Over::Refused,
            }
        }
        Over::Soon
    }

    /// Answers whether somebody still asked for it within a moment.
    async fn delivered(&self, message: Message, moment: Duration) -> bool {
        let Some(mut held) = self.held(message).await else { return true };
        let mut asked = self.shared.desk.asked();
        while let Some(back) = self.shared.desk.give(held) {
            held = back;
            if tokio::time::timeout(moment, asked.changed()).await.is_err() {
                held.release(Outcome::Later(Duration::ZERO));
                return false;
            }
        }
        true
    }

    /// The job of a message, in hand now; `None` if it is none, or in hand already.
    async fn held(&self, message: Message) -> Option<Held> {
        let reply = message.reply.as_ref().map(ToString::to_string)?;
        if let Some(pending) = reply.rsplit('.').next().and_then(|pending| pending.parse().ok()) {
            self.shared.state.pending(&self.platform, pending);
        }
        let key = match self.shared.layout.kind(&message.subject) {
            Some(Kind::Job(key)) => key,
            Some(Kind::Canary) => {
                self.shared.acknowledge(&reply, AckKind::Ack).await;
                self.shared.state.heard(&self.platform);
                drop(self.shared.client.publish(self.shared.layout.heard(), self.platform.clone().into()).await);
                return None;
            }
            None => {
                self.shared.acknowledge(&reply, AckKind::Term).await;
                return None;
            }
        };
        let job = serde_json::from_slice::<Job>(&message.payload).ok();
        // What stands on another target's subject would get around that target's being in one hand at a time.
        let Some(job) = job.filter(|job| layout::key(job) == key) else {
            tracing::warn!(nats.subject = %message.subject, "what stands there is no job; it is dropped");
            self.shared.acknowledge(&reply, AckKind::Term).await;
            return None;
        };
        let number = self.shared.desk.hold(key, &job, &reply)?;
        Some(Held::new(Arc::clone(&self.shared), key.to_owned(), number, job))
    }
}
