//! From a worker's hand back to the stream, and what keeps a job in hand.

use std::{sync::Arc, time::Duration};

use async_nats::{Request, Subscriber, jetstream::AckKind};
use futures::StreamExt;

use super::{
    super::{BusError, Job, Outcome},
    engine::Shared,
    layout::key,
    server::Put,
};

impl Shared {
    /// Lets a job go out of hand, in a task of its own: who had it doesn't wait.
    pub fn release(self: &Arc<Self>, key: String, number: u64, outcome: Outcome) {
        let shared = Arc::clone(self);
        self.runtime.spawn(async move { shared.released(&key, number, outcome).await });
    }

    async fn released(self: &Arc<Self>, key: &str, number: u64, outcome: Outcome) {
        let Some(leaving) = self.desk.leave(key, number) else { return };
        let pause = match outcome {
            Outcome::Later(pause) => Some(pause),
            Outcome::Done => leaving.again.then_some(Duration::ZERO),
        };
        match (leaving.reply, pause) {
            (Some(reply), Some(pause)) => {
                self.acknowledge(&reply, AckKind::Nak(Some(pause).filter(|it| !it.is_zero()))).await;
                self.desk.forget(key, number);
            }
            (None, Some(pause)) => {
                tokio::time::sleep(pause).await;
                self.desk.forget(key, number);
                self.put_anew(leaving.job).await;
            }
            (reply, None) => {
                // Without a connection it would be sent later, when that message's number may be another's.
                if let Some(reply) = reply.filter(|_| self.state.is_connected()) {
                    // Answered once the message has left the stream: from then on its subject takes another.
                    let ack = Request::new().payload(AckKind::Ack.into()).timeout(Some(self.settings.patience));
                    if let Err(error) = self.client.send_request(reply, ack).await {
                        tracing::debug!(%error, "an ack was not answered; the job may come again");
                    }
                }
                if let Some(job) = self.desk.left(key, number) {
                    self.put_anew(job).await;
                }
            }
        }
    }

    /// Puts a job on the bus; while the server is away, on this node's own desk.
    pub async fn put_job(self: &Arc<Self>, job: Job) -> Result<(), BusError> {
        let key = key(&job);
        let unfit = || BusError("the platform's name can't be part of a subject".to_owned());
        let subject = self.layout.job(&job).ok_or_else(unfit)?;
        if self.desk.again(&key) {
            return Ok(());
        }
        let payload = serde_json::to_vec(&job).map_err(|error| BusError(error.to_string()))?;
        match self.store(&subject, payload).await {
            Ok(Put::Stored) => Ok(()),
            Ok(Put::WaitsAlready) => {
                // It waits, or it is in hand: who has it in hand hears this, and has it come again after.
                let told = self.client.publish(self.layout.again(), key.into()).await;
                told.map_err(|error| BusError(error.to_string()))
            }
            Err(_) if self.desk.keep_here(&key, &job) => {
                self.serve_here();
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    async fn put_anew(self: &Arc<Self>, job: Job) {
        if let Err(error) = self.put_job(job).await {
            tracing::debug!(%error, "a job is not put anew; the sweeper will");
        }
    }

    /// Listens for targets that were put while they were in hand.
    pub async fn hear_again(self: Arc<Self>, mut told: Subscriber) {
        while let Some(message) = told.next().await {
            let Ok(key) = std::str::from_utf8(&message.payload) else { continue };
            if !self.desk.again(key)
                && let Some(job) = self.desk.left_just_now(key)
            {
                let shared = Arc::clone(&self);
                tokio::spawn(async move { shared.put_anew(job).await });
            }
        }
    }

    /// Says of every job in hand that it still is.
    pub async fn keep_in_hand(self: Arc<Self>) {
        loop {
            tokio::time::sleep(self.settings.ack_wait / 4).await;
            let replies = self.desk.replies();
            if !self.state.is_connected() {
                continue;
            }
            for reply in replies {
                self.acknowledge(&reply, AckKind::Progress).await;
            }
        }
    }
}
