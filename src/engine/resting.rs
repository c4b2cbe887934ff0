//! What is given up while nothing is appended.

use std::{sync::Arc, time::Duration};

use campanile_events::{
    account::Account, commands::Executor, ids::Position, journal::Journal, key::Key, post::Post, workspace::Workspace,
};
use campanile_projections::Runner;
use campanile_workers::media::Library;
use tokio::sync::watch::{self, error::RecvError};

use crate::access::People;

/// How long nothing was appended, after something was.
const QUIET: Duration = Duration::from_secs(5);
/// How often it is done where nothing is appended at all: what is only read is remembered, too.
const AT_LEAST: Duration = Duration::from_secs(60);

/// Everything that remembers what was in use. What is wanted again is read again.
pub(super) struct Resting {
    pub(super) posts: Executor<Post>,
    pub(super) accounts: Executor<Account>,
    pub(super) workspaces: Executor<Workspace>,
    pub(super) keys: Executor<Key>,
    pub(super) library: Library,
    pub(super) people: People,
    pub(super) runner: Arc<Runner>,
}

impl Resting {
    /// Gives up the memory of what was in use whenever nothing was appended for a while, until told to stop.
    pub(super) async fn run(self, journal: Arc<dyn Journal>, mut stop: watch::Receiver<bool>) {
        let mut head = journal.watch();
        loop {
            tokio::select! {
                quiet = becomes_quiet(&mut head) => if quiet.is_err() { return },
                _ = stop.wait_for(|stop| *stop) => return,
            }
            self.rest().await;
            journal.rest();
        }
    }

    async fn rest(&self) {
        self.posts.rest();
        self.accounts.rest();
        self.workspaces.rest();
        self.keys.rest();
        self.library.media.rest();
        self.people.rest();
        self.runner.rest().await;
    }
}

/// Waits until something was appended, and nothing for some time after it; or nothing for long.
async fn becomes_quiet(head: &mut watch::Receiver<Position>) -> Result<(), RecvError> {
    let mut quiet = AT_LEAST;
    while let Ok(moved) = tokio::time::timeout(quiet, head.changed()).await {
        moved?;
        quiet = QUIET;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures::poll;

    use super::*;

    const ALMOST: Duration = Duration::from_millis(QUIET.as_millis() as u64 * 9 / 10);

    #[tokio::test(start_paused = true)]
    async fn it_is_quiet_each_time_that_nothing_is_appended_any_more() {
        let (append, mut head) = watch::channel(Position(0));
        let mut quiet = pin!(becomes_quiet(&mut head));
        for position in 1..=20 {
            append.send_replace(Position(position));
            assert!(poll!(&mut quiet).is_pending());
            tokio::time::advance(ALMOST).await;
            assert!(poll!(&mut quiet).is_pending(), "it was never quiet for long");
        }
        tokio::time::advance(QUIET / 10).await;
        assert!(poll!(&mut quiet).is_ready());
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_quiet_now_and_then_where_nothing_is_ever_appended() {
        let (append, mut head) = watch::channel(Position(0));
        for _ in 0..3 {
            assert!(tokio::time::timeout(AT_LEAST * 9 / 10, becomes_quiet(&mut head)).await.is_err());
            tokio::time::timeout(AT_LEAST * 2, becomes_quiet(&mut head)).await.expect("in time").expect("quiet");
        }
        append.send_replace(Position(1));
        drop(append);
        becomes_quiet(&mut head).await.expect_err("nothing can be appended any more");
    }
}
