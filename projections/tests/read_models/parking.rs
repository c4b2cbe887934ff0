//! An event that can't be applied parks its stream, and nothing else.

use std::sync::Arc;

use campanile_events::{
    db::Engine,
    post::{PostAction, When},
};
use campanile_projections::{Runner, posts, projection::Projection};

use crate::support::{Fussy, House, dump};

campanile_events::on_every_engine!(
    its_later_events_wait_others_go_on_and_a_retry_heals,
    an_event_that_fails_once_is_applied_at_the_second_try,
    a_payload_that_does_not_read_parks_its_stream_also_where_it_first_fails_later,
    streams_whose_beginnings_are_lost_are_parked_and_no_others,
);

fn fussy() -> (Arc<Fussy>, Vec<Arc<dyn Projection>>) {
    let mut all = campanile_projections::all();
    let fussy = Fussy::over(Arc::clone(&all[0]));
    all[0] = fussy.clone();
    (fussy, all)
}

async fn parked(runner: &Runner) -> Vec<usize> {
    runner.status().await.unwrap().iter().map(|status| status.parked).collect()
}

async fn its_later_events_wait_others_go_on_and_a_retry_heals(engine: Engine) {
    let house = House::new(engine).await;
    let mut town = house.town(40);
    let db = house.tables("a").await;
    let (fussy, all) = fussy();
    let runner = house.runner_of(&db, all).await;
    town.live(100).await;
    let (id, drafted) = town.draft().await;
    let workspace = town.posts[&id].0;
    let state = town.posts[&id].1.clone();
    let when = PostAction::Schedule { when: When::instant(town.now() + chrono::Duration::hours(1)) };
    let scheduled = town.post(workspace, id, when).await;
    fussy.refuse(scheduled[0].position, 1_000);
    let (other, _) = town.draft().await;
    runner.catch_up().await.unwrap();

    assert_eq!(parked(&runner).await, [1, 0, 0, 0, 0, 0]);
    let row = posts::get(db.as_ref(), workspace, id).await.unwrap().unwrap();
    assert_eq!(row.post, state, "what came before stands");
    assert_eq!(row.recorded_at, drafted[0].recorded_at);
    assert!(posts::get(db.as_ref(), town.posts[&other].0, other).await.unwrap().is_some());

    // Later events of it wait, in later batches too.
    town.post(workspace, id, PostAction::Unschedule).await;
    let last = town.live(20).await.pop().unwrap().position;
    runner.catch_up().await.unwrap();
    assert_eq!(posts::get(db.as_ref(), workspace, id).await.unwrap().unwrap().post, state);
    assert_eq!(runner.position(), last);
    assert_eq!(runner.retry_parked().await.unwrap(), 0, "it still refuses");
    assert_eq!(parked(&runner).await, [1, 0, 0, 0, 0, 0]);

    fussy.refuse(scheduled[0].position, 0);
    assert_eq!(runner.retry_parked().await.unwrap(), 1);
    assert_eq!(parked(&runner).await, [0, 0, 0, 0, 0, 0]);
    town.live(30).await;
    runner.catch_up().await.unwrap();
    let fresh = house.tables("fresh").await;
    house.runner(&fresh).await.catch_up().await.unwrap();
    assert_eq!(dump(db.as_ref()).await, dump(fresh.as_ref()).await);
}

async fn an_event_that_fails_once_is_applied_at_the_second_try(engine: Engine) {
    let house = House::new(engine).await;
    let mut town = house.town(41);
    let db = house.tables("a").await;
    let (fussy, all) = fussy();
    let runner = house.runner_of(&db, all).await;
    let events = town.live(60).await;
    for event in events.iter().step_by(7) {
        fussy.refuse(event.position, 1);
    }
    runner.catch_up().await.unwrap();
    assert_eq!(parked(&runner).await, [0, 0, 0, 0, 0, 0]);
    let fresh = house.tables("fresh").await;
    house.runner(&fresh).await.catch_up().await.unwrap();
    assert_eq!(dump(db.as_ref()).await, dump(fresh.as_ref()).await);
}

async fn a_payload_that_does_not_read_parks_its_stream_also_where_it_first_fails_later(engine: Engine) {
    let house = House::new(engine).await;
    let mut town = house.town(42);
    let db = house.tables("a").await;
    let (fussy, all) = fussy();
    let runner = house.runner_of(&db, all).await;
    let (id, _) = town.draft().await;
    let workspace = town.posts[&id].0;
    let when = PostAction::Schedule { when: When::instant(town.now() + chrono::Duration::hours(1)) };
    let scheduled = town.post(workspace, id, when).await;
    let state = town.posts[&id].1.clone();
    let bad = town.append_raw(id, "post.deleted", 1, "[]").await;
    fussy.refuse(scheduled[0].position, 2);
    runner.catch_up().await.unwrap();
    assert_eq!(parked(&runner).await, [1, 0, 0, 0, 0, 0]);

    // The first hindrance is gone, the second stays: what lies between is applied.
    assert_eq!(runner.retry_parked().await.unwrap(), 0);
    assert_eq!(parked(&runner).await, [1, 0, 0, 0, 0, 0]);
    assert_eq!(posts::get(db.as_ref(), workspace, id).await.unwrap().unwrap().post, state);
    let waits = db.query("select position, error from parked", vec![]).await.unwrap();
    assert_eq!(waits[0].number("position").unwrap(), bad.position.0);
    assert!(waits[0].text("error").unwrap().contains("post.deleted"));
}

/// Of the many whose rows are read together: those without one are told of by their own first events.
async fn streams_whose_beginnings_are_lost_are_parked_and_no_others(engine: Engine) {
    let house = House::new(engine).await;
    let mut town = house.town(43);
    let db = house.tables("a").await;
    let mut drafts = Vec::new();
    for _ in 0..300 {
        drafts.push(town.draft().await.0);
    }
    house.runner(&db).await.catch_up().await.unwrap();
    // By ones that are the last of a set, the first of the next, and far from both.
    let lost = [drafts[3], drafts[249], drafts[250], drafts[299]];
    for id in lost {
        db.execute("delete from posts where post_id = $1", vec![id.uuid().into()]).await.unwrap();
    }
    let mut expected = Vec::new();
    for round in 0..2 {
        for id in &drafts {
            let action = match round {
                0 => PostAction::Schedule { when: When::instant(town.now() + chrono::Duration::hours(1)) },
                _ => PostAction::Unschedule,
            };
            let recorded = town.post(town.posts[id].0, *id, action).await;
            if round == 0 && lost.contains(id) {
                expected.push(recorded[0].position.0);
            }
        }
    }
    // One that remembers nothing.
    let runner = house.runner(&db).await;
    runner.catch_up().await.unwrap();
    assert_eq!(parked(&runner).await, [4, 0, 0, 0, 0, 0]);
    let waits = db.query("select position, error from parked order by position", vec![]).await.unwrap();
    assert_eq!(waits.iter().map(|row| row.number("position").unwrap()).collect::<Vec<_>>(), expected);
    assert!(waits.iter().all(|row| row.text("error").unwrap().contains("beginning")));
    for id in drafts.iter().filter(|id| !lost.contains(id)) {
        let (workspace, post, _) = &town.posts[id];
        assert_eq!(posts::get(db.as_ref(), *workspace, *id).await.unwrap().unwrap().post, *post);
    }
}
