//! Read models: brought forward here, or followed, and told of between nodes.

use std::sync::Arc;

use campanile_events::outdated::Outdated;
use campanile_projections::{Runner, runner::RunnerError};
use campanile_workers::bus::{Moved, Wakes};
use tokio::{sync::watch, task::JoinHandle};

use super::Core;

/// Starts what keeps this process's view of the read models current, until told to stop.
pub(super) fn start(
    core: &Core,
    projects: bool,
    wakes: Option<Arc<dyn Wakes>>,
    stop: &watch::Receiver<bool>,
) -> Vec<JoinHandle<()>> {
    let runner = &core.runner;
    let mut tasks = vec![tokio::spawn(give_way(Arc::clone(runner), core.outdated.clone(), stop.clone()))];
    if let Some(wakes) = wakes {
        tasks.push(tokio::spawn(hear(Arc::clone(runner), Arc::clone(&wakes), stop.clone())));
        if projects {
            tasks.push(tokio::spawn(tell(Arc::clone(runner), wakes, stop.clone())));
        }
    }
    let (runner, stop) = (Arc::clone(runner), stop.clone());
    tasks.push(if projects { tokio::spawn(project(runner, stop)) } else { tokio::spawn(follow(runner, stop)) });
    tasks
}

async fn project(runner: Arc<Runner>, stop: watch::Receiver<bool>) {
    match runner.run(told(stop.clone())).await {
        Ok(()) => {}
        // A newer node brings them forward: what is known here of how far they are stays true.
        Err(RunnerError::NewerBuildNeeded { .. }) => runner.follow(told(stop)).await,
        Err(error) => tracing::error!(%error, "the read models stand still"),
    }
}

/// Says it of the whole process when the read models are a newer build's.
async fn give_way(runner: Arc<Runner>, outdated: Outdated, stop: watch::Receiver<bool>) {
    let mut stops = runner.stops();
    let met = async {
        let is_newer = |stopped: &Option<RunnerError>| matches!(stopped, Some(RunnerError::NewerBuildNeeded { .. }));
        match stops.wait_for(is_newer).await.map(|stopped| stopped.clone()) {
            Ok(Some(RunnerError::NewerBuildNeeded { reason })) => outdated.met(reason),
            _ => std::future::pending().await,
        }
    };
    tokio::select! {
        () = told(stop) => {}
        () = met => {}
    }
}

async fn follow(runner: Arc<Runner>, stop: watch::Receiver<bool>) {
    runner.follow(told(stop)).await;
}

/// Looks when another node says that it has brought them forward.
async fn hear(runner: Arc<Runner>, wakes: Arc<dyn Wakes>, stop: watch::Receiver<bool>) {
    let mut projected = wakes.listen(Moved::Projected);
    let heard = async {
        while projected.changed().await.is_ok() {
            if *projected.borrow_and_update() > runner.position() {
                runner.wake();
            }
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = told(stop) => {}
        () = heard => {}
    }
}

/// Says so when this node has.
async fn tell(runner: Arc<Runner>, wakes: Arc<dyn Wakes>, stop: watch::Receiver<bool>) {
    let mut moved = runner.watch();
    let said = async {
        while moved.changed().await.is_ok() {
            let position = *moved.borrow_and_update();
            wakes.tell(Moved::Projected, position);
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = told(stop) => {}
        () = said => {}
    }
}

async fn told(mut stop: watch::Receiver<bool>) {
    // A sender that is gone says the same.
    let _ = stop.wait_for(|stop| *stop).await;
}
