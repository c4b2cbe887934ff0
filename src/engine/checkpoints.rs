//! Where signed checkpoints are kept: all of them in a side table, the newest in a file for who copies it elsewhere.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use campanile_events::{
    db::{Database, DbError, Engine, migrate},
    ids::{Epoch, Position},
};
use chrono::{DateTime, Utc};

const OWNER: &str = "log_checkpoints";
const FILE: &str = "checkpoint";

/// The signed checkpoints of the log.
#[derive(Debug, Clone)]
pub struct Checkpoints {
    db: Arc<dyn Database>,
    file: PathBuf,
}

impl Checkpoints {
    /// The checkpoints in `db`, whose table is made if need be, and in `folder`.
    pub async fn open(db: Arc<dyn Database>, folder: &Path) -> Result<Self, DbError> {
        migrate(&*db, OWNER, migrations(db.engine())).await?;
        Ok(Self { db, file: folder.join(FILE) })
    }

    /// Keeps a signed note over the log's first `size` events.
    pub async fn keep(&self, epoch: Epoch, size: Position, note: &str, now: DateTime<Utc>) -> Result<(), DbError> {
        let insert = "insert into log_checkpoints (epoch, size, note, created_at) values ($1, $2, $3, $4) \
                      on conflict (epoch, size) do nothing";
        self.db.execute(insert, vec![epoch.0.into(), size.0.into(), note.into(), now.into()]).await?;
        self.write(note)
    }

    /// Keeps the newest note in the folder, too, if another node signed it.
    pub async fn copy_newest(&self) -> Result<(), DbError> {
        match self.newest().await? {
            Some(note) if std::fs::read(&self.file).ok().as_deref() != Some(note.as_bytes()) => self.write(&note),
            _ => Ok(()),
        }
    }

    /// Takes all of them away: they are of a log that never came.
    pub async fn clear(&self) -> Result<(), DbError> {
        self.db.execute("delete from log_checkpoints", vec![]).await?;
        match std::fs::remove_file(&self.file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(DbError::Unavailable(format!("the file of the checkpoint: {error}")))
            }
            _ => Ok(()),
        }
    }

    /// The note in the folder, whoever signed it.
    pub fn kept(&self) -> Option<String> {
        std::fs::read_to_string(&self.file).ok()
    }

    /// A log that was restored is noticed by a note of more events than it has: that one stays until a new epoch begins.
    fn write(&self, note: &str) -> Result<(), DbError> {
        if self.kept().is_some_and(|kept| is_of_more(&kept, note)) {
            return Ok(());
        }
        let beside = self.file.with_extension("new");
        let written = std::fs::write(&beside, note).and_then(|()| std::fs::rename(&beside, &self.file));
        written.map_err(|error| DbError::Unavailable(format!("the file of the checkpoint: {error}")))
    }

    /// The newest signed note.
    pub async fn newest(&self) -> Result<Option<String>, DbError> {
        let select = "select note from log_checkpoints order by epoch desc, size desc limit 1";
        self.db.query(select, vec![]).await?.first().map(|row| row.text("note")).transpose()
    }

    /// All signed notes, oldest first.
    pub async fn all(&self) -> Result<Vec<String>, DbError> {
        let rows = self.db.query("select note from log_checkpoints order by epoch, size", vec![]).await?;
        rows.iter().map(|row| row.text("note")).collect()
    }
}

/// Whether a note is of more events than another one of the same log and epoch, as far as their texts say.
fn is_of_more(kept: &str, new: &str) -> bool {
    let read = |note: &str| {
        let mut lines = note.lines();
        Some((lines.next()?.to_owned(), lines.next()?.parse::<u64>().ok()?))
    };
    read(kept).zip(read(new)).is_some_and(|(kept, new)| kept.0 == new.0 && kept.1 > new.1)
}

const fn migrations(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Sqlite => &["create table log_checkpoints (
            epoch integer not null, size integer not null, note text not null, created_at text not null,
            primary key (epoch, size)
        ) strict, without rowid"],
        Engine::Postgres => &["create table log_checkpoints (
            epoch bigint not null, size bigint not null, note text not null, created_at timestamptz not null,
            primary key (epoch, size)
        )"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_of_fewer_events_does_not_take_its_place_within_an_epoch() {
        for (kept, new, stays) in [
            ("campanile/a/epoch-1\n10\n", "campanile/a/epoch-1\n9\n", true),
            ("campanile/a/epoch-1\n10\n", "campanile/a/epoch-1\n10\n", false),
            ("campanile/a/epoch-1\n10\n", "campanile/a/epoch-2\n9\n", false),
            ("campanile/b/epoch-1\n10\n", "campanile/a/epoch-1\n9\n", false),
            ("nonsense", "campanile/a/epoch-1\n9\n", false),
        ] {
            assert_eq!(is_of_more(kept, new), stays, "{kept:?} {new:?}");
        }
    }
}
