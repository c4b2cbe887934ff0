use std::sync::Arc;

use campanile_events::{
    commands::Sharing,
    db::{Database, Engine, engines::Databases},
    key::RateLimit,
};
use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

use super::*;

campanile_events::on_every_engine!(
    a_window_lets_in_what_it_says_and_tells_what_is_left,
    the_day_ends_what_the_minute_would_let_in,
    a_restart_gives_no_fresh_day,
    a_restart_gives_no_fresh_minute,
    windows_that_are_long_over_are_forgotten,
    silent_keys_give_back_and_are_forgotten,
    many_nodes_together_let_in_no_more_than_one,
    many_nodes_tell_of_no_more_than_is_left_and_of_hardly_less,
    what_an_idle_node_holds_is_there_for_others,
    a_clock_that_is_ahead_makes_no_room_in_the_minute_before,
    what_was_overtaken_by_a_new_window_is_told_of_that_one,
);

const LIMIT: RateLimit = RateLimit { per_minute: 5, per_day: 12 };

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

fn key() -> Uuid {
    Uuid::from_u128(1)
}

async fn shared(db: &Arc<dyn Database>) -> RateLimits {
    RateLimits::open_as(Arc::clone(db), Sharing::Shared, Windows::default()).await.expect("open")
}

/// How many of `tries` requests are let in.
async fn admitted(limits: &RateLimits, limit: RateLimit, now: DateTime<Utc>, tries: usize) -> usize {
    let mut admitted = 0;
    for _ in 0..tries {
        let counted = limits.count(key(), limit, now).await.expect("counted");
        admitted += usize::from(counted.refused_by.is_none());
    }
    admitted
}

async fn a_window_lets_in_what_it_says_and_tells_what_is_left(engine: Engine) {
    let databases = Databases::of(engine);
    let limits = RateLimits::open(databases.open("a").await).await.expect("open");
    let now = at("2026-12-01T23:58:30Z");
    for left in [4, 3, 2, 1, 0] {
        let counted = limits.count(key(), LIMIT, now).await.expect("counted");
        assert_eq!((counted.minute.requests, counted.refused_by), (left, None));
        assert_eq!((counted.minute.until, counted.day.until), (at("2026-12-01T23:59:00Z"), at("2026-12-02T00:00:00Z")));
    }
    let refused = limits.count(key(), LIMIT, now).await.expect("counted");
    assert_eq!((refused.refused_by, refused.retry_at()), (Some(Window::Minute), Some(at("2026-12-01T23:59:00Z"))));
    assert_eq!((refused.minute.requests, refused.day.requests), (0, 7), "a refused request costs nothing");
    let other = limits.count(Uuid::from_u128(2), LIMIT, now).await.expect("counted");
    assert_eq!(other.refused_by, None, "another key has its own");

    let next = at("2026-12-01T23:59:00Z");
    assert_eq!(admitted(&limits, LIMIT, next, 9).await, 5);
    let last = next + Duration::seconds(59);
    let counted = limits.count(key(), LIMIT, last).await.expect("counted");
    assert_eq!((counted.refused_by, counted.day.requests), (Some(Window::Minute), 2));
    let tomorrow = at("2026-12-02T00:00:00Z");
    assert_eq!(admitted(&limits, LIMIT, tomorrow, 9).await, 5);
}

async fn the_day_ends_what_the_minute_would_let_in(engine: Engine) {
    let databases = Databases::of(engine);
    let limits = RateLimits::open(databases.open("a").await).await.expect("open");
    let limit = RateLimit { per_minute: 100, per_day: 3 };
    let now = at("2026-12-01T12:00:00Z");
    assert_eq!(admitted(&limits, limit, now, 3).await, 3);
    let refused = limits.count(key(), limit, now).await.expect("counted");
    assert_eq!(refused.refused_by, Some(Window::Day));
    assert_eq!(refused.retry_at(), Some(at("2026-12-02T00:00:00Z")));
    assert_eq!(refused.minute.requests, 0, "never more than is left");
    let lower = RateLimit { per_minute: 100, per_day: 2 };
    assert_eq!(admitted(&limits, lower, now, 1).await, 0, "a lowered limit holds at once");
    let higher = RateLimit { per_minute: 100, per_day: 5 };
    assert_eq!(admitted(&limits, higher, now, 4).await, 2, "a raised one too");
}

async fn a_restart_gives_no_fresh_day(engine: Engine) {
    let databases = Databases::of(engine);
    let limit = RateLimit { per_minute: 10_000, per_day: 500 };
    let (db, now) = (databases.open("a").await, at("2026-12-01T12:00:00Z"));
    let first = RateLimits::open(Arc::clone(&db)).await.expect("open");
    assert_eq!(admitted(&first, limit, now, 101).await, 101);
    first.settle(now, true).await.expect("given back");
    let second = RateLimits::open(Arc::clone(&db)).await.expect("open");
    let counted = second.count(key(), limit, now).await.expect("counted");
    assert_eq!(counted.day.requests, 398, "after a stop all that was left is there");
    // Crashed: a share of 5 is gone, with the one request that was made of it.
    let third = RateLimits::open(Arc::clone(&db)).await.expect("open");
    assert_eq!(admitted(&third, limit, now, 600).await, 394);
    let tomorrow = RateLimits::open(db).await.expect("open");
    assert_eq!(admitted(&tomorrow, limit, now + Duration::days(1), 600).await, 500);
}

async fn a_restart_gives_no_fresh_minute(engine: Engine) {
    let databases = Databases::of(engine);
    let (db, now) = (databases.open("a").await, at("2026-12-01T12:00:07Z"));
    for sharing in [Sharing::Alone, Sharing::Shared] {
        let open = || async { RateLimits::open_as(Arc::clone(&db), sharing, Windows::default()).await.expect("open") };
        let (key, limit) = (
            Uuid::from_u128(if sharing == Sharing::Alone { 2 } else { 3 }),
            RateLimit { per_minute: 500, per_day: 10_000 },
        );
        let admitted = async |limits: &RateLimits, now, tries: usize| {
            let mut admitted = 0;
            for _ in 0..tries {
                admitted += usize::from(limits.count(key, limit, now).await.expect("counted").refused_by.is_none());
            }
            admitted
        };
        let stopped = open().await;
        assert_eq!(admitted(&stopped, now, 101).await, 101);
        stopped.settle(now, true).await.expect("given back");
        let crashed = open().await;
        let counted = crashed.count(key, limit, now).await.expect("counted");
        assert_eq!(counted.minute.requests, 398, "after a stop all that was left is there");
        // The one request that was made of its share of 5 is gone with the other four.
        assert_eq!(admitted(&open().await, now, 600).await, 394);
        assert_eq!(admitted(&open().await, now, 9).await, 0);
        assert_eq!(admitted(&open().await, now + Duration::minutes(1), 600).await, 500);
    }
}

async fn windows_that_are_long_over_are_forgotten(engine: Engine) {
    let databases = Databases::of(engine);
    let (db, now) = (databases.open("a").await, at("2026-12-01T12:00:00Z"));
    let limits = RateLimits::open(Arc::clone(&db)).await.expect("open");
    assert_eq!(admitted(&limits, LIMIT, now, 2).await, 2);
    let kept = async || db.query("select span from key_rate_shares", vec![]).await.expect("read").len();
    limits.forget(now + Duration::hours(36)).await.expect("forgotten");
    assert_eq!(kept().await, 2, "its day may not be over for all");
    limits.forget(now + Duration::hours(61)).await.expect("forgotten");
    assert_eq!(kept().await, 0);
}

async fn silent_keys_give_back_and_are_forgotten(engine: Engine) {
    let databases = Databases::of(engine);
    let (db, now) = (databases.open("a").await, at("2026-12-01T12:00:00Z"));
    let limit = RateLimit { per_minute: 100, per_day: 10_000 };
    let limits = RateLimits::open(Arc::clone(&db)).await.expect("open");
    assert_eq!(admitted(&limits, limit, now, 3).await, 3);
    limits.settle(now + Duration::seconds(4), false).await.expect("settled");
    let taken = || async {
        let rows = db.query("select taken from key_rate_shares order by span", vec![]).await.expect("read");
        [&rows[0], &rows[1]].map(|row| row.number("taken").expect("a number"))
    };
    assert_eq!(taken().await, [100, 3], "it may come again at once");
    limits.settle(now + Duration::seconds(5), false).await.expect("settled");
    assert_eq!(taken().await, [3, 3]);
}

async fn many_nodes_together_let_in_no_more_than_one(engine: Engine) {
    let databases = Databases::of(engine);
    let (db, now) = (databases.open("a").await, at("2026-12-01T12:00:00Z"));
    let limit = RateLimit { per_minute: 40, per_day: 1_000 };
    let mut nodes = Vec::new();
    for _ in 0..4 {
        nodes.push(Arc::new(shared(&db).await));
    }
    let all = (0..100).map(|number| {
        let node = Arc::clone(&nodes[number % 4]);
        tokio::spawn(async move { node.count(key(), limit, now).await.expect("counted") })
    });
    let counted: Vec<_> = futures::future::join_all(all).await.into_iter().map(|it| it.expect("ended")).collect();
    assert_eq!(counted.iter().filter(|it| it.refused_by.is_none()).count(), 40);
    assert!(counted.iter().all(|it| it.minute.requests < 40));
}

async fn many_nodes_tell_of_no_more_than_is_left_and_of_hardly_less(engine: Engine) {
    const PORTION: u32 = 6;
    let databases = Databases::of(engine);
    let (db, now) = (databases.open("a").await, at("2026-12-01T12:00:00Z"));
    let limit = RateLimit { per_minute: 600, per_day: 100_000 };
    let nodes = [shared(&db).await, shared(&db).await, shared(&db).await];
    let mut admitted = 0;
    // In turns, and one node for a long while, so that what the others know is old.
    let turns = (0..90).map(|number| number % 3).chain([0; 200]).chain([1, 2, 1, 2]).chain([2; 400]);
    for node in turns {
        let counted = nodes[node].count(key(), limit, now).await.expect("counted");
        let told = nodes[node].looked(key(), counted).await.minute.requests;
        if counted.refused_by.is_some() {
            assert_eq!(told, 0);
            continue;
        }
        admitted += 1;
        let left = 600 - admitted;
        assert!(counted.minute.requests <= left, "{} without a look, {left} are left", counted.minute.requests);
        assert!(told <= left && told + 3 * PORTION >= left, "{told} are told of, {left} are left");
    }
    assert!((570..=600).contains(&admitted), "{admitted}");
}

async fn what_an_idle_node_holds_is_there_for_others(engine: Engine) {
    let databases = Databases::of(engine);
    let (db, now) = (databases.open("a").await, at("2026-12-01T12:00:00Z"));
    let limit = RateLimit { per_minute: 600, per_day: 100_000 };
    let (idle, busy) = (shared(&db).await, shared(&db).await);
    assert_eq!(admitted(&idle, limit, now, 1).await, 1);
    idle.settle(now + Duration::seconds(4), false).await.expect("settled");
    let taken = async || {
        let query = "select span, taken from key_rate_shares order by span";
        let rows = db.query(query, vec![]).await.expect("read");
        [&rows[0], &rows[1]].map(|row| row.number("taken").expect("a number"))
    };
    assert_eq!(taken().await, [1_000, 6], "a hundredth of each");
    idle.settle(now + Duration::seconds(5), false).await.expect("settled");
    assert_eq!(taken().await, [1, 1]);
    assert_eq!(admitted(&busy, limit, now, 700).await, 599);
    assert_eq!(admitted(&idle, limit, now, 1).await, 0, "it forgot what it used, and the table didn't");
}

async fn a_clock_that_is_ahead_makes_no_room_in_the_minute_before(engine: Engine) {
    let databases = Databases::of(engine);
    let db = databases.open("a").await;
    let (ahead, behind) = (shared(&db).await, shared(&db).await);
    let (next, before) = (at("2026-12-01T12:01:00Z"), at("2026-12-01T12:00:59.990Z"));
    assert_eq!(admitted(&ahead, LIMIT, next, 1).await, 1);
    let counted = behind.count(key(), LIMIT, before).await.expect("counted");
    assert_eq!((counted.refused_by, counted.retry_at()), (Some(Window::Minute), Some(next)));
    assert_eq!(admitted(&behind, LIMIT, next, 9).await, 4);
}

async fn what_was_overtaken_by_a_new_window_is_told_of_that_one(engine: Engine) {
    let databases = Databases::of(engine);
    let limits = shared(&databases.open("a").await).await;
    let before = at("2026-12-01T23:59:59Z");
    let ends = (at("2026-12-02T00:01:00Z"), at("2026-12-03T00:00:00Z"));
    assert_eq!(admitted(&limits, LIMIT, before, 6).await, 5);
    assert_eq!(admitted(&limits, LIMIT, before + Duration::seconds(1), 1).await, 1);
    // Read the clock before that one did, and waited behind it.
    let late = limits.count(key(), LIMIT, before).await.expect("counted");
    assert_eq!((late.refused_by, (late.minute.until, late.day.until)), (None, ends));
    let told = limits.looked(key(), late).await;
    assert_eq!((told.minute.requests, told.minute.until), (3, ends.0));
    let left = limits.left(key(), LIMIT, before).await.expect("told");
    assert_eq!((left.minute.requests, (left.minute.until, left.day.until)), (3, ends));
}
