//! What every bus must do, as a suite that is run against each.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use campanile_events::ids::{AccountId, PostId, WorkspaceId};

use super::{Bus, Job};

const PATIENCE: Duration = Duration::from_secs(10);
/// Long enough for what shouldn't come to come.
const A_MOMENT: Duration = Duration::from_millis(100);

/// Runs every case against a fresh bus.
///
/// # Panics
/// If the bus doesn't do what every bus must.
pub async fn exercise<F, R>(fresh: F)
where
    F: Fn() -> R,
    R: Future<Output = Arc<dyn Bus>>,
{
    what_is_put_is_taken_once(fresh().await).await;
    a_target_waits_once(fresh().await).await;
    a_target_in_hand_comes_again_after(fresh().await).await;
    who_waits_is_woken(fresh().await).await;
    many_takers_share_many_jobs(fresh().await).await;
    what_is_put_off_comes_later(fresh().await).await;
    who_no_longer_waits_gets_nothing(fresh().await).await;
    what_was_on_its_way_to_who_gave_up_comes_to_another(fresh().await).await;
}

fn job(number: u128) -> Job {
    Job {
        workspace_id: WorkspaceId::from_uuid(uuid::Uuid::from_u128(1)),
        post_id: PostId::from_uuid(uuid::Uuid::from_u128(number)),
        account_id: AccountId::from_uuid(uuid::Uuid::from_u128(1)),
        platform: "sandbox".to_owned(),
    }
}

async fn take(bus: &Arc<dyn Bus>) -> super::Taken {
    tokio::time::timeout(PATIENCE, bus.take()).await.expect("a job in time").expect("a bus that works")
}

/// The depth may be seen a moment late.
async fn depth_becomes(bus: &Arc<dyn Bus>, depth: usize) {
    let deadline = Instant::now() + PATIENCE;
    while bus.depth() != depth {
        assert!(Instant::now() < deadline, "{} wait where {depth} should", bus.depth());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn nothing_waits(bus: &Arc<dyn Bus>) {
    depth_becomes(bus, 0).await;
    let more = tokio::time::timeout(A_MOMENT, bus.take()).await;
    assert!(more.is_err(), "{more:?} came, where nothing should");
}

async fn what_is_put_is_taken_once(bus: Arc<dyn Bus>) {
    bus.put(job(1)).await.expect("put");
    bus.put(job(2)).await.expect("put");
    let (first, second) = (take(&bus).await, take(&bus).await);
    let taken: HashSet<_> = [first.job().post_id, second.job().post_id].into();
    assert_eq!(taken.len(), 2, "each job is taken once");
    drop((first, second));
    nothing_waits(&bus).await;
}

async fn a_target_waits_once(bus: Arc<dyn Bus>) {
    bus.put(job(1)).await.expect("put");
    bus.put(job(1)).await.expect("put");
    bus.put(job(2)).await.expect("put");
    depth_becomes(&bus, 2).await;
    drop((take(&bus).await, take(&bus).await));
    nothing_waits(&bus).await;
}

async fn a_target_in_hand_comes_again_after(bus: Arc<dyn Bus>) {
    bus.put(job(1)).await.expect("put");
    let in_hand = take(&bus).await;
    bus.put(job(1)).await.expect("put");
    nothing_waits(&bus).await;
    drop(in_hand);
    let again = take(&bus).await;
    assert_eq!(again.job(), &job(1), "it comes again after");
    drop(again);
    nothing_waits(&bus).await;
}

async fn who_waits_is_woken(bus: Arc<dyn Bus>) {
    let waiting = tokio::spawn({
        let bus = Arc::clone(&bus);
        async move { take(&bus).await.job().clone() }
    });
    tokio::task::yield_now().await;
    bus.put(job(7)).await.expect("put");
    assert_eq!(waiting.await.expect("no panic"), job(7));
}

async fn many_takers_share_many_jobs(bus: Arc<dyn Bus>) {
    let takers: Vec<_> = (0..8)
        .map(|_| {
            let bus = Arc::clone(&bus);
            tokio::spawn(async move {
                let mut taken = Vec::new();
                for _ in 0..25 {
                    taken.push(take(&bus).await.job().post_id);
                }
                taken
            })
        })
        .collect();
    for number in 0..200 {
        bus.put(job(number)).await.expect("put");
    }
    let mut all = HashSet::new();
    for taker in takers {
        for post in taker.await.expect("no panic") {
            assert!(all.insert(post), "{post} was taken twice");
        }
    }
    assert_eq!(all.len(), 200);
}

async fn what_is_put_off_comes_later(bus: Arc<dyn Bus>) {
    bus.put(job(1)).await.expect("put");
    let begun = Instant::now();
    take(&bus).await.later(4 * A_MOMENT);
    bus.put(job(1)).await.expect("put");
    let again = take(&bus).await;
    assert!(begun.elapsed() >= 4 * A_MOMENT, "it came after {:?}", begun.elapsed());
    drop(again);
    nothing_waits(&bus).await;
    bus.put(job(1)).await.expect("put");
    take(&bus).await.later(Duration::ZERO);
    drop(take(&bus).await);
    nothing_waits(&bus).await;
}

async fn who_no_longer_waits_gets_nothing(bus: Arc<dyn Bus>) {
    for number in 0..20 {
        // Given up in the midst of it, at one moment or another.
        let _given_up = tokio::time::timeout(Duration::from_millis(number % 4), bus.take()).await;
        bus.put(job(u128::from(number))).await.expect("put");
    }
    // The last one is put after the last who gave up: it is there, whatever came of the others.
    while take(&bus).await.job() != &job(19) {}
}

async fn what_was_on_its_way_to_who_gave_up_comes_to_another(bus: Arc<dyn Bus>) {
    let mut waiting = Box::pin(bus.take());
    assert!(futures::poll!(&mut waiting).is_pending());
    bus.put(job(1)).await.expect("put");
    tokio::time::sleep(2 * A_MOMENT).await;
    drop(waiting);
    assert_eq!(take(&bus).await.job(), &job(1));
}
