//! Turns over many nodes: a row for each, which lapses by the database's clock. Who died in its turn holds nobody up for
//! long, and who doesn't know how its post ended leaves the row to lapse.
//!
//! Most posts have no equal, and many are written at once: their rows go in by one statement and out by another. One that
//! waits for another's is asked for by itself.

use std::{collections::HashSet, sync::Arc, time::Duration};

use campanile_events::{
    db::{Batcher, Database, DbError, Engine, Value, migrate},
    random,
};
use chrono::{DateTime, Utc};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::api::http::ApiError;

const OWNER: &str = "post_turns";
/// How long one waits for another node's turn to end. A turn lapses after 30 seconds: longer than the look for equal
/// posts, the append and the wait for the read models may take together.
const PATIENCE: Duration = Duration::from_secs(5);
const FIRST_ASKED: Duration = Duration::from_millis(5);
const LAST_ASKED: Duration = Duration::from_millis(80);

/// The table of turns.
#[derive(Debug)]
pub(super) struct Rows {
    db: Arc<dyn Database>,
    taking: Batcher<Row, Result<bool, DbError>>,
    ending: Batcher<Row, Result<(), DbError>>,
}

/// One content's row, and whose it is, or would be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Row {
    content: String,
    holder: Uuid,
}

/// The rows of one turn. Dropped without [`Held::give_back`], they lapse.
#[derive(Debug)]
pub(super) struct Held {
    table: Arc<Rows>,
    rows: Vec<Row>,
}

impl Rows {
    pub(super) async fn open(db: Arc<dyn Database>) -> Result<Arc<Self>, DbError> {
        migrate(&*db, OWNER, migrations(db.engine())).await?;
        let (taking, ending) = (batcher(), batcher());
        Ok(Arc::new(Self { db, taking, ending }))
    }

    /// Takes the rows of all these, one after the other. They come in one order, so that nobody waits in a circle.
    pub(super) async fn take(
        self: &Arc<Self>,
        contents: impl Iterator<Item = String>,
        now: DateTime<Utc>,
    ) -> Result<Held, ApiError> {
        let (holder, until) = (random::uuid_at(now), Instant::now() + PATIENCE);
        let mut held = Held { table: Arc::clone(self), rows: Vec::new() };
        for content in contents {
            let row = Row { content, holder };
            held.rows.push(row.clone());
            let taken = match self.wait(row, until).await {
                // What is left of the first one's time must do for all that follows.
                Ok(()) if Instant::now() >= until => Err(ApiError::unavailable("the database takes too long")),
                taken => taken,
            };
            if let Err(error) = taken {
                tokio::spawn(async move { held.give_back().await });
                return Err(error);
            }
        }
        Ok(held)
    }

    async fn wait(&self, row: Row, until: Instant) -> Result<(), ApiError> {
        if self.taking.ask(row.clone(), |rows| self.insert(rows)).await? {
            return Ok(());
        }
        let mut pause = FIRST_ASKED;
        while !self.try_take(&row).await? {
            if Instant::now() >= until {
                return Err(ApiError::unavailable("an equal post is being written"));
            }
            sleep(pause).await;
            pause = LAST_ASKED.min(pause * 2);
        }
        Ok(())
    }

    /// Puts those in that nobody holds, and says of each whether it is in.
    ///
    /// Nothing is locked that is there already, and what isn't goes in by its order: two such statements never wait for
    /// one another.
    async fn insert(&self, rows: Vec<Row>) -> Vec<Result<bool, DbError>> {
        let (_, lapse) = self.clock();
        let mut sorted = rows.clone();
        sorted.sort();
        let (places, values) = filled(&sorted, |content, holder| format!("(${content}, ${holder}, {lapse})"));
        let insert = format!(
            "insert into post_turns (content, holder, lapses_at) values {places} on conflict (content) do nothing"
        );
        let inserted = match self.db.execute(&insert, values).await {
            Ok(inserted) => inserted,
            Err(error) => return vec![Err(error); rows.len()],
        };
        if inserted == rows.len() as u64 {
            return vec![Ok(true); rows.len()];
        }
        match self.there(&sorted).await {
            Ok(there) => rows.iter().map(|row| Ok(there.contains(row))).collect(),
            Err(error) => vec![Err(error); rows.len()],
        }
    }

    /// Which of these are there.
    async fn there(&self, rows: &[Row]) -> Result<HashSet<Row>, DbError> {
        let (places, values) = filled(rows, |content, holder| self.pair(content, holder));
        let select = format!("select content, holder from post_turns where (content, holder) in (values {places})");
        let found = self.db.query(&select, values).await?;
        found.iter().map(|row| Ok(Row { content: row.text("content")?, holder: row.uuid("holder")? })).collect()
    }

    /// Takes one that nobody holds any more.
    async fn try_take(&self, row: &Row) -> Result<bool, DbError> {
        let (now, lapse) = self.clock();
        let take = format!(
            "insert into post_turns (content, holder, lapses_at) values ($1, $2, {lapse})
                on conflict (content) do update set holder = excluded.holder, lapses_at = excluded.lapses_at
                where post_turns.lapses_at < {now}"
        );
        Ok(self.db.execute(&take, vec![row.content.as_str().into(), row.holder.into()]).await? == 1)
    }

    /// Takes them out. Nobody waits for it to last: a row that is there again after a crash lapses.
    async fn delete(&self, rows: Vec<Row>) -> Vec<Result<(), DbError>> {
        let (places, values) = filled(&rows, |content, holder| self.pair(content, holder));
        let delete = match self.db.engine() {
            Engine::Sqlite => format!("delete from post_turns where (content, holder) in (values {places})"),
            // Each by the index: of a table that is empty again and again, the planner would rather read all. A row that
            // lapsed, and was taken over in this very moment, is the other's: the holder is looked at once more.
            Engine::Postgres => format!(
                "with lazily as materialized (select set_config('synchronous_commit', 'off', true))
                delete from post_turns using lazily where post_turns.ctid = any(array(
                    select found.ctid from (values {places}) as own (content, holder) cross join lateral (
                        select ctid from post_turns
                        where post_turns.content = own.content and post_turns.holder = own.holder limit 1
                    ) as found
                )) and post_turns.holder in ({holders})",
                holders =
                    (1..=values.len() / 2).map(|row| format!("${}::uuid", row * 2)).collect::<Vec<_>>().join(", ")
            ),
        };
        vec![self.db.execute(&delete, values).await.map(drop); rows.len()]
    }

    /// A content and a holder, of these places.
    fn pair(&self, content: usize, holder: usize) -> String {
        match self.db.engine() {
            Engine::Sqlite => format!("(${content}, ${holder})"),
            Engine::Postgres => format!("(${content}::text, ${holder}::uuid)"),
        }
    }

    /// What the time is, and when a turn that begins now lapses.
    fn clock(&self) -> (&'static str, &'static str) {
        match self.db.engine() {
            Engine::Sqlite => {
                ("strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')", "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '+30 seconds')")
            }
            Engine::Postgres => ("clock_timestamp()", "clock_timestamp() + interval '30 seconds'"),
        }
    }
}

impl Held {
    /// Lets others have them.
    pub(super) async fn give_back(&self) {
        let deleted = self.rows.iter().map(|row| self.table.ending.ask(row.clone(), |rows| self.table.delete(rows)));
        for deleted in futures::future::join_all(deleted).await {
            if let Err(error) = deleted {
                tracing::warn!(%error, "a turn was not given back: it lapses");
            }
        }
    }
}

/// Nobody waits longer for others' rounds than for others' turns.
fn batcher<A: Clone>() -> Batcher<Row, Result<A, DbError>> {
    Batcher::with_patience(PATIENCE, || Err(DbError::Unavailable("it doesn't answer in time".to_owned()))).gathering()
}

/// The places and values of rows in a statement. The last row stands there again until their number is a power of two, so
/// that there are few statements to plan.
fn filled(rows: &[Row], place: impl Fn(usize, usize) -> String) -> (String, Vec<Value>) {
    let many = rows.len().next_power_of_two();
    let places = (0..many).map(|row| place(row * 2 + 1, row * 2 + 2)).collect::<Vec<_>>().join(", ");
    let all = rows.iter().chain(std::iter::repeat_n(&rows[rows.len() - 1], many - rows.len()));
    (places, all.flat_map(|row| [row.content.as_str().into(), row.holder.into()]).collect())
}

const fn migrations(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Sqlite => &[
            "create table post_turns (
                content text primary key not null, holder blob not null, lapses_at text not null
            ) strict, without rowid;
            create index post_turns_by_holder on post_turns (holder)",
            "drop index post_turns_by_holder",
        ],
        Engine::Postgres => &[
            "create table post_turns (
                content text primary key, holder uuid not null, lapses_at timestamptz not null
            );
            create index post_turns_by_holder on post_turns (holder)",
            "drop index post_turns_by_holder",
        ],
    }
}
