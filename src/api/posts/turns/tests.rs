use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use campanile_events::{
    clock::{Clock, SystemClock},
    db::{Engine, engines::Databases},
};
use uuid::Uuid;

use super::*;

campanile_events::on_every_engine!(
    one_writes_at_a_time,
    who_waits_for_an_equal_post_holds_nobody_else_up,
    a_turn_that_was_left_lapses,
);

fn contents(accounts: &[u128]) -> BTreeMap<AccountId, String> {
    accounts.iter().map(|account| (Uuid::from_u128(*account).into(), "digest".to_owned())).collect()
}

async fn one_writes_at_a_time(engine: Engine) {
    let databases = Databases::of(engine);
    let db = databases.open("a").await;
    let mut nodes = Vec::new();
    for _ in 0..2 {
        nodes.push(Arc::new(Turns::open(Arc::clone(&db), Sharing::Shared).await.expect("open")));
    }
    let (writing, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let all = (0..24).map(|number| {
        // In a circle, and some of several accounts: whoever waits holds what others wait for.
        let contents = contents(if number % 3 == 0 { &[1, 2] } else { &[2, 1, 3] });
        let (node, writing, most) = (Arc::clone(&nodes[number % 2]), Arc::clone(&writing), Arc::clone(&most));
        tokio::spawn(async move {
            let turn = node.take(&contents, SystemClock::default().now()).await.expect("a turn");
            most.fetch_max(writing.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            writing.fetch_sub(1, Ordering::SeqCst);
            turn.end().await;
        })
    });
    for ended in futures::future::join_all(all).await {
        ended.expect("nobody waited too long");
    }
    assert_eq!(most.load(Ordering::SeqCst), 1);
    let left = db.query("select content from post_turns", vec![]).await.expect("read");
    assert!(left.is_empty(), "{left:?}");
}

async fn who_waits_for_an_equal_post_holds_nobody_else_up(engine: Engine) {
    let databases = Databases::of(engine);
    let (db, now) = (databases.open("a").await, SystemClock::default().now());
    let one = Turns::open(Arc::clone(&db), Sharing::Shared).await.expect("open");
    let other = Arc::new(Turns::open(Arc::clone(&db), Sharing::Shared).await.expect("open"));
    let first = one.take(&contents(&[7]), now).await.expect("a turn");
    // All of them are asked for at once.
    let waits = |account| {
        let other = Arc::clone(&other);
        tokio::spawn(async move { other.take(&contents(&[account]), now).await.expect("a turn").end().await })
    };
    let (equal, others) = (waits(7), (8..40).map(waits).collect::<Vec<_>>());
    for ended in futures::future::join_all(others).await {
        ended.expect("nobody waited too long");
    }
    assert!(!equal.is_finished(), "two write the same at once");
    first.end().await;
    equal.await.expect("it waited no longer than that");
    let left = db.query("select content from post_turns", vec![]).await.expect("read");
    assert!(left.is_empty(), "{left:?}");
}

async fn a_turn_that_was_left_lapses(engine: Engine) {
    let databases = Databases::of(engine);
    let db = databases.open("a").await;
    let now = SystemClock::default().now();
    let turns = Turns::open(Arc::clone(&db), Sharing::Shared).await.expect("open");
    let late = turns.take(&contents(&[1]), now).await.expect("a turn");
    let other = Turns::open(Arc::clone(&db), Sharing::Shared).await.expect("open");
    let early = tokio::time::timeout(Duration::from_millis(300), other.take(&contents(&[1]), now)).await;
    assert!(early.is_err(), "who left it may still be writing");
    let past = match engine {
        Engine::Sqlite => "update post_turns set lapses_at = '2020-01-01T00:00:00.000000Z'",
        Engine::Postgres => "update post_turns set lapses_at = clock_timestamp() - interval '1 second'",
    };
    db.execute(past, vec![]).await.expect("moved");
    let taken_over = other.take(&contents(&[1]), now).await.expect("a turn");
    late.end().await;
    let held = db.query("select content from post_turns", vec![]).await.expect("read");
    assert_eq!(held.len(), 1, "it is the other's by now");
    taken_over.end().await;
    let left = db.query("select content from post_turns", vec![]).await.expect("read");
    assert!(left.is_empty(), "{left:?}");
}
