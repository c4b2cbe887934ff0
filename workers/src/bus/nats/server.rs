//! Requests to the server, which give up soon.

use async_nats::{HeaderMap, Request, RequestErrorKind, jetstream};
use campanile_events::random;
use serde::Deserialize;

use super::{super::BusError, engine::Shared};

/// What became of a message that was to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Put {
    Stored,
    /// There is one of that subject.
    WaitsAlready,
}

/// How often a message is sent whose answer doesn't come.
const TRIES: usize = 2;

#[derive(Debug, Deserialize)]
struct Answer {
    error: Option<Refusal>,
}

#[derive(Debug, Deserialize)]
struct Refusal {
    err_code: u64,
    description: String,
}

/// JetStream's code for a message that the stream can't take, of which a second one of a subject is a case.
const STORE_FAILED: u64 = 10_077;
const SECOND_OF_A_SUBJECT: &str = "maximum messages per subject exceeded";

impl Shared {
    /// Stores a message, or says soon why not.
    pub async fn store(&self, subject: &str, payload: Vec<u8>) -> Result<Put, BusError> {
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Msg-Id", hex::encode(random::bytes::<16>()).as_str());
        for _ in 0..TRIES {
            self.check_there()?;
            let request = Request::new().headers(headers.clone()).payload(payload.clone().into());
            let request = request.timeout(Some(self.settings.patience));
            match self.client.send_request(subject.to_owned(), request).await {
                Ok(message) => return self.answered(&message.payload),
                // The id keeps what was stored after all from being stored twice.
                Err(error) if error.kind() == RequestErrorKind::TimedOut => {}
                Err(error) if error.kind() == RequestErrorKind::NoResponders => {
                    self.state.stream(false);
                    self.state.look_soon();
                    return Err(BusError("NATS has no stream for jobs now".to_owned()));
                }
                Err(error) => return Err(BusError(error.to_string())),
            }
        }
        self.state.unanswered(self.settings.patience);
        Err(BusError("NATS doesn't answer".to_owned()))
    }

    fn check_there(&self) -> Result<(), BusError> {
        if !self.state.is_connected() {
            return Err(BusError("there is no connection to NATS".to_owned()));
        }
        if self.state.is_unanswering() {
            return Err(BusError("NATS doesn't answer".to_owned()));
        }
        Ok(())
    }

    fn answered(&self, payload: &[u8]) -> Result<Put, BusError> {
        let answer: Answer =
            serde_json::from_slice(payload).map_err(|_| BusError("NATS's answer can't be read".to_owned()))?;
        match answer.error {
            None => Ok(Put::Stored),
            Some(it) if it.err_code == STORE_FAILED && it.description == SECOND_OF_A_SUBJECT => Ok(Put::WaitsAlready),
            Some(refusal) => {
                self.state.look_soon();
                Err(BusError(format!("NATS takes no job: {}", refusal.description)))
            }
        }
    }

    /// JetStream's own requests.
    pub fn jetstream(&self) -> jetstream::Context {
        let mut context = jetstream::new(self.client.clone());
        context.set_timeout(2 * self.settings.patience);
        context
    }

    /// Acknowledges a message, or puts it off, without waiting for an answer.
    pub async fn acknowledge(&self, reply: &str, kind: jetstream::AckKind) {
        if let Err(error) = self.client.publish(reply.to_owned(), kind.into()).await {
            tracing::debug!(%error, "an ack could not be sent; the job comes again");
        }
    }
}
