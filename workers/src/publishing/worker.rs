//! A worker: takes jobs, as many at once as it may, and says every so often that it lives.

use std::{panic::AssertUnwindSafe, pin::pin, sync::Arc, time::Duration};

use campanile_events::{
    ids::WorkerId,
    sabotage::{CrashPoint, crash_at},
};
use futures::{FutureExt, StreamExt, stream::FuturesUnordered};
use tokio::task::{JoinHandle, JoinSet};
use tracing::Instrument;

use super::{
    context::{Context, Trouble},
    publisher::Publisher,
    reach::Reach,
};
use crate::{
    bus::{Bus, Taken},
    waiting::Stop,
};

/// How many targets one worker has in hand at once.
const IN_HAND: usize = 64;
/// How many jobs it asks for at once: a bus between nodes brings as many by one request. What is asked for and not begun
/// goes back.
const ASKED: usize = 16;

/// Starts a worker. It ends once it was told to stop and what it has in hand is done.
pub(super) fn start(context: Context, bus: Arc<dyn Bus>, worker: WorkerId, reach: Reach, stop: Stop) -> JoinHandle<()> {
    tokio::spawn(async move {
        let publisher = Arc::new(Publisher { context: context.clone(), worker, stop: stop.clone() });
        let beating = tokio::spawn(beat(context.clone(), worker, stop.clone()));
        run(&publisher, &bus, reach, stop).await;
        beating.abort();
        if let Err(error) = context.heartbeats.end(worker).await {
            tracing::warn!(worker.id = %worker, %error, "the worker's row stays until its lease is over");
        }
    })
}

async fn run(publisher: &Arc<Publisher>, bus: &Arc<dyn Bus>, mut reach: Reach, mut stop: Stop) {
    let (mut in_hand, mut asked) = (JoinSet::new(), FuturesUnordered::new());
    loop {
        // Who isn't sure of the time, or doesn't reach the database, claims nothing: what was asked for goes to others.
        if publisher.context.clock.check().is_err() {
            // The clock says it in the log.
            asked.clear();
            tokio::select! {
                () = tokio::time::sleep(publisher.context.timing.retry_first) => continue,
                () = stop.wait() => break,
            }
        }
        if !reach.is_kept() {
            asked.clear();
            tokio::select! {
                () = reach.kept() => continue,
                () = stop.wait() => break,
            }
        }
        while asked.len() < ASKED && asked.len() + in_hand.len() < IN_HAND {
            let bus = Arc::clone(bus);
            asked.push(async move { bus.take().await });
        }
        let taken = tokio::select! {
            biased;
            () = stop.wait() => break,
            () = reach.lost() => continue,
            // What is done takes no memory until the next job comes.
            Some(_) = in_hand.join_next() => continue,
            Some(taken) = asked.next() => taken,
        };
        match taken {
            Ok(taken) if !reach.is_kept() => taken.later(Duration::ZERO),
            Ok(taken) => drop(in_hand.spawn(work(Arc::clone(publisher), taken, reach.clone()))),
            Err(error) => {
                tracing::warn!(%error, "no jobs from the bus");
                asked.clear();
                tokio::time::sleep(publisher.context.timing.retry_first).await;
            }
        }
    }
    drop(asked);
    while in_hand.join_next().await.is_some() {}
}

/// One job. Should it panic or come to no end, the target is looked at again, and the attempt that was left behind lapses
/// then.
async fn work(publisher: Arc<Publisher>, taken: Taken, mut reach: Reach) {
    crash_at(CrashPoint::AfterClaim);
    let job = taken.job().clone();
    let pause = publisher.context.timing.retry_first;
    let span = tracing::info_span!("publisher.publish", post.id = %job.post_id, account.id = %job.account_id);
    // Nothing is held over a panic that others could see half done.
    let mut done = pin!(AssertUnwindSafe(publisher.work(&job)).catch_unwind().instrument(span));
    let done = tokio::select! {
        done = &mut done => done,
        () = reach.lost() => {
            taken.later(Duration::ZERO);
            // What was begun comes to its end, and is refused where another has begun by then.
            let _ = done.await;
            return;
        }
    };
    crash_at(CrashPoint::BeforeAck);
    match done {
        Ok(Ok(None)) => {}
        Ok(Ok(Some(pause))) => taken.later(pause),
        // Others may have it at once.
        Ok(Err(Trouble::Stopping)) => taken.later(Duration::ZERO),
        Ok(Err(error)) if error.is_a_newer_builds() => {
            tracing::warn!(post.id = %job.post_id, account.id = %job.account_id, %error, "the job is left to a newer node");
            taken.later(Duration::ZERO);
        }
        Ok(Err(error)) => {
            tracing::warn!(post.id = %job.post_id, account.id = %job.account_id, %error, "the job is taken up again");
            taken.later(pause);
        }
        Err(_panic) => {
            // Its words went to standard error, and might hold what it worked with.
            tracing::error!(post.id = %job.post_id, account.id = %job.account_id, "a defect ended the job");
            taken.later(pause);
        }
    }
}

async fn beat(context: Context, worker: WorkerId, mut stop: Stop) {
    loop {
        if let Err(error) = context.heartbeats.beat(worker).await {
            tracing::warn!(worker.id = %worker, %error, "the worker could not say that it lives");
        }
        tokio::select! {
            () = tokio::time::sleep(context.timing.heartbeat()) => {}
            // While what is in hand is being finished, the worker still lives: its owner ends this task.
            () = stop.wait() => tokio::time::sleep(context.timing.heartbeat()).await,
        }
    }
}
