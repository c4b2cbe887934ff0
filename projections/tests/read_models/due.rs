//! What scheduler and sweeper ask for.

use std::collections::BTreeMap;

use campanile_events::{
    db::Engine,
    ids::{AccountId, Position, PostId},
    post::Phase,
};
use campanile_projections::due::{self, Action, DueTarget};
use chrono::Duration;

use crate::support::{House, Town};

campanile_events::on_every_engine!(
    a_row_stands_exactly_while_something_is_to_be_done,
    changes_come_in_the_logs_order_and_none_is_cut_in_two,
    who_asks_for_changes_alone_knows_every_row,
);

type Keys = BTreeMap<(PostId, AccountId), (Action, u32)>;

fn keys<'a>(rows: impl IntoIterator<Item = &'a DueTarget>) -> Keys {
    rows.into_iter().map(|row| ((row.post_id, row.account_id), (row.action, row.number))).collect()
}

/// What the aggregates wait for.
fn expected(town: &Town) -> Keys {
    let mut all = Keys::new();
    for (id, (_, post, _)) in &town.posts {
        for target in &post.targets {
            let newest = target.newest().map_or(0, |attempt| attempt.number);
            let due = match target.phase {
                _ if target.removal_at().is_some() => (Action::Remove, newest),
                Phase::Scheduled | Phase::Retrying { .. } => (Action::Send, newest + 1),
                Phase::Settling(_) => (Action::Settle, newest),
                Phase::Publishing => (Action::Watch, newest),
                _ => continue,
            };
            all.insert((*id, target.account_id), due);
        }
    }
    all
}

async fn a_row_stands_exactly_while_something_is_to_be_done(engine: Engine) {
    let house = House::new(engine).await;
    let mut town = house.town(60);
    let db = house.tables("a").await;
    let runner = house.runner(&db).await;
    let mut actions = std::collections::BTreeSet::new();
    for _ in 0..40 {
        town.live(20).await;
        runner.catch_up().await.unwrap();
        let far = town.now() + Duration::days(400);
        let due = due::overdue(db.as_ref(), far, 10_000).await.unwrap();
        assert!(due.is_sorted_by_key(|row| row.next_at));
        let first = due::oldest(db.as_ref()).await.unwrap();
        assert_eq!(first.as_ref().map(|row| row.next_at), due.first().map(|row| row.next_at));
        let watched = due::watched(db.as_ref(), 10_000).await.unwrap();
        assert!(watched.iter().all(|row| row.worker.is_some()) && due.iter().all(|row| row.worker.is_none()));
        let found = keys(due.iter().chain(&watched));
        assert_eq!(found, expected(&town));
        actions.extend(found.values().map(|(action, _)| action.as_str()));
        let now = town.now();
        let (late, ahead) = (
            due::overdue(db.as_ref(), now, 10_000).await.unwrap(),
            due::between(db.as_ref(), now, far, 10_000).await.unwrap(),
        );
        assert_eq!(late.into_iter().chain(ahead).collect::<Vec<_>>(), due);
    }
    assert_eq!(actions.len(), 4, "{actions:?}");
}

async fn changes_come_in_the_logs_order_and_none_is_cut_in_two(engine: Engine) {
    let house = House::new(engine).await;
    let mut town = house.town(61);
    let db = house.tables("a").await;
    town.live(500).await;
    house.runner(&db).await.catch_up().await.unwrap();
    let far = town.now() + Duration::days(400);
    let (mut seen, mut after) = (Vec::new(), Position(0));
    loop {
        let page = due::changed_since(db.as_ref(), after, far, 1).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.changed_at;
        seen.extend(page);
    }
    assert!(seen.is_sorted_by_key(|row| row.changed_at));
    let mut waiting = expected(&town);
    waiting.retain(|_, (action, _)| *action != Action::Watch);
    assert_eq!(keys(&seen), waiting);
    assert_eq!(seen.len(), waiting.len(), "none twice");
    assert!(seen.windows(2).any(|pair| pair[0].changed_at == pair[1].changed_at), "some come of one event");

    let latest = seen.iter().map(|row| row.next_at).max().expect("rows") - Duration::microseconds(1);
    let sooner = due::changed_since(db.as_ref(), Position(0), latest, 10_000).await.unwrap();
    assert!(!sooner.is_empty() && sooner.len() < seen.len(), "{} of {}", sooner.len(), seen.len());
    assert_eq!(keys(&sooner), keys(seen.iter().filter(|row| row.next_at <= latest)));
}

async fn who_asks_for_changes_alone_knows_every_row(engine: Engine) {
    let house = House::new(engine).await;
    let mut town = house.town(62);
    let db = house.tables("a").await;
    let runner = house.runner(&db).await;
    let (mut known, mut told) = (BTreeMap::new(), 0);
    for _ in 0..30 {
        let after = runner.position();
        town.live(12).await;
        runner.catch_up().await.unwrap();
        let far = town.now() + Duration::days(400);
        for row in due::changed_since(db.as_ref(), after, far, 10_000).await.unwrap() {
            told += 1;
            known.insert((row.post_id, row.account_id), row);
        }
        for row in due::overdue(db.as_ref(), far, 10_000).await.unwrap() {
            assert_eq!(known.get(&(row.post_id, row.account_id)), Some(&row));
        }
    }
    assert!(told > known.len(), "some changed more than once");
}
