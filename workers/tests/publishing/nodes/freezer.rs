//! A node that stops in the middle of a publication, as a machine can, and goes on later.

use std::{
    sync::{Arc, mpsc},
    time::Duration,
};

use campanile_workers::observed::Observer;

use super::node::{Node, PATIENCE};
use crate::house::Ground;

/// Freezes its node, once, when the first intent is stored and nothing has left yet.
#[derive(Debug)]
struct Freezer(std::sync::Mutex<Option<(mpsc::Sender<()>, mpsc::Receiver<()>)>>);

impl Observer for Freezer {
    fn send_intended(&self, _: &str, _: Duration) {
        if let Some((frozen, thaw)) = self.0.lock().expect("no panic").take() {
            frozen.send(()).expect("somebody waits");
            // An error says that the test is over, which is as good.
            let _thawed = thaw.recv_timeout(PATIENCE);
        }
    }

    fn attempt_ended(&self, _: &str, _: &'static str) {}
}

/// A node of one thread that freezes, the word that it has, and what lets it go on.
pub async fn freezing(ground: &Arc<Ground>) -> (Node, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let ((freeze, frozen), (thaw, thawed)) = (mpsc::channel(), mpsc::channel());
    let freezer = Arc::new(Freezer(std::sync::Mutex::new(Some((freeze, thawed)))));
    let node = Node::start(ground, 1, move |house| house.observer = freezer).await;
    (node, frozen, thaw)
}

pub async fn comes(word: mpsc::Receiver<()>) {
    let waited = tokio::task::spawn_blocking(move || word.recv_timeout(PATIENCE)).await;
    waited.expect("no panic").expect("the word came");
}
