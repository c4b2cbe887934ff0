//! How far each node's cache is, so that who waits for all of them needn't wait for the longest time that it may take.
//!
//! It is a short cut and nothing more: a node that is not heard of makes others wait, and one that can't write its row
//! makes no use of its cache. A dead node's row is forgotten after a while, by any node that lives.

use std::sync::Arc;

use campanile_events::{
    db::{Database, DbError, Engine, migrate},
    ids::Position,
};
use uuid::Uuid;

const OWNER: &str = "key_nodes";

/// How long a node that serves is silent at most, in seconds: it is heard of each second.
const SILENT: u32 = 10;

/// The nodes that may go by what they remember of keys.
#[derive(Debug)]
pub(super) struct Nodes {
    db: Arc<dyn Database>,
    /// This process.
    own: Uuid,
}

impl Nodes {
    /// The table in `db`, made if need be. This process isn't in it yet.
    pub(super) async fn open(db: Arc<dyn Database>, own: Uuid) -> Result<Self, DbError> {
        migrate(&*db, OWNER, migrations(db.engine())).await?;
        Ok(Self { db, own })
    }

    /// Says that this node lives, and how far its cache is. False if nobody knew of it.
    pub(super) async fn confirm(&self, applied: Position) -> Result<bool, DbError> {
        let now = now(self.db.engine());
        let update = format!("update key_nodes set applied = $2, seen_at = {now} where node_id = $1");
        Ok(self.db.execute(&update, vec![self.own.into(), applied.0.into()]).await? == 1)
    }

    /// Enters this node as one whose cache is at no position yet, and forgets those that are long silent.
    pub(super) async fn enter(&self) -> Result<(), DbError> {
        self.forget_silent().await?;
        let now = now(self.db.engine());
        let insert = format!(
            "insert into key_nodes (node_id, applied, seen_at) values ($1, 0, {now}) on conflict (node_id) do nothing"
        );
        self.db.execute(&insert, vec![self.own.into()]).await.map(drop)
    }

    /// Takes this node out: it makes no use of its cache any more.
    pub(super) async fn leave(&self) -> Result<(), DbError> {
        self.db.execute("delete from key_nodes where node_id = $1", vec![self.own.into()]).await.map(drop)
    }

    /// Whether the cache of every node is that far, this one's too.
    pub(super) async fn are_all_at(&self, position: Position) -> Result<bool, DbError> {
        let select = "select count(*) as behind from key_nodes where applied < $1";
        let rows = self.db.query(select, vec![position.0.into()]).await?;
        let behind = rows.first().map_or(Ok(0), |row| row.number("behind"))?;
        Ok(behind == 0)
    }

    /// Whether any node was heard of just now.
    pub(super) async fn does_any_live(&self) -> Result<bool, DbError> {
        let since = match self.db.engine() {
            Engine::Sqlite => format!("strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '-{SILENT} seconds')"),
            Engine::Postgres => format!("clock_timestamp() - interval '{SILENT} seconds'"),
        };
        let select = format!("select node_id from key_nodes where seen_at > {since} limit 1");
        Ok(!self.db.query(&select, vec![]).await?.is_empty())
    }

    /// Forgets nodes that were silent for far longer than one goes by its cache without being heard of.
    pub(super) async fn forget_silent(&self) -> Result<(), DbError> {
        let silent = match self.db.engine() {
            Engine::Sqlite => "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '-300 seconds')",
            Engine::Postgres => "clock_timestamp() - interval '300 seconds'",
        };
        self.db.execute(&format!("delete from key_nodes where seen_at < {silent}"), vec![]).await.map(drop)
    }
}

/// The database's own time.
const fn now(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')",
        Engine::Postgres => "clock_timestamp()",
    }
}

const fn migrations(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Sqlite => &["create table key_nodes (
            node_id blob primary key not null, applied integer not null, seen_at text not null
        ) strict, without rowid"],
        Engine::Postgres => &["create table key_nodes (
            node_id uuid primary key, applied bigint not null, seen_at timestamptz not null
        )"],
    }
}

#[cfg(test)]
mod tests {
    use campanile_events::db::engines::Databases;

    use super::*;

    campanile_events::on_every_engine!(all_are_there_when_the_last_one_is);

    async fn all_are_there_when_the_last_one_is(engine: Engine) {
        let databases = Databases::of(engine);
        let db = databases.open("a").await;
        let node = async |number| Nodes::open(Arc::clone(&db), Uuid::from_u128(number)).await.expect("open");
        let (one, other) = (node(1).await, node(2).await);
        assert!(!one.confirm(Position(9)).await.expect("written"), "nobody knows of it");
        assert!(one.are_all_at(Position(7)).await.expect("read"), "there is none");
        for node in [&one, &other] {
            node.enter().await.expect("entered");
        }
        assert!(one.confirm(Position(9)).await.expect("written"));
        assert!(!one.are_all_at(Position(7)).await.expect("read"), "the other is at no position yet");
        assert!(other.confirm(Position(6)).await.expect("written"));
        assert!(!one.are_all_at(Position(7)).await.expect("read"));
        assert!(other.confirm(Position(7)).await.expect("written"));
        assert!(one.are_all_at(Position(7)).await.expect("read"));
        assert!(!one.are_all_at(Position(8)).await.expect("read"));
        other.leave().await.expect("gone");
        assert!(one.are_all_at(Position(8)).await.expect("read"), "who has left is not waited for");

        let later = match engine {
            Engine::Sqlite => "update key_nodes set seen_at = '2020-01-01T00:00:00.000000Z'",
            Engine::Postgres => "update key_nodes set seen_at = clock_timestamp() - interval '301 seconds'",
        };
        assert!(one.does_any_live().await.expect("read"));
        other.enter().await.expect("entered");
        one.forget_silent().await.expect("done");
        assert!(one.confirm(Position(9)).await.expect("written"), "who was just heard of stays");
        db.execute(later, vec![]).await.expect("moved");
        assert!(!one.does_any_live().await.expect("read"), "they are silent");
        one.forget_silent().await.expect("done");
        assert!(!one.confirm(Position(9)).await.expect("written"), "who is silent is forgotten");
    }
}
