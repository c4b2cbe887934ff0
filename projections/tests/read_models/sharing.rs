//! Several nodes over one database: none leads.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use async_trait::async_trait;
use campanile_events::{
    db::{Database, Engine},
    ids::Position,
    journal::Recorded,
};
use campanile_projections::{
    Runner,
    projection::{ApplyError, Projection, TableDefinition},
    rows::RowCache,
    runner::Progress,
};
use tokio::sync::oneshot;

use crate::support::{House, Town, Watched, dump};

const SOON: Duration = Duration::from_secs(20);

/// Counts how often each event was applied.
struct Counting(Arc<dyn Projection>, Arc<Mutex<BTreeMap<Position, usize>>>);

#[async_trait]
impl Projection for Counting {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn version(&self) -> u32 {
        self.0.version()
    }

    fn tables(&self) -> &'static [&'static TableDefinition] {
        self.0.tables()
    }

    async fn apply(&self, batch: &[&Recorded], rows: &mut RowCache<'_>) -> Result<(), ApplyError> {
        self.0.apply(batch, rows).await?;
        let mut applied = self.1.lock().unwrap();
        for event in batch {
            *applied.entry(event.position).or_default() += 1;
        }
        Ok(())
    }

    fn forget(&self) {
        self.0.forget();
    }
}

/// A node's runner in a task of its own, until it is told to stop.
struct Node {
    runner: Arc<Runner>,
    stop: oneshot::Sender<()>,
    running: tokio::task::JoinHandle<()>,
}

impl Node {
    fn start(runner: Runner) -> Self {
        let (runner, (stop, stopped)) = (Arc::new(runner), oneshot::channel::<()>());
        let own = Arc::clone(&runner);
        let running = tokio::spawn(async move { own.run(async { drop(stopped.await) }).await.unwrap() });
        Self { runner, stop, running }
    }

    async fn stop(self) {
        self.stop.send(()).unwrap();
        self.running.await.unwrap();
    }
}

async fn fresh(house: &House) -> Vec<(&'static str, Vec<Vec<campanile_events::db::Value>>)> {
    let fresh = house.tables("fresh").await;
    house.runner(&fresh).await.catch_up().await.unwrap();
    dump(fresh.as_ref()).await
}

async fn last(town: &mut Town, steps: usize) -> Position {
    town.live(steps).await.pop().unwrap().position
}

#[tokio::test]
async fn two_nodes_share_the_work_and_none_applies_an_event_twice() {
    let house = House::new(Engine::Postgres).await;
    let mut town = house.town(70);
    let applied = Arc::new(Mutex::new(BTreeMap::new()));
    let mut nodes = Vec::new();
    for _ in 0..2 {
        let mut all = campanile_projections::all();
        all[0] = Arc::new(Counting(Arc::clone(&all[0]), Arc::clone(&applied)));
        nodes.push(Node::start(house.runner_of(&house.tables("a").await, all).await));
    }
    let mut end = Position(0);
    for round in 0..40 {
        end = last(&mut town, 3 + round % 7).await;
        // A client of either node waits for its own position, whoever projects it.
        assert!(nodes[round % 2].runner.wait_for(end, SOON).await, "position {end}");
    }
    for node in nodes {
        assert!(node.runner.wait_for(end, SOON).await);
        node.stop().await;
    }
    let applied = applied.lock().unwrap().clone();
    assert_eq!(applied.len() as u64, end.0);
    assert!(applied.values().all(|times| *times == 1), "{applied:?}");
    assert_eq!(dump(house.tables("a").await.as_ref()).await, fresh(&house).await);
}

#[tokio::test]
async fn a_node_that_dies_in_mid_batch_delays_nobody() {
    let house = House::new(Engine::Postgres).await;
    let mut town = house.town(71);
    let watched = Watched::over(house.tables("a").await);
    let db: Arc<dyn Database> = watched.clone();
    let dying = Arc::new(house.runner(&db).await);
    let other = house.runner(&house.tables("a").await).await;
    let end = last(&mut town, 60).await;

    watched.commits_wait.store(true, Ordering::Release);
    let batch = tokio::spawn(async move { dying.run_once().await });
    watched.waiting.notified().await;
    assert_eq!(other.run_once().await.unwrap(), Progress::Elsewhere);
    assert_eq!(other.position(), Position(0), "nothing is announced that is not committed");
    batch.abort();
    assert!(batch.await.unwrap_err().is_cancelled());
    tokio::time::timeout(Duration::from_millis(700), other.catch_up()).await.expect("before any time limit").unwrap();
    assert_eq!(other.position(), end);
    assert_eq!(dump(house.tables("a").await.as_ref()).await, fresh(&house).await);
}

#[tokio::test]
async fn a_node_that_freezes_in_mid_batch_loses_it() {
    let house = House::new(Engine::Postgres).await;
    let mut town = house.town(72);
    let watched = Watched::over(house.tables("a").await);
    let db: Arc<dyn Database> = watched.clone();
    let freezing = Arc::new(house.runner(&db).await);
    let other = house.runner(&house.tables("a").await).await;
    let end = last(&mut town, 60).await;
    watched.commits_wait.store(true, Ordering::Release);
    let frozen = tokio::spawn({
        let freezing = Arc::clone(&freezing);
        async move { freezing.run_once().await }
    });
    watched.waiting.notified().await;
    let other = Node::start(other);
    assert!(other.runner.wait_for(end, SOON).await, "the server ends what stands still");
    watched.commits_wait.store(false, Ordering::Release);
    watched.go_on.notify_one();
    assert!(frozen.await.unwrap().is_err(), "its batch was another's in the end");
    other.stop().await;
    freezing.catch_up().await.unwrap();
    assert_eq!(freezing.position(), end);
    assert_eq!(dump(house.tables("a").await.as_ref()).await, fresh(&house).await);
}

#[tokio::test]
async fn what_another_node_projects_is_known_to_who_waits_for_it() {
    let house = House::new(Engine::Postgres).await;
    let mut town = house.town(73);
    let db = house.tables("a").await;
    // Of another process: the log doesn't tell it of what is appended here.
    let waiting = Node::start(house.runner_elsewhere(&db).await);
    let projecting = house.runner(&house.tables("a").await).await;
    let mut waited = Duration::ZERO;
    for _ in 0..5 {
        let end = last(&mut town, 5).await;
        projecting.catch_up().await.unwrap();
        let begun = std::time::Instant::now();
        assert!(waiting.runner.wait_for(end, SOON).await);
        waited += begun.elapsed();
    }
    assert!(waited < Duration::from_secs(2), "{waited:?}: who waits looks at once, not when the next poll is due");
    waiting.stop().await;
}

#[tokio::test]
async fn many_nodes_start_together() {
    let house = Arc::new(House::new(Engine::Postgres).await);
    let mut town = house.town(74);
    let end = last(&mut town, 30).await;
    let start = || {
        let house = Arc::clone(&house);
        tokio::spawn(async move {
            let runner = house.runner(&house.tables("a").await).await;
            runner.catch_up().await.unwrap();
            runner.position()
        })
    };
    for reached in futures::future::join_all((0..8).map(|_| start())).await {
        assert_eq!(reached.unwrap(), end);
    }
    assert_eq!(dump(house.tables("a").await.as_ref()).await, fresh(&house).await);
}

#[tokio::test]
async fn views_say_what_the_tables_say_and_outlive_a_rebuild() {
    let house = House::new(Engine::Postgres).await;
    let mut town = house.town(75);
    let db = house.tables("a").await;
    let runner = house.runner(&db).await;
    town.live(400).await;
    runner.catch_up().await.unwrap();
    db.execute("create role dashboard", vec![]).await.unwrap();
    for view in ["v_targets", "v_attempts", "v_lateness"] {
        db.execute(&format!("grant select on {view} to dashboard"), vec![]).await.unwrap();
    }
    let look = || async {
        let count = |sql: &'static str| {
            let db = &db;
            async move { db.query(sql, vec![]).await.unwrap()[0].number("n").unwrap() as usize }
        };
        [
            count("select count(*) as n from v_targets where last_outcome is null or attempts > 0").await,
            count("select count(*) as n from v_attempts where (seconds is null) = (outcome is null)").await,
            count("select count(*) as n from v_lateness where late_seconds >= 0").await,
        ]
    };
    let posts = || town.posts.values().map(|(_, post, _)| post);
    let targets = || posts().flat_map(|post| &post.targets);
    let expected = [
        posts().filter(|post| !post.deleted).map(|post| post.targets.len()).sum(),
        targets().map(|target| target.attempts.len()).sum(),
        targets().filter(|target| target.published_at.is_some() && target.due.is_some()).count(),
    ];
    assert!(expected.iter().all(|count| *count > 0), "{expected:?}");
    assert_eq!(look().await, expected);
    runner.rebuild("posts").await.unwrap();
    runner.catch_up().await.unwrap();
    assert_eq!(look().await, expected);
    let granted = "select has_table_privilege('dashboard', 'campanile.v_targets', 'select') as may";
    assert!(db.query(granted, vec![]).await.unwrap()[0].boolean("may").unwrap(), "who could read them still can");
    let sql = "select count(*) as n from information_schema.columns where left(table_name, 2) = 'v_'
        and column_name in ('url', 'error', 'state', 'tag_index', 'digest')";
    assert_eq!(db.query(sql, vec![]).await.unwrap()[0].number("n").unwrap(), 0, "nothing sealed");
}
