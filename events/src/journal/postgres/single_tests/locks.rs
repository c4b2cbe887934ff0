//! The lock that everybody takes, and the time after which nobody comes any more.

use std::time::Duration;

use campanile_test_servers::Postgres;
use chrono::TimeDelta;

use super::given::{alone, positions};
use crate::{
    db::postgres::{Limits, connect},
    journal::given::append,
};

const LOCK: &str = "begin; select pg_advisory_xact_lock(hashtext('campanile.journal_head'))";

#[tokio::test]
async fn who_has_the_lock_is_not_waited_for_and_not_passed() {
    let server = Postgres::start();
    let (settings, mut process) = alone(&server, "log").await;
    let holder = connect(&settings.clone().limited(Limits::NONE)).await.unwrap();
    holder.batch_execute(LOCK).await.unwrap();
    process.is_refused(vec![append(3, "{}", 1)]).await;
    assert_eq!(positions(&settings).await, [1, 2]);
    holder.batch_execute("rollback").await.unwrap();
    assert_eq!(process.append(append(3, "{}", 1)).await.unwrap()[0].position.0, 3);
}

/// What a statement saw before it had to wait is not what it goes by.
#[tokio::test]
async fn a_head_that_moves_while_its_row_is_waited_for_is_seen() {
    let server = Postgres::start();
    let (settings, mut process) = alone(&server, "log").await;
    let holder = connect(&settings.clone().limited(Limits::NONE)).await.unwrap();
    let moved = "begin; update journal_head set frontier = set_byte(frontier, 12, 0)";
    holder.batch_execute(moved).await.unwrap();
    let moving = async {
        let blocked = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' \
                       and application_name = 'campanile journal'";
        let watcher = connect(&settings).await.unwrap();
        while watcher.query_one(blocked, &[]).await.unwrap().get::<_, i64>(0) == 0 {
            tokio::task::yield_now().await;
        }
        holder.batch_execute("commit").await.unwrap();
    };
    let moving = tokio::time::timeout(Duration::from_secs(60), moving);
    let (attempted, moved) = tokio::join!(process.append_batch_at_once(vec![append(3, "{}", 1)]), moving);
    moved.expect("it came to the row");
    assert!(attempted.is_none());
    assert_eq!(server.sql("log", "select count(*) from campanile.events"), "2");
}

#[tokio::test]
async fn a_time_that_has_not_come_or_is_long_gone_is_not_written() {
    let server = Postgres::start();
    let (settings, mut process) = alone(&server, "log").await;
    for seconds in [-30, 30] {
        process.read_clock(TimeDelta::seconds(seconds)).await;
        assert!(process.attempt(vec![append(3, "{}", 1)]).await.is_none());
        assert_eq!(process.known.clock.latest(), None, "it is read anew");
    }
    assert_eq!(positions(&settings).await, [1, 2]);
}

/// Else one that found its time to be right could stand still before it took the lock, and come in after somebody found
/// under the lock that the time was over.
#[tokio::test]
async fn the_time_is_looked_at_with_the_lock_in_hand() {
    let server = Postgres::start();
    let (_, mut process) = alone(&server, "log").await;
    for seconds in [-30, 30] {
        process.read_clock(TimeDelta::seconds(seconds)).await;
        process.link.say("begin").await;
        assert!(process.attempt(vec![append(3, "{}", 1)]).await.is_none());
        let locks = "select count(*) from pg_locks where locktype = 'advisory'";
        assert_eq!(server.sql("postgres", locks), "1", "{seconds}");
        process.link.say("rollback").await;
    }
}
