//! What keeps a log from being served: marks beside it, which only an operator's command sets and takes away.
//!
//! A log that was put back from a backup would send again what was sent after the backup, and one that was moved away would
//! send what its successor sends. Neither can be told from the log itself, so that a plain `serve`, or a supervisor that starts
//! one, has to be stopped by something that stands there.

use std::sync::Arc;

use campanile_events::{
    db::{Database, DbError, Engine, migrate},
    ids::Epoch,
};

const OWNER: &str = "log_marks";
const PENDING: &str = "epoch_pending";
const MOVED: &str = "moved";
const RESTORED: &str = "restored";

/// The marks of one log.
#[derive(Debug, Clone)]
pub struct Marks(Arc<dyn Database>);

impl Marks {
    /// The marks in `db`, whose table is made if need be.
    pub async fn open(db: Arc<dyn Database>) -> Result<Self, DbError> {
        let table = match db.engine() {
            Engine::Sqlite => "create table log_marks (name text primary key not null, epoch integer not null) strict",
            Engine::Postgres => "create table log_marks (name text primary key, epoch bigint not null)",
        };
        migrate(&*db, OWNER, &[table]).await?;
        Ok(Self(db))
    }

    /// A new epoch has to follow this one before the log is served.
    pub async fn epoch_pends(&self, after: Epoch) -> Result<(), DbError> {
        self.set(PENDING, after).await
    }

    /// Whether a log of this epoch waits for the next one. Once that has begun, the mark says nothing any more.
    pub async fn is_epoch_pending(&self, epoch: Epoch) -> Result<bool, DbError> {
        Ok(self.get(PENDING).await?.is_some_and(|after| after >= epoch))
    }

    /// The log of this epoch was seen to be an older copy of itself: its next one begins before it is served, by itself.
    pub async fn was_restored(&self, epoch: Epoch) -> Result<(), DbError> {
        self.set(RESTORED, epoch).await
    }

    /// Whether a log of this epoch was seen to be an older copy. Once the next one has begun, the mark says nothing any more.
    pub async fn is_restored(&self, epoch: Epoch) -> Result<bool, DbError> {
        Ok(self.get(RESTORED).await?.is_some_and(|seen| seen >= epoch))
    }

    /// The log of this epoch was exported for a move: a successor serves it.
    pub async fn moves(&self, epoch: Epoch) -> Result<(), DbError> {
        self.set(MOVED, epoch).await
    }

    /// Whether a log of this epoch was moved away. A later epoch is another history.
    pub async fn is_moved(&self, epoch: Epoch) -> Result<bool, DbError> {
        Ok(self.get(MOVED).await?.is_some_and(|moved| moved >= epoch))
    }

    /// It was not moved after all; answers whether it had been marked as that.
    pub async fn stays(&self) -> Result<bool, DbError> {
        Ok(self.0.execute("delete from log_marks where name = $1", vec![MOVED.into()]).await? > 0)
    }

    /// Takes every mark away: another log comes in the place of the one that they were of.
    pub async fn clear(&self) -> Result<(), DbError> {
        self.0.execute("delete from log_marks", vec![]).await.map(drop)
    }

    async fn set(&self, name: &str, epoch: Epoch) -> Result<(), DbError> {
        let sql = "insert into log_marks (name, epoch) values ($1, $2)
            on conflict (name) do update set epoch = excluded.epoch";
        self.0.execute(sql, vec![name.into(), epoch.0.into()]).await.map(drop)
    }

    async fn get(&self, name: &str) -> Result<Option<Epoch>, DbError> {
        let rows = self.0.query("select epoch from log_marks where name = $1", vec![name.into()]).await?;
        rows.first().map(|row| row.number("epoch").map(Epoch)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use campanile_events::db::engines::Databases;

    use super::*;

    campanile_events::on_every_engine!(
        an_epoch_pends_until_the_next_one_has_begun,
        what_was_moved_stays_so_until_it_is_taken_back
    );

    async fn what_was_moved_stays_so_until_it_is_taken_back(engine: Engine) {
        let databases = Databases::of(engine);
        let marks = Marks::open(databases.open("a").await).await.unwrap();
        assert!(!marks.stays().await.unwrap());
        marks.moves(Epoch(1)).await.unwrap();
        assert!(marks.is_moved(Epoch(1)).await.unwrap());
        assert!(!marks.is_moved(Epoch(2)).await.unwrap(), "restored here since");
        assert!(!marks.is_epoch_pending(Epoch(1)).await.unwrap(), "each mark by itself");
        assert!(marks.stays().await.unwrap());
        assert!(!marks.is_moved(Epoch(1)).await.unwrap());
    }

    async fn an_epoch_pends_until_the_next_one_has_begun(engine: Engine) {
        let databases = Databases::of(engine);
        let marks = Marks::open(databases.open("a").await).await.unwrap();
        assert!(!marks.is_epoch_pending(Epoch(1)).await.unwrap());
        marks.epoch_pends(Epoch(1)).await.unwrap();
        assert!(marks.is_epoch_pending(Epoch(1)).await.unwrap());
        assert!(!marks.is_epoch_pending(Epoch(2)).await.unwrap(), "it has begun");
        marks.was_restored(Epoch(1)).await.unwrap();
        assert!(marks.is_restored(Epoch(1)).await.unwrap());
        assert!(!marks.is_restored(Epoch(2)).await.unwrap(), "settled");
        marks.epoch_pends(Epoch(2)).await.unwrap();
        assert!(marks.is_epoch_pending(Epoch(2)).await.unwrap(), "restored a second time");
        marks.clear().await.unwrap();
        assert!(!marks.is_epoch_pending(Epoch(2)).await.unwrap());
    }
}
