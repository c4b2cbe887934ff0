//! What every bus must do, as a suite that is run against each.

use std::{collections::HashSet, sync::Arc, time::Duration};

use campanile_events::ids::{AccountId, PostId, WorkspaceId};

use super::{Bus, Job};

const PATIENCE: Duration = Duration::from_secs(10);

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

async fn what_is_put_is_taken_once(bus: Arc<dyn Bus>) {
    bus.put(job(1)).await.expect("put");
    bus.put(job(2)).await.expect("put");
    let (first, second) = (take(&bus).await, take(&bus).await);
    let taken: HashSet<_> = [first.job().post_id, second.job().post_id].into();
    assert_eq!(taken.len(), 2, "each job is taken once");
    drop((first, second));
    assert_eq!(bus.depth(), 0, "what was taken and released is gone");
}

async fn a_target_waits_once(bus: Arc<dyn Bus>) {
    bus.put(job(1)).await.expect("put");
    bus.put(job(1)).await.expect("put");
    drop(take(&bus).await);
    assert_eq!(bus.depth(), 0, "a target that waits already doesn't wait twice");
}

async fn a_target_in_hand_comes_again_after(bus: Arc<dyn Bus>) {
    bus.put(job(1)).await.expect("put");
    let in_hand = take(&bus).await;
    bus.put(job(1)).await.expect("put");
    assert_eq!(bus.depth(), 0, "a target in hand is given to nobody else");
    drop(in_hand);
    assert_eq!(take(&bus).await.job(), &job(1), "it comes again after");
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
