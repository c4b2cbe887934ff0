//! Wake-ups between nodes, by plain messages.

use std::sync::Arc;

use async_nats::{Client, Subscriber};
use campanile_events::ids::Position;
use futures::StreamExt;
use tokio::{sync::watch, task::JoinHandle};

use super::{
    super::{Moved, Wakes, WakesInProcess},
    connect::{self, ConnectError},
    layout::Layout,
};

/// Wake-ups over NATS. On this node they arrive at once, with or without a server.
#[derive(Debug, Default)]
pub struct WakesOverNats {
    here: Arc<WakesInProcess>,
    /// What is to be told to other nodes: only the newest.
    out: WakesInProcess,
}

impl WakesOverNats {
    pub(super) async fn start(&self, client: &Client, layout: &Layout) -> Result<Vec<JoinHandle<()>>, ConnectError> {
        let mut tasks = Vec::new();
        for moved in Moved::ALL {
            let subject = layout.wake(moved.as_str());
            tasks.push(tokio::spawn(tell(client.clone(), subject.clone(), self.out.listen(moved))));
            let told = connect::subscribe(client, subject).await?;
            tasks.push(tokio::spawn(hear(told, Arc::clone(&self.here), moved)));
        }
        Ok(tasks)
    }
}

impl Wakes for WakesOverNats {
    fn tell(&self, moved: Moved, to: Position) {
        self.here.tell(moved, to);
        self.out.tell(moved, to);
    }

    fn listen(&self, moved: Moved) -> watch::Receiver<Position> {
        self.here.listen(moved)
    }
}

async fn tell(client: Client, subject: String, mut out: watch::Receiver<Position>) {
    while out.changed().await.is_ok() {
        let position = *out.borrow_and_update();
        if let Err(error) = client.publish(subject.clone(), position.to_string().into()).await {
            tracing::debug!(%error, "a wake-up is lost");
        }
    }
}

async fn hear(mut told: Subscriber, here: Arc<WakesInProcess>, moved: Moved) {
    while let Some(message) = told.next().await {
        if let Some(position) = std::str::from_utf8(&message.payload).ok().and_then(|text| text.parse().ok()) {
            here.tell(moved, Position(position));
        }
    }
}
