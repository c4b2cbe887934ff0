//! Following the log: what the tables say, how often they are written, and who is woken.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use campanile_events::{
    db::{Database, Engine},
    ids::Position,
    post::{PostAction, TargetStatus},
};
use campanile_projections::{
    accounts, attempts, keys,
    page::{Page, QueryError},
    posts,
    runner::{Progress, ProjectionState},
};

use crate::support::{House, Watched, dump};

campanile_events::on_every_engine!(
    every_row_says_what_the_aggregate_says,
    nothing_crosses_workspaces,
    each_changed_row_is_written_once_a_batch,
    who_waits_is_woken_when_the_position_is_readable,
);

async fn every_row_says_what_the_aggregate_says(engine: Engine) {
    let house = House::new(engine).await;
    let mut town = house.town(1);
    let db = house.tables("a").await;
    let runner = house.runner(&db).await;
    town.live(600).await;
    runner.catch_up().await.unwrap();

    let mut statuses = BTreeSet::new();
    for (id, (workspace, post, version)) in &town.posts {
        let row = posts::get(db.as_ref(), *workspace, *id).await.unwrap().unwrap();
        assert_eq!(row.post, *post);
        let columns = "select status, revision, version, deleted from posts where post_id = $1";
        let stored = db.query(columns, vec![id.uuid().into()]).await.unwrap().remove(0);
        assert_eq!(stored.text("status").unwrap(), post.status().as_str());
        assert_eq!(stored.number("revision").unwrap(), u64::from(post.revision));
        assert_eq!(stored.number("version").unwrap(), version.0);
        assert_eq!(stored.boolean("deleted").unwrap(), post.deleted);

        let sql = "select * from targets where post_id = $1 order by ordinal";
        let targets = db.query(sql, vec![id.uuid().into()]).await.unwrap();
        assert_eq!(targets.len(), post.targets.len());
        for (row, target) in targets.iter().zip(&post.targets) {
            statuses.insert(target.status());
            assert_eq!(row.uuid("account_id").unwrap(), target.account_id.uuid());
            assert_eq!(row.text("status").unwrap(), target.status().as_str());
            assert_eq!(row.optional_time("next_at").unwrap(), target.next_at());
            assert_eq!(row.number("attempts").unwrap() as usize, target.attempts.len());
        }
        let tried = attempts::of_post(db.as_ref(), *workspace, *id).await.unwrap();
        let folded: usize = post.targets.iter().map(|target| target.attempts.len()).sum();
        assert_eq!(tried.len(), folded);
        for attempt in tried {
            let target = post.target(attempt.account_id).unwrap();
            let own = target.attempts.iter().find(|own| own.number == attempt.number).unwrap();
            assert_eq!((attempt.worker, attempt.started_at), (own.worker, own.started_at));
            assert_eq!(attempt.ended_at, own.end.as_ref().map(|end| end.at));
            assert_eq!(attempt.failure, own.end.as_ref().and_then(|end| end.failure.clone()));
            assert_eq!(attempt.steps, target.made_by(own.number).collect::<Vec<_>>());
        }
    }
    // The town is of use only while it visits the whole machine.
    assert_eq!(statuses.len(), TargetStatus::ALL.len(), "{statuses:?}");
    for (id, (workspace, account, _)) in &town.accounts {
        let row = accounts::get(db.as_ref(), *workspace, *id).await.unwrap().unwrap();
        assert_eq!(row.account, *account);
    }
    assert!(!town.keys.is_empty());
    for (id, (workspace, key, _)) in &town.keys {
        assert_eq!(keys::get(db.as_ref(), *workspace, *id).await.unwrap().unwrap().key, *key);
    }
}

async fn nothing_crosses_workspaces(engine: Engine) {
    let house = House::new(engine).await;
    let mut town = house.town(2);
    let db = house.tables("a").await;
    town.live(200).await;
    house.runner(&db).await.catch_up().await.unwrap();
    let (id, (own, _, _)) = town.posts.iter().next().unwrap();
    let [one, two] = town.workspaces;
    let other = if *own == one { two } else { one };
    assert!(posts::get(db.as_ref(), *own, *id).await.unwrap().is_some());
    assert!(posts::get(db.as_ref(), other, *id).await.unwrap().is_none());
    assert!(attempts::of_post(db.as_ref(), other, *id).await.unwrap().is_empty());
}

async fn each_changed_row_is_written_once_a_batch(engine: Engine) {
    let house = House::new(engine).await;
    let mut town = house.town(3);
    let watched = Watched::over(house.tables("a").await);
    let db: Arc<dyn Database> = watched.clone();
    let runner = house.runner(&db).await;
    town.live(900).await;
    assert_eq!(runner.run_once().await.unwrap(), Progress::Moved);
    assert_eq!(runner.run_once().await.unwrap(), Progress::Idle, "one batch took them all");
    let writes = watched.take_writes();
    let rows: usize = dump(db.as_ref()).await.iter().map(|(_, rows)| rows.len()).sum();
    assert!(writes.len() >= rows && rows > 100, "{} writes for {rows} rows", writes.len());
    for (row, times) in writes {
        assert_eq!(times, 1, "{row:?}");
    }
    // What an event doesn't concern is left alone: another target of the post, its tags.
    let (id, workspace, account_id) = loop {
        let id = town.draft().await.0;
        let (workspace, post, _) = &town.posts[&id];
        if post.targets.len() > 1 && !post.tags.is_empty() {
            break (id, *workspace, post.targets[0].account_id);
        }
    };
    runner.catch_up().await.unwrap();
    watched.take_writes();
    town.post(workspace, id, PostAction::Cancel { account_ids: vec![account_id] }).await;
    runner.catch_up().await.unwrap();
    let tables: Vec<_> = watched.take_writes().into_keys().map(|(table, _)| table).collect();
    assert_eq!(tables.iter().map(String::as_str).collect::<BTreeSet<_>>(), ["posts", "targets"].into());
    assert_eq!(tables.len(), 2);
}

async fn who_waits_is_woken_when_the_position_is_readable(engine: Engine) {
    let house = House::new(engine).await;
    let mut town = house.town(4);
    let db = house.tables("a").await;
    let runner = Arc::new(house.runner(&db).await);
    let last = town.live(50).await.pop().unwrap().position;
    assert!(!runner.wait_for(last, Duration::ZERO).await, "nothing runs yet");

    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn({
        let runner = Arc::clone(&runner);
        async move {
            let shutdown = async { drop(stopped.await) };
            runner.run(shutdown).await
        }
    });
    assert!(runner.wait_for(last, Duration::from_secs(10)).await);
    let (id, events) = town.draft().await;
    let position = events.last().unwrap().position;
    assert!(runner.wait_for(position, Duration::from_secs(10)).await);
    assert!(posts::get(db.as_ref(), town.posts[&id].0, id).await.unwrap().is_some());
    assert!(runner.position() >= position && *runner.watch().borrow() >= position);
    stop.send(()).unwrap();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn status_tells_how_far_each_is_behind() {
    let house = House::new(Engine::Sqlite).await;
    let mut town = house.town(5);
    let runner = house.runner(&house.tables("a").await).await;
    let last = town.live(30).await.pop().unwrap().position;
    for status in runner.status().await.unwrap() {
        assert_eq!((status.position, status.lag, status.state), (Position(0), last.0, ProjectionState::Live));
    }
    runner.catch_up().await.unwrap();
    let names: Vec<_> = runner.status().await.unwrap().iter().map(|it| (it.name, it.position, it.lag)).collect();
    let all = ["posts", "accounts", "keys", "workspaces", "people", "invitations"];
    assert_eq!(names, all.map(|name| (name, last, 0)));
}

#[tokio::test]
async fn a_bad_cursor_is_named() {
    let house = House::new(Engine::Sqlite).await;
    let db = house.tables("a").await;
    house.runner(&db).await;
    let [workspace, _] = house.town(6).workspaces;
    for cursor in ["", "x", "AAAA", "💥", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="] {
        let page = Page { cursor: Some(cursor.to_owned()), ..Page::first(10) };
        let refused = keys::list(db.as_ref(), workspace, &keys::KeyFilter::default(), &page).await;
        assert!(matches!(&refused, Err(QueryError::Cursor { cursor: named }) if named == cursor), "{refused:?}");
    }
}
