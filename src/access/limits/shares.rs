//! The table of shares: how many requests of a window were handed out, to whoever counts them.

use std::sync::Arc;

use campanile_events::db::{Database, DbError, Engine, migrate};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Window;

const OWNER: &str = "key_rate_shares";

/// The table of shares.
#[derive(Debug)]
pub(super) struct Shares(Arc<dyn Database>);

/// What was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Taken {
    /// So many now.
    pub granted: u32,
    /// So many by all together, these with them.
    pub in_all: u32,
}

/// What all together took of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct InAll {
    pub window: Window,
    /// When it began.
    pub began: DateTime<Utc>,
    /// So many.
    pub taken: u32,
}

impl Shares {
    pub(super) async fn open(db: Arc<dyn Database>) -> Result<Self, DbError> {
        migrate(&*db, OWNER, migrations(db.engine())).await?;
        Ok(Self(db))
    }

    /// Takes a share of what `limit` leaves of the window that began then: nothing if another has begun since.
    pub(super) async fn take(
        &self,
        key: Uuid,
        window: Window,
        began: DateTime<Utc>,
        limit: u32,
    ) -> Result<Taken, DbError> {
        let mut transaction = self.0.begin().await?;
        // First the row, so that who comes at the same time waits here. A window never runs back.
        let turn = "insert into key_rate_shares (key_id, span, began_at, taken) values ($1, $2, $3, 0)
            on conflict (key_id, span) do update set
                taken = case when key_rate_shares.began_at < excluded.began_at then 0 else key_rate_shares.taken end,
                began_at = case when key_rate_shares.began_at < excluded.began_at
                    then excluded.began_at else key_rate_shares.began_at end";
        let place = || vec![key.into(), window.as_str().into()];
        transaction.execute(turn, [place(), vec![began.into()]].concat()).await?;
        let select = "select taken, began_at from key_rate_shares where key_id = $1 and span = $2";
        let rows = transaction.query(select, place()).await?;
        let Some(row) = rows.first() else { return Ok(Taken { granted: 0, in_all: limit }) };
        // A clock that is a little ahead has begun the next one: what it holds of that is not this one's.
        if row.time("began_at")? != began {
            return Ok(Taken { granted: 0, in_all: limit });
        }
        let taken = u32::try_from(row.number("taken")?).unwrap_or(u32::MAX);
        let granted = share_of(limit).min(limit.saturating_sub(taken));
        let in_all = taken.saturating_add(granted);
        let write = "update key_rate_shares set taken = $3 where key_id = $1 and span = $2";
        transaction.execute(write, [place(), vec![in_all.into()]].concat()).await?;
        transaction.commit().await?;
        Ok(Taken { granted, in_all })
    }

    /// What all together took of the windows that were counted last.
    pub(super) async fn in_all(&self, key: Uuid) -> Result<Vec<InAll>, DbError> {
        let select = "select span, began_at, taken from key_rate_shares where key_id = $1";
        let rows = self.0.query(select, vec![key.into()]).await?;
        let mut all = Vec::with_capacity(rows.len());
        for row in &rows {
            let span = row.text("span")?;
            let Some(window) = Window::ALL.into_iter().find(|window| window.as_str() == span) else { continue };
            let taken = u32::try_from(row.number("taken")?).unwrap_or(u32::MAX);
            all.push(InAll { window, began: row.time("began_at")?, taken });
        }
        Ok(all)
    }

    /// Gives back what was not used, if its window is still the one that is counted.
    pub(super) async fn give_back(
        &self,
        key: Uuid,
        window: Window,
        began: DateTime<Utc>,
        unused: u32,
    ) -> Result<(), DbError> {
        let write = "update key_rate_shares set taken = taken - $4
            where key_id = $1 and span = $2 and began_at = $3 and taken >= $4";
        let values = vec![key.into(), window.as_str().into(), began.into(), unused.into()];
        self.0.execute(write, values).await.map(drop)
    }

    /// Forgets windows that began before.
    pub(super) async fn forget(&self, before: DateTime<Utc>) -> Result<(), DbError> {
        let delete = "delete from key_rate_shares where began_at < $1";
        self.0.execute(delete, vec![before.into()]).await.map(drop)
    }
}

/// How many requests are taken from the table at once: few enough that what many nodes hold, or lose, doesn't matter;
/// enough that the table is written once in a hundred requests.
fn share_of(limit: u32) -> u32 {
    (limit / 100).clamp(1, 1_000)
}

const fn migrations(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Sqlite => &["create table key_rate_shares (
            key_id blob not null, span text not null, began_at text not null, taken integer not null,
            primary key (key_id, span)
        ) strict, without rowid"],
        Engine::Postgres => &["create table key_rate_shares (
            key_id uuid not null, span text not null, began_at timestamptz not null, taken bigint not null,
            primary key (key_id, span)
        )"],
    }
}
