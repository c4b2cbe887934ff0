//! Which versions keys stand under, told beside the log, and which versions each node has: a new one is used once no node
//! lacks it.

use std::{collections::BTreeMap, sync::Arc};

use campanile_events::db::{Database, DbError, Engine, migrate};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::{PepperError, PepperFile, file::Peppers};

const OWNER: &str = "key_peppers";
/// What a pepper proves itself by; no secret reads like it.
const PROOF: &str = "campanile/key-pepper/proof";
/// A node that was not heard for longer, in seconds, is not waited for. It is heard of each five.
const SILENT: u32 = 20;

/// The tables of versions in use, and of nodes.
#[derive(Debug)]
pub(in crate::access) struct InUse {
    db: Arc<dyn Database>,
    /// This process, where there are others.
    node: Option<Uuid>,
}

/// How this process stands to the versions in use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::access) struct Found {
    /// The newest version that may be used.
    pub(in crate::access) newest: u64,
    /// The versions in use that this process lacks.
    pub(in crate::access) lacking: Vec<u64>,
    /// Those of which it has another one.
    pub(in crate::access) others: Vec<u64>,
    /// The versions that it has and can't use yet, since other nodes lack them.
    pub(in crate::access) waiting: Vec<u64>,
}

impl InUse {
    /// The tables in `db`, made if need be. `node` is this process where others share them.
    pub(in crate::access) async fn open(db: Arc<dyn Database>, node: Option<Uuid>) -> Result<Self, DbError> {
        migrate(&*db, OWNER, migrations(db.engine())).await?;
        Ok(Self { db, node })
    }

    /// Tells what this process has, takes into use what no node lacks, and says how it stands.
    pub(in crate::access) async fn settle(&self, own: &Peppers) -> Result<Found, DbError> {
        // Told first: who decides meanwhile that nobody lacks a version has seen this one, or this one sees the version.
        self.tell(own).await?;
        let mut used = self.versions().await?;
        // What is older than one in use and isn't in use itself was retired: it stays so.
        let newest = used.keys().next_back().copied();
        let news: Vec<_> = own.iter().filter(|(version, _)| Some(**version) > newest).collect();
        let mut waiting = Vec::new();
        for (version, pepper) in &news {
            if self.does_any_lack(**version).await? {
                waiting.push(**version);
                continue;
            }
            let insert = format!(
                "insert into key_peppers (version, proof, used_since) values ($1, $2, {}) on conflict (version) do nothing",
                now(self.db.engine())
            );
            self.db.execute(&insert, vec![(**version).into(), pepper.digest(PROOF).into()]).await?;
        }
        if news.len() > waiting.len() {
            used = self.versions().await?;
        }
        let mut found = Found { waiting, ..Found::default() };
        for (version, proof) in used {
            match own.get(&version) {
                None => found.lacking.push(version),
                Some(pepper) if bool::from(pepper.digest(PROOF).ct_eq(&proof)) => found.newest = version,
                Some(_) => found.others.push(version),
            }
        }
        Ok(found)
    }

    /// A version in use that isn't among these.
    pub(in crate::access) async fn lacking(&self, own: &Peppers) -> Result<Option<u64>, DbError> {
        Ok(self.versions().await?.into_keys().find(|version| !own.contains_key(version)))
    }

    /// Refuses to go on without what keys stand under.
    pub(in crate::access) async fn check(
        &self,
        own: &Peppers,
        found: &Found,
        file: &PepperFile,
    ) -> Result<(), PepperError> {
        let select = "select pepper, count(*) as keys from key_verifiers group by pepper order by pepper";
        for row in self.db.query(select, vec![]).await? {
            // Counted, since a bundle of an earlier build tells no versions.
            let (version, keys) = (row.number("pepper")?, row.number("keys")?);
            if !own.contains_key(&version) {
                return Err(PepperError::missing(version, keys, file));
            }
        }
        match (found.lacking.first(), found.others.first()) {
            (Some(version), _) => Err(PepperError::missing(*version, 0, file)),
            (None, Some(version)) => Err(PepperError::another(*version, file)),
            (None, None) => Ok(()),
        }
    }

    /// Takes a version out of use that no key stands under. Older than the newest, it stays out of use.
    pub(in crate::access) async fn end(&self, version: u64) -> Result<bool, DbError> {
        let delete = "delete from key_peppers where version = $1
            and not exists (select 1 from key_verifiers where pepper = $1)";
        Ok(self.db.execute(delete, vec![version.into()]).await? > 0)
    }

    /// Takes this process out: nobody waits for it any more.
    pub(in crate::access) async fn leave(&self) -> Result<(), DbError> {
        let Some(node) = self.node else { return Ok(()) };
        self.db.execute("delete from pepper_nodes where node_id = $1", vec![node.into()]).await.map(drop)
    }

    async fn tell(&self, own: &Peppers) -> Result<(), DbError> {
        let Some(node) = self.node else { return Ok(()) };
        let silent = match self.db.engine() {
            Engine::Sqlite => format!("strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '-{SILENT} seconds')"),
            Engine::Postgres => format!("clock_timestamp() - interval '{SILENT} seconds'"),
        };
        self.db.execute(&format!("delete from pepper_nodes where told_at < {silent}"), vec![]).await?;
        let tell = format!(
            "insert into pepper_nodes (node_id, versions, told_at) values ($1, $2, {})
            on conflict (node_id) do update set versions = excluded.versions, told_at = excluded.told_at",
            now(self.db.engine())
        );
        let versions = own.keys().map(u64::to_string).collect::<Vec<_>>().join(",");
        self.db.execute(&tell, vec![node.into(), versions.into()]).await.map(drop)
    }

    async fn does_any_lack(&self, version: u64) -> Result<bool, DbError> {
        if self.node.is_none() {
            return Ok(false);
        }
        for row in self.db.query("select versions from pepper_nodes", vec![]).await? {
            if !row.text("versions")?.split(',').any(|known| known.parse() == Ok(version)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Each version in use, with its proof.
    async fn versions(&self) -> Result<BTreeMap<u64, Vec<u8>>, DbError> {
        let rows = self.db.query("select version, proof from key_peppers", vec![]).await?;
        rows.iter().map(|row| Ok((row.number("version")?, row.bytes("proof")?))).collect()
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
        Engine::Sqlite => &["create table key_peppers (
            version integer primary key not null, proof blob not null, used_since text not null
        ) strict;
        create table pepper_nodes (
            node_id blob primary key not null, versions text not null, told_at text not null
        ) strict, without rowid"],
        Engine::Postgres => &["create table key_peppers (
            version integer primary key, proof bytea not null, used_since timestamptz not null
        );
        create table pepper_nodes (
            node_id uuid primary key, versions text not null, told_at timestamptz not null
        )"],
    }
}
