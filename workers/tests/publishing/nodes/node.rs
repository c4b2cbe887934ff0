//! A node, and what the tests of several of them ask.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use campanile_events::{
    ids::{AccountId, OrganizationId},
    seal::Sealed,
    timing::Timing,
    workspace::WorkspaceAction,
};
use campanile_workers::publishing::{Leader, Publishing};
use tokio::{runtime::Runtime, sync::oneshot};

use crate::house::{Ground, House, quick};

pub const CLASSES: [&str; 3] = ["keyed", "searchable", "blind"];
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A node on threads of its own, which can be killed as a machine can: nothing of it runs on, nothing is given back.
pub struct Node {
    pub runtime: Option<Runtime>,
    pub house: Arc<House>,
    pub publishing: Arc<Publishing>,
}

impl Node {
    /// `threads`: with one, whoever blocks it freezes the node.
    pub async fn start(
        ground: &Arc<Ground>,
        threads: usize,
        furnish: impl FnOnce(&mut House) + Send + 'static,
    ) -> Self {
        Self::start_with(ground, threads, quick(), furnish).await
    }

    pub async fn start_with(
        ground: &Arc<Ground>,
        threads: usize,
        timing: Timing,
        furnish: impl FnOnce(&mut House) + Send + 'static,
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let (made, making) = oneshot::channel();
        let ground = Arc::clone(ground);
        runtime.spawn(async move {
            let mut house = House::beside(&ground, timing).await;
            furnish(&mut house);
            let publishing = house.start().await;
            // Whoever waited for it is there, or the test has failed by now.
            let _made = made.send((Arc::new(house), Arc::new(publishing)));
        });
        let (house, publishing) = making.await.expect("a node");
        Self { runtime: Some(runtime), house, publishing }
    }

    pub fn kill(&mut self) {
        self.runtime.take().expect("it lives").shutdown_background();
    }

    pub fn leads(&self) -> bool {
        matches!(self.publishing.leader(), Some(Leader::This { .. }))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

pub async fn until(what: &str, is_so: impl Fn() -> bool) -> Duration {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    begun.elapsed()
}

pub async fn accounts(house: &House, number: usize) -> Vec<AccountId> {
    let mut accounts = Vec::new();
    for number in 0..number {
        let class = CLASSES[number % CLASSES.len()];
        accounts.push(house.connect(&format!("{class}-{number}"), class).await);
    }
    accounts
}

/// How often each text became visible on each account.
pub fn counts(ground: &Ground) -> BTreeMap<(String, String), usize> {
    let mut counts = BTreeMap::new();
    for visible in ground.sandbox.visible() {
        *counts.entry((visible.account, visible.text)).or_insert(0) += 1;
    }
    counts
}

/// A house that pauses and resumes, and sends nothing itself.
pub async fn made(ground: &Arc<Ground>) -> House {
    let mut house = House::beside(ground, quick()).await;
    house.workers = 0;
    let name = Sealed::from_stored("s1.bmFtZQ");
    house.workspace(WorkspaceAction::Create { organization_id: OrganizationId::default(), name }).await;
    house
}
