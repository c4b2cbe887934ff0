//! Checkpoints: how far each build of each projection has come.

use campanile_events::{
    db::{Change, Database, DbError, Engine, Row, Table, Transaction, Value, Write},
    ids::{Epoch, Position},
};

use super::parked::{self, Parked};

pub(super) const MIGRATIONS: &str = "projections";

pub(super) const SQLITE: &[&str] = &["create table checkpoints (
        projection text not null, build integer not null, version integer not null, position integer not null,
        epoch integer not null, state text not null, primary key (projection, build)
    ) strict, without rowid;
    create table parked (
        projection text not null, build integer not null, stream_kind text not null, stream_id blob not null,
        position integer not null, error text not null, primary key (projection, build, stream_kind, stream_id)
    ) strict, without rowid;"];

pub(super) const POSTGRES: &[&str] = &[
    "create table checkpoints (
        projection text not null, build bigint not null, version bigint not null, position bigint not null,
        epoch bigint not null, state text not null, primary key (projection, build)
    );
    create table parked (
        projection text not null, build bigint not null, stream_kind text not null, stream_id uuid not null,
        position bigint not null, error text not null, primary key (projection, build, stream_kind, stream_id)
    );
    create table projector (is_one boolean primary key default true check (is_one));
    insert into projector default values;",
    "create table projector_heard (
        is_one boolean primary key default true check (is_one), at timestamptz not null
    );",
];

/// Which tables a build writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Those that queries read.
    Live,
    /// Those beside them.
    Beside,
}

impl Place {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Beside => "beside",
        }
    }
}

/// How far one build has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Checkpoint {
    pub(super) projection: String,
    /// Counts the builds of a projection.
    pub(super) build: u64,
    pub(super) version: u32,
    pub(super) position: Position,
    /// The log's epoch that the rows were made from.
    pub(super) epoch: Epoch,
    pub(super) place: Place,
}

const TABLE: Table =
    Table { name: "checkpoints", columns: &["projection", "build", "version", "position", "epoch", "state"], key: 2 };
const ALL: &str = "select * from checkpoints order by projection, build";

impl Checkpoint {
    pub(super) fn begin(projection: &str, build: u64, version: u32, epoch: Epoch, place: Place) -> Self {
        Self { projection: projection.to_owned(), build, version, position: Position(0), epoch, place }
    }

    /// All of them, as they are committed.
    pub(super) async fn all(db: &dyn Database) -> Result<Vec<Self>, DbError> {
        db.query(ALL, vec![]).await?.iter().map(Self::read).collect()
    }

    /// All of them, held until the transaction ends, and what is parked; none if another node holds them.
    ///
    /// One row stands for all checkpoints: of many rows with `skip locked`, two nodes would get a part each. On SQLite the
    /// transaction itself is the lock.
    pub(super) async fn lock_with_parked(
        transaction: &mut dyn Transaction,
        engine: Engine,
    ) -> Result<(Vec<Self>, Vec<Parked>), DbError> {
        let lock: &[&str] = match engine {
            Engine::Sqlite => &[],
            Engine::Postgres => &["select is_one from projector for update skip locked"],
        };
        // Each in a statement of its own: what stands in them is read once the lock is held.
        let mut answers = transaction.query_all(&[lock, &[ALL, parked::ALL]].concat()).await?.into_iter();
        if lock.iter().any(|_| answers.next().is_none_or(|held| held.is_empty())) {
            return Ok((Vec::new(), Vec::new()));
        }
        let [checkpoints, parked] = [(); 2].map(|()| answers.next().unwrap_or_default());
        let checkpoints = checkpoints.iter().map(Self::read).collect::<Result<_, _>>()?;
        Ok((checkpoints, parked.iter().map(Parked::read).collect::<Result<_, _>>()?))
    }

    /// All of them, held until the transaction ends, however long another node holds them.
    pub(super) async fn lock_waiting(transaction: &mut dyn Transaction, engine: Engine) -> Result<Vec<Self>, DbError> {
        if engine == Engine::Postgres {
            transaction.query("select is_one from projector for update", vec![]).await?;
        }
        // In a statement of its own: one that waited for the lock would read what stood before.
        transaction.query(ALL, vec![]).await?.iter().map(Self::read).collect()
    }

    pub(super) async fn store(&self, transaction: &mut dyn Transaction) -> Result<(), DbError> {
        transaction.write_all(Self::writing([self]).into_iter().collect()).await
    }

    /// What stores all of these.
    pub(super) fn writing<'a>(checkpoints: impl IntoIterator<Item = &'a Self>) -> Option<Write> {
        let rows: Vec<_> = checkpoints.into_iter().map(Self::row).collect();
        (!rows.is_empty()).then(|| Write { table: TABLE, name: TABLE.name.to_owned(), change: Change::Put(rows) })
    }

    fn row(&self) -> Vec<Value> {
        vec![
            self.projection.as_str().into(),
            self.build.into(),
            self.version.into(),
            self.position.0.into(),
            self.epoch.0.into(),
            self.place.as_str().into(),
        ]
    }

    /// Forgets the build, and what was parked for it.
    pub(super) async fn delete(&self, transaction: &mut dyn Transaction) -> Result<(), DbError> {
        for table in ["checkpoints", "parked"] {
            let sql = format!("delete from {table} where projection = $1 and build = $2");
            transaction.execute(&sql, vec![self.projection.as_str().into(), self.build.into()]).await?;
        }
        Ok(())
    }

    fn read(row: &Row) -> Result<Self, DbError> {
        let place = match row.text("state")?.as_str() {
            "live" => Place::Live,
            "beside" => Place::Beside,
            _ => return Err(DbError::Column { column: "state".to_owned(), expected: "`live` or `beside`" }),
        };
        Ok(Self {
            projection: row.text("projection")?,
            build: row.number("build")?,
            version: row.number("version")? as u32,
            position: Position(row.number("position")?),
            epoch: Epoch(row.number("epoch")?),
            place,
        })
    }
}
