//! How many jobs a worker asks for, and how many it has in hand.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use campanile_events::{post::TargetStatus, timing::Timing};
use campanile_workers::{
    bus::{Bus, BusError, Health, InProcess, Job, Outcome, Taken},
    platforms::sandbox::{Fault, FaultKind},
};
use futures::future::join_all;
use tokio::sync::Notify;

use crate::{
    house::{House, Setting, quick, text},
    nodes::node::until,
};

/// A bus that counts who asks, and what is in hand.
#[derive(Debug, Default)]
struct Counting {
    below: InProcess,
    asking: Arc<Count>,
    in_hand: Arc<Count>,
    /// Somebody who asks is told that nothing can be had.
    fails: Notify,
}

#[derive(Debug, Default)]
struct Count {
    now: AtomicUsize,
    most: AtomicUsize,
}

/// One of those that are counted.
struct One(Arc<Count>);

impl One {
    fn of(count: &Arc<Count>) -> Self {
        let now = count.now.fetch_add(1, Ordering::SeqCst) + 1;
        count.most.fetch_max(now, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for One {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Count {
    fn now(&self) -> usize {
        self.now.load(Ordering::SeqCst)
    }

    fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Bus for Counting {
    async fn put(&self, job: Job) -> Result<(), BusError> {
        self.below.put(job).await
    }

    async fn take(&self) -> Result<Taken, BusError> {
        let asking = One::of(&self.asking);
        let taken = tokio::select! {
            taken = self.below.take() => taken?,
            () = self.fails.notified() => return Err(BusError("away".to_owned())),
        };
        drop(asking);
        let (job, one) = (taken.job().clone(), One::of(&self.in_hand));
        Ok(Taken::new(job, move |outcome| {
            drop(one);
            match outcome {
                Outcome::Done => drop(taken),
                Outcome::Later(pause) => taken.later(pause),
            }
        }))
    }

    fn depth(&self) -> usize {
        self.below.depth()
    }

    fn health(&self) -> Health {
        self.below.health()
    }
}

async fn house_with(bus: &Arc<Counting>, timing: Timing) -> House {
    let mut house = House::open(Setting::Embedded, timing).await;
    house.workers = 1;
    house.own_bus = Some(Arc::clone(bus) as _);
    house
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_asks_for_several_and_has_no_more_in_hand_than_it_may() {
    let bus = Arc::new(Counting::default());
    let house = house_with(&bus, quick()).await;
    let _publishing = house.start().await;
    until("a worker without work asks for sixteen", || bus.asking.now() == 16).await;

    let account = house.connect("slow", "keyed").await;
    // Each keeps its place for a while, so that all places are taken.
    house.fault(Fault::next(Some("slow"), FaultKind::AnswerLate { seconds: 0.3 }, 200));
    let due = house.clock.now() + chrono::Duration::seconds(3);
    let accounts = [account];
    let all = (0..200).map(|number| house.schedule(text(&format!("ding {number}")), &accounts, due));
    for post in join_all(all).await {
        assert_eq!(house.ended(post).await.targets[0].status(), TargetStatus::Published);
    }
    assert_eq!((bus.in_hand.most(), bus.asking.most()), (64, 16));
    until("it asks again", || bus.asking.now() == 16).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_stops_asks_for_nothing_more_while_he_finishes() {
    let bus = Arc::new(Counting::default());
    let house = house_with(&bus, Timing::default()).await;
    let publishing = Arc::new(house.start().await);
    let account = house.connect("slow", "keyed").await;
    house.fault(Fault::next(Some("slow"), FaultKind::AnswerLate { seconds: 3.0 }, 1));
    let post = house.schedule(text("ding"), &[account], house.clock.now()).await;
    until("it is sent", || !house.sandbox.journal().requests.is_empty()).await;
    let draining = tokio::spawn({
        let publishing = Arc::clone(&publishing);
        async move { publishing.drain(Duration::from_secs(60)).await }
    });
    until("nobody asks", || bus.asking.now() == 0).await;
    assert_eq!(bus.in_hand.now(), 1, "what is in hand is finished first");
    draining.await.expect("drained");
    assert_eq!(bus.in_hand.now(), 0);
    assert_eq!(house.post(post).await.targets[0].status(), TargetStatus::Published);
}

/// What was asked for would come to somebody who doesn't look.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_bus_fails_nothing_is_asked_for() {
    let bus = Arc::new(Counting::default());
    let mut timing = quick();
    timing.apply("retry_first=0.5,retry_most=1").expect("good entries");
    let house = house_with(&bus, timing).await;
    let _publishing = house.start().await;
    until("it asks", || bus.asking.now() == 16).await;
    bus.fails.notify_one();
    until("it gave up what it asked for", || bus.asking.now() == 0).await;
    until("it asks again", || bus.asking.now() == 16).await;
}
