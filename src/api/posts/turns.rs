//! Who writes what, one after the other: equal posts take turns, in this process and over all nodes.
//!
//! A process that is alone needs no more than its own memory. Many nodes take turns by rows that lapse by the database's
//! clock: who died in its turn holds nobody up for long, and who doesn't know how its post ended leaves the row to lapse.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use campanile_events::{
    commands::Sharing,
    db::{Database, DbError, Engine, Value, migrate},
    ids::AccountId,
    random,
};
use chrono::{DateTime, Utc};
use tokio::{
    sync::{Mutex, OwnedMutexGuard},
    time::{Instant, sleep},
};
use uuid::Uuid;

use crate::api::http::ApiError;

const OWNER: &str = "post_turns";
/// Few enough to cost nothing, many enough that different posts seldom wait for each other.
const PLACES: usize = 1_024;
/// How long one waits for another node's turn to end. A turn lapses after 30 seconds: longer than the look for equal
/// posts, the append and the wait for the read models may take together.
const PATIENCE: Duration = Duration::from_secs(5);
const FIRST_ASKED: Duration = Duration::from_millis(5);
const LAST_ASKED: Duration = Duration::from_millis(80);

/// Hands out turns.
#[derive(Debug)]
pub(super) struct Turns {
    here: Vec<Arc<Mutex<()>>>,
    /// Where other nodes take theirs.
    everywhere: Option<Arc<dyn Database>>,
}

/// A turn. Dropped without [`Turn::end`], it ends at once in this process, and for other nodes when its rows lapse.
#[derive(Debug, Default)]
pub(super) struct Turn {
    _here: Vec<OwnedMutexGuard<()>>,
    everywhere: Option<Rows>,
}

#[derive(Debug)]
struct Rows {
    db: Arc<dyn Database>,
    holder: Uuid,
}

impl Turns {
    /// Turns of this process, or of all that share `db`, whose table is made if need be.
    pub(super) async fn open(db: Arc<dyn Database>, sharing: Sharing) -> Result<Self, DbError> {
        let here = (0..PLACES).map(|_| Arc::default()).collect();
        if sharing == Sharing::Alone {
            return Ok(Self { here, everywhere: None });
        }
        migrate(&*db, OWNER, migrations(db.engine())).await?;
        Ok(Self { here, everywhere: Some(db) })
    }

    /// Waits until nobody writes an equal post. Turns are taken in one order, so that nobody waits in a circle.
    pub(super) async fn take(
        &self,
        digests: &BTreeMap<AccountId, String>,
        now: DateTime<Utc>,
    ) -> Result<Turn, ApiError> {
        let places: BTreeSet<_> = digests
            .iter()
            .map(|pair| {
                let mut hasher = DefaultHasher::new();
                pair.hash(&mut hasher);
                hasher.finish() as usize % PLACES
            })
            .collect();
        let mut here = Vec::with_capacity(places.len());
        for place in places {
            here.push(Arc::clone(&self.here[place]).lock_owned().await);
        }
        let Some(db) = &self.everywhere else { return Ok(Turn { _here: here, everywhere: None }) };
        let rows = Rows { db: Arc::clone(db), holder: random::uuid_at(now) };
        let until = Instant::now() + PATIENCE;
        for (account, digest) in digests {
            if let Err(error) = rows.take(&format!("{account} {digest}"), until).await {
                rows.give_back().await;
                return Err(error);
            }
        }
        Ok(Turn { _here: here, everywhere: Some(rows) })
    }
}

impl Turn {
    /// Ends it: who comes next finds what was written, or nothing was.
    pub(super) async fn end(self) {
        if let Some(rows) = &self.everywhere {
            rows.give_back().await;
        }
    }
}

impl Rows {
    async fn take(&self, content: &str, until: Instant) -> Result<(), ApiError> {
        let mut pause = FIRST_ASKED;
        while !self.try_take(content).await? {
            if Instant::now() >= until {
                return Err(ApiError::unavailable("an equal post is being written"));
            }
            sleep(pause).await;
            pause = LAST_ASKED.min(pause * 2);
        }
        Ok(())
    }

    async fn try_take(&self, content: &str) -> Result<bool, DbError> {
        let (now, lapse) = match self.db.engine() {
            Engine::Sqlite => {
                ("strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')", "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '+30 seconds')")
            }
            Engine::Postgres => ("clock_timestamp()", "clock_timestamp() + interval '30 seconds'"),
        };
        let take = format!(
            "insert into post_turns (content, holder, lapses_at) values ($1, $2, {lapse})
                on conflict (content) do update set holder = excluded.holder, lapses_at = excluded.lapses_at
                where post_turns.lapses_at < {now}"
        );
        Ok(self.db.execute(&take, vec![content.into(), self.holder.into()]).await? == 1)
    }

    async fn give_back(&self) {
        let holder = Value::from(self.holder);
        if let Err(error) = self.db.execute("delete from post_turns where holder = $1", vec![holder]).await {
            tracing::warn!(%error, "a turn was not given back: it lapses");
        }
    }
}

const fn migrations(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Sqlite => &["create table post_turns (
            content text primary key not null, holder blob not null, lapses_at text not null
        ) strict, without rowid;
        create index post_turns_by_holder on post_turns (holder)"],
        Engine::Postgres => &["create table post_turns (
            content text primary key, holder uuid not null, lapses_at timestamptz not null
        );
        create index post_turns_by_holder on post_turns (holder)"],
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use campanile_events::{
        clock::{Clock, SystemClock},
        db::engines::Databases,
    };

    use super::*;

    campanile_events::on_every_engine!(one_writes_at_a_time, a_turn_that_was_left_lapses);

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

    async fn a_turn_that_was_left_lapses(engine: Engine) {
        let databases = Databases::of(engine);
        let db = databases.open("a").await;
        let now = SystemClock::default().now();
        let turns = Turns::open(Arc::clone(&db), Sharing::Shared).await.expect("open");
        drop(turns.take(&contents(&[1]), now).await.expect("a turn"));
        let held = Rows { db: Arc::clone(&db), holder: Uuid::from_u128(9) };
        let content = format!("{} digest", AccountId::from(Uuid::from_u128(1)));
        assert!(!held.try_take(&content).await.expect("asked"), "who left it may still be writing");
        let past = match engine {
            Engine::Sqlite => "update post_turns set lapses_at = '2020-01-01T00:00:00.000000Z'",
            Engine::Postgres => "update post_turns set lapses_at = clock_timestamp() - interval '1 second'",
        };
        db.execute(past, vec![]).await.expect("moved");
        assert!(held.try_take(&content).await.expect("asked"));
    }
}
