//! The same log gives the same rows; a rebuild stands beside the live tables until it takes their place.

use std::sync::Arc;

use campanile_events::{
    db::Engine,
    post::{PostAction, When},
};
use campanile_projections::{
    page::Page,
    posts::{self, PostFilter},
    runner::{OpenError, Progress, ProjectionState, Runner, RunnerError},
};

use crate::support::{House, Raised, dump};

campanile_events::on_every_engine!(
    rows_are_the_same_in_whatever_batches_the_log_was_read,
    rows_that_come_and_go_within_a_batch_end_as_if_read_event_by_event,
    a_rebuild_gives_the_same_rows_and_leaves_the_live_ones_readable,
    a_raised_version_is_built_beside_and_survives_a_restart,
    tables_of_another_log_begin_anew,
);

async fn rows_are_the_same_in_whatever_batches_the_log_was_read(engine: Engine) {
    let house = House::new(engine).await;
    let mut town = house.town(20);
    let live = house.tables("live").await;
    let runner = house.runner(&live).await;
    for round in 0..60 {
        town.live(1 + round % 13).await;
        runner.catch_up().await.unwrap();
    }
    let at_once = house.tables("at_once").await;
    house.runner(&at_once).await.catch_up().await.unwrap();
    let rows = dump(live.as_ref()).await;
    assert_eq!(rows, dump(at_once.as_ref()).await);
    for (table, rows) in &rows {
        assert!(!rows.is_empty(), "{table}");
    }

    // Each event by a runner that remembers nothing of the one before; and by one that is made to forget it.
    let (forgetful, resting) = (house.tables("forgetful").await, house.tables("resting").await);
    let rests = house.runner(&resting).await;
    let mut town = house.town(21);
    for _ in 0..20 {
        town.live(3).await;
        house.runner(&forgetful).await.catch_up().await.unwrap();
        rests.catch_up().await.unwrap();
        rests.rest().await;
    }
    runner.catch_up().await.unwrap();
    assert_eq!(dump(live.as_ref()).await, dump(forgetful.as_ref()).await);
    assert_eq!(dump(live.as_ref()).await, dump(resting.as_ref()).await);
}

/// Targets, tags and due times that are taken away, come back and change hands in one batch, over rows that stood before.
async fn rows_that_come_and_go_within_a_batch_end_as_if_read_event_by_event(engine: Engine) {
    let house = House::new(engine).await;
    let mut town = house.town(26);
    town.live(20).await;
    let (at_once, singly) = (house.tables("at_once").await, house.tables("singly").await);
    let (together, one_by_one) = (house.runner(&at_once).await, house.runner(&singly).await);
    let mut drafts = Vec::new();
    while drafts.len() < 6 {
        drafts.push(town.draft().await.0);
    }
    together.catch_up().await.unwrap();
    one_by_one.catch_up().await.unwrap();
    let before = dump(at_once.as_ref()).await;
    for round in 0..9 {
        for id in &drafts {
            let workspace = town.posts[id].0;
            let own = town.accounts.iter().filter(|(_, (of, _, _))| *of == workspace).map(|(id, _)| *id);
            let mut all: Vec<_> = own.collect();
            assert!(all.len() > 1);
            let later = When::instant(town.now() + chrono::Duration::hours(1 + round));
            let recorded = match round {
                0 => town.edit(*id, &all[..1], &["z"]).await,
                // All of before go, others come.
                3 => town.edit(*id, &all[1..], &["a", "y"]).await,
                // The old ones come back, in another order.
                6 => {
                    all.reverse();
                    town.edit(*id, &all, &["z", "a"]).await
                }
                1 | 4 | 7 => town.post(workspace, *id, PostAction::Schedule { when: later }).await,
                2 | 5 => town.post(workspace, *id, PostAction::Unschedule).await,
                // One stays.
                _ if Some(id) == drafts.last() => continue,
                _ => town.post(workspace, *id, PostAction::Delete { if_revision: None, on_platforms: false }).await,
            };
            assert!(!recorded.is_empty(), "round {round}");
            one_by_one.catch_up().await.unwrap();
        }
    }
    assert_eq!(dump(at_once.as_ref()).await, before);
    assert_eq!(together.run_once().await.unwrap(), Progress::Moved);
    assert_eq!(together.run_once().await.unwrap(), Progress::Idle, "one batch took them all");
    let rows = dump(at_once.as_ref()).await;
    assert_ne!(rows, before);
    assert_eq!(rows, dump(singly.as_ref()).await);
}

async fn a_rebuild_gives_the_same_rows_and_leaves_the_live_ones_readable(engine: Engine) {
    let house = House::new(engine).await;
    let mut town = house.town(22);
    let db = house.tables("a").await;
    let runner = house.runner(&db).await;
    town.live(1_500).await;
    runner.catch_up().await.unwrap();
    let rows = dump(db.as_ref()).await;
    // A row that no event accounts for shows which tables are read.
    db.execute("delete from targets", vec![]).await.unwrap();
    let damaged = dump(db.as_ref()).await;

    runner.rebuild("posts").await.unwrap();
    assert_eq!(runner.run_once().await.unwrap(), Progress::Moved);
    assert_eq!(dump(db.as_ref()).await, damaged, "half-built tables are not read");
    let status = runner.status().await.unwrap();
    assert!(matches!(status[0].state, ProjectionState::Rebuilding { position } if position.0 == 1_000));
    assert_eq!(status[0].lag, 0);
    runner.catch_up().await.unwrap();
    assert_eq!(dump(db.as_ref()).await, rows);
    assert_eq!(runner.status().await.unwrap()[0].state, ProjectionState::Live);

    // Again, so that names of what was built before don't stand in the way; and events go on meanwhile.
    runner.rebuild("posts").await.unwrap();
    runner.run_once().await.unwrap();
    town.live(50).await;
    runner.catch_up().await.unwrap();
    let fresh = house.tables("fresh").await;
    house.runner(&fresh).await.catch_up().await.unwrap();
    assert_eq!(dump(db.as_ref()).await, dump(fresh.as_ref()).await);
    let unknown = runner.rebuild("nothing").await;
    assert!(matches!(unknown, Err(RunnerError::Unknown { name }) if name == "nothing"));
}

async fn a_raised_version_is_built_beside_and_survives_a_restart(engine: Engine) {
    let house = House::new(engine).await;
    let mut town = house.town(23);
    let db = house.tables("a").await;
    town.live(1_500).await;
    let first = house.runner(&db).await;
    first.catch_up().await.unwrap();
    let rows = dump(db.as_ref()).await;

    let known = campanile_projections::all()[0].version();
    let raised = || {
        let mut all = campanile_projections::all();
        all[0] = Arc::new(Raised(Arc::clone(&all[0]), known + 1));
        all
    };
    let runner = house.runner_of(&db, raised()).await;
    runner.run_once().await.unwrap();
    assert_eq!(runner.status().await.unwrap()[0].version, known, "the old tables are still read");
    let [workspace, _] = town.workspaces;
    let listed = posts::list(db.as_ref(), workspace, &PostFilter::default(), &Page::first(1_000)).await.unwrap();
    assert!(!listed.rows.is_empty());

    // A new process goes on where the build was.
    let runner = house.runner_of(&db, raised()).await;
    let status = runner.status().await.unwrap();
    assert!(matches!(status[0].state, ProjectionState::Rebuilding { position } if position.0 == 1_000));
    runner.catch_up().await.unwrap();
    assert_eq!(runner.status().await.unwrap()[0].version, known + 1);
    assert_eq!(dump(db.as_ref()).await, rows);

    // The older build gives way, running, following or starting.
    let mut stops = first.stops();
    tokio::select! {
        () = first.follow(std::future::pending()) => {}
        met = stops.wait_for(Option::is_some) => {
            assert!(matches!(&*met.unwrap(), Some(RunnerError::NewerBuildNeeded { .. })));
        }
        () = tokio::time::sleep(std::time::Duration::from_secs(10)) => panic!("who follows doesn't see it"),
    }
    town.live(1).await;
    assert!(matches!(first.run_once().await, Err(RunnerError::NewerBuildNeeded { .. })));
    let refused = Runner::open(house.journal.clone(), db, campanile_projections::all()).await.err();
    let Some(OpenError::NewerTables { found, known: own, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!((found, own), (known + 1, known));
}

async fn tables_of_another_log_begin_anew(engine: Engine) {
    let (old, new) = (House::new(engine).await, House::new(engine).await);
    old.town(24).live(300).await;
    let db = old.tables("a").await;
    old.runner(&db).await.catch_up().await.unwrap();
    new.town(25).live(40).await;
    new.runner(&db).await.catch_up().await.unwrap();
    let fresh = new.tables("fresh").await;
    new.runner(&fresh).await.catch_up().await.unwrap();
    assert_eq!(dump(db.as_ref()).await, dump(fresh.as_ref()).await);
}

#[tokio::test]
async fn a_name_that_stands_twice_stops_the_start() {
    let house = House::new(Engine::Sqlite).await;
    let mut twice = campanile_projections::all();
    let last = twice.last().expect("a read model").name();
    twice.extend(campanile_projections::all().pop());
    let refused = Runner::open(house.journal.clone(), house.tables("a").await, twice).await.err();
    assert!(matches!(refused, Some(OpenError::Duplicate { name }) if name == last), "{refused:?}");
}
