//! A commit whose answer was lost: whether it went through, did not, or still may.

use campanile_test_servers::Postgres;
use chrono::TimeDelta;
use tokio::sync::mpsc;

use super::given::{Process, alone, database_time};
use crate::{
    db::postgres::{Settings, connect},
    ids::Position,
    journal::{
        given::append,
        postgres::{appender::Shared, batch::Advanced, carrier::Carrier},
    },
};

/// A process that lost the answer to a batch, whose first event is that of stream 3.
fn carrier(settings: &Settings) -> Carrier {
    Carrier::new(settings.clone().named("doubt"), Shared::new(Position(0), None), mpsc::channel(1).1)
}

fn advanced(at: u64, until: Option<chrono::DateTime<chrono::Utc>>) -> Advanced {
    Advanced { first: (Position(at), append(3, "{}", 1).events[0].id), head: Position(at), events: 1, until }
}

#[tokio::test]
async fn what_may_still_come_is_waited_for() {
    let server = Postgres::start();
    let (settings, mut process) = alone(&server, "log").await;
    let clock = connect(&settings).await.unwrap();
    // It ends when the event is there, or not at all.
    let until = Some(database_time(&clock).await + TimeDelta::days(1));
    let mut carrier = carrier(&settings);
    let asking = tokio::spawn(async move { carrier.look_up(&advanced(3, until), "lost").await });
    // It has looked when nothing was there, and goes on.
    let looked = "select count(*) from pg_stat_activity where application_name = 'campanile journal' and \
                  query = 'rollback' and state = 'idle'";
    while clock.query_one(looked, &[]).await.unwrap().get::<_, i64>(0) == 0 {
        assert!(!asking.is_finished(), "it answers before the time is over");
    }
    process.append(append(3, "{}", 1)).await.unwrap();
    assert!(asking.await.unwrap().unwrap());
}

#[tokio::test]
async fn what_can_come_no_more_is_not_there() {
    let server = Postgres::start();
    let (settings, mut process) = alone(&server, "log").await;
    let now = database_time(&connect(&settings).await.unwrap()).await;
    for until in [None, Some(now)] {
        assert!(!carrier(&settings).look_up(&advanced(3, until), "lost").await.unwrap());
    }
    // An event of that name stands elsewhere: the batch, which holds it twice now, was refused.
    let mut of_that_name = append(4, "{}", 1);
    of_that_name.events[0].id = append(3, "{}", 1).events[0].id;
    process.append(of_that_name).await.unwrap();
    assert!(carrier(&settings).look_up(&advanced(3, None), "lost").await.unwrap());
    assert!(!carrier(&settings).look_up(&advanced(4, None), "lost").await.unwrap());
}

/// Who stopped with the lock in hand may still be about to commit.
#[tokio::test]
async fn nothing_is_said_while_somebody_has_the_lock() {
    let server = Postgres::start();
    let (settings, _) = alone(&server, "log").await;
    let (mut holder, clock) = (Process::start(&settings).await, connect(&settings).await.unwrap());
    holder.link.say("begin; select pg_advisory_xact_lock(hashtext('campanile.journal_head'))").await;
    let now = database_time(&clock).await;
    let mut carrier = carrier(&settings);
    let asking = tokio::spawn(async move { carrier.look_up(&advanced(3, Some(now)), "lost").await });
    let waits = "select count(*) from pg_stat_activity where wait_event = 'advisory'";
    while clock.query_one(waits, &[]).await.unwrap().get::<_, i64>(0) == 0 {
        assert!(!asking.is_finished(), "it answers before it has the lock");
    }
    // The server ends the session that stopped, and with it what it held.
    assert!(!asking.await.unwrap().unwrap());
}
