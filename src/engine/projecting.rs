//! Read models: brought forward here, or followed, and told of between nodes.

use std::sync::Arc;

use campanile_projections::Runner;
use campanile_workers::bus::{Moved, Wakes};
use tokio::{sync::watch, task::JoinHandle};

/// Starts what keeps this process's view of the read models current, until told to stop.
pub(super) fn start(
    runner: &Arc<Runner>,
    projects: bool,
    wakes: Option<Arc<dyn Wakes>>,
    stop: &watch::Receiver<bool>,
) -> Vec<JoinHandle<()>> {
    let mut tasks = Vec::new();
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
    if let Err(error) = runner.run(told(stop)).await {
        tracing::error!(%error, "the read models stand still");
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
