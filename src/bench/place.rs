//! Room for engines that are measured and taken away.

use std::{
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use anyhow::Context;
use campanile_events::{
    clock::SystemClock,
    db::postgres::{Limits, Settings, connect},
    random,
};
use campanile_workers::bus::nats;
use tempfile::TempDir;

use crate::configuration::{Configuration, Folder};

/// Each key seals nothing but what a measurement made up.
const MASTER_KEY_BYTES: usize = 32;
const PREFIX: &str = "campanile-bench-";

/// Rooms for engines: folders within one temporary folder and, where the configuration names them, databases and
/// streams of their own on the same servers. [`Place::remove`] takes all of it away; a place that is only dropped leaves
/// databases and streams.
#[derive(Debug)]
pub struct Place {
    given: Configuration,
    folder: TempDir,
    databases: Mutex<Vec<String>>,
    buses: Mutex<Vec<String>>,
}

impl Place {
    /// A place for engines with this configuration, in `folder` or where the system keeps what is temporary.
    ///
    /// # Errors
    /// If no folder can be made there.
    pub fn new(given: Configuration, folder: Option<&Path>) -> anyhow::Result<Self> {
        let mut made = tempfile::Builder::new();
        made.prefix(PREFIX);
        let folder = match folder {
            Some(within) => {
                std::fs::create_dir_all(within).with_context(|| within.display().to_string())?;
                made.tempdir_in(within).with_context(|| within.display().to_string())?
            }
            None => made.tempdir().context("no temporary folder")?,
        };
        Ok(Self { given, folder, databases: Mutex::default(), buses: Mutex::default() })
    }

    /// The folder that everything of it stands in, but for what is on servers.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// What stands below the engines.
    pub const fn engine(&self) -> &'static str {
        if self.given.folder.database.is_some() { "postgres" } else { "sqlite" }
    }

    /// What carries jobs where a scenario goes by the configured bus.
    pub const fn bus(&self) -> &'static str {
        if self.given.nats.is_some() { "nats" } else { "in process" }
    }

    /// The configured bus between nodes under a name of its own, which no other engine has; `None` if there is none.
    ///
    /// # Errors
    /// If it can't bear that name.
    pub(super) fn bus_of_its_own(&self) -> anyhow::Result<Option<nats::Settings>> {
        let Some(settings) = self.given.nats.clone() else { return Ok(None) };
        let name = format!("bench_{}", random::uuid_at(SystemClock::shared().now()).simple());
        // Noted first: what is made under that name is taken away, whatever comes in between.
        self.buses.lock().unwrap_or_else(PoisonError::into_inner).push(name.clone());
        Ok(Some(settings.with_name(name)?))
    }

    /// The configuration of an engine with a folder of its own, and a database of its own, both empty.
    ///
    /// # Errors
    /// If the server lets nobody make databases.
    pub(super) async fn room(&self, name: &str) -> anyhow::Result<Configuration> {
        let path = self.folder.path().join(name);
        let folder = match &self.given.folder.database {
            None => Folder::embedded(path),
            Some(settings) => {
                let database = self.create_database(settings).await?;
                Folder {
                    path,
                    master_key_file: Some(self.master_key(name)?),
                    pepper_file: None,
                    database: Some(database),
                }
            }
        };
        // Who measures by a bus between nodes asks for one of its own: jobs made up here must not meet others'.
        let mut configuration = Configuration { folder, nats: None, ..self.given.clone() };
        "127.0.0.1:0".clone_into(&mut configuration.listen);
        Ok(configuration)
    }

    /// Takes everything away.
    ///
    /// # Errors
    /// If a database or a bus's stream stays; it is named.
    pub async fn remove(self) -> anyhow::Result<()> {
        let databases = std::mem::take(&mut *self.databases.lock().unwrap_or_else(PoisonError::into_inner));
        if let Some(settings) = &self.given.folder.database {
            let client = connect(&unlimited(settings)).await?;
            for name in databases {
                let dropped = client.batch_execute(&format!("drop database if exists \"{name}\" with (force)")).await;
                dropped.with_context(|| format!("the database {name} stays"))?;
            }
        }
        if let Some(settings) = &self.given.nats {
            let names = std::mem::take(&mut *self.buses.lock().unwrap_or_else(PoisonError::into_inner));
            for name in names {
                nats::remove(settings, &name).await?;
            }
        }
        self.folder.close().context("the temporary folder stays")
    }

    async fn create_database(&self, settings: &Settings) -> anyhow::Result<Settings> {
        let name = format!("campanile_bench_{}", random::uuid_at(SystemClock::shared().now()).simple());
        let client = connect(&unlimited(settings)).await?;
        // Noted first: one that was made and not answered is taken away, too.
        self.databases.lock().unwrap_or_else(PoisonError::into_inner).push(name.clone());
        let created = client.batch_execute(&format!("create database \"{name}\"")).await;
        created.context("no database for the measuring can be made beside the named one")?;
        Ok(settings.clone().in_database(&name))
    }

    fn master_key(&self, name: &str) -> anyhow::Result<PathBuf> {
        let path = self.folder.path().join(format!("{name}.key"));
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        writeln!(file, "{}", hex::encode(random::bytes::<MASTER_KEY_BYTES>()))?;
        Ok(path)
    }
}

/// A database takes as long to make as it takes.
fn unlimited(settings: &Settings) -> Settings {
    settings.clone().named("bench").limited(Limits::NONE)
}

#[cfg(test)]
mod tests {
    use campanile_test_servers::Postgres;

    use super::*;

    #[tokio::test]
    async fn nothing_is_left_of_it() {
        let within = tempfile::tempdir().expect("a folder");
        let given = Configuration::of(Folder::embedded("unused".into()));
        let place = Place::new(given, Some(within.path())).expect("a place");
        let room = place.room("one").await.expect("a room");
        assert!(room.folder.path.starts_with(within.path()), "{:?}", room.folder);
        assert!(within.path().read_dir().expect("a folder").next().is_some());
        place.remove().await.expect("removed");
        assert!(within.path().read_dir().expect("a folder").next().is_none(), "something is left");
    }

    #[tokio::test]
    async fn a_database_is_made_beside_the_named_one_and_taken_away() {
        let server = Postgres::start();
        server.create_database("kept");
        let settings = Settings::parse(&server.url("kept")).expect("the server's address");
        let mut given = Configuration::of(Folder::embedded("unused".into()));
        given.folder.database = Some(settings.clone());
        let place = Place::new(given, None).expect("a place");
        let (one, other) = (place.room("one").await.expect("a room"), place.room("other").await.expect("a room"));
        let (one, other) = (one.folder.database.expect("its own"), other.folder.database.expect("its own"));
        assert_ne!(one.to_string(), other.to_string());
        let names = "select count(*) from pg_database where datname like 'campanile\\_bench%'";
        let client = connect(&settings).await.expect("the server");
        assert_eq!(client.query_one(names, &[]).await.expect("counted").get::<_, i64>(0), 2);
        // Whoever is still connected is sent away.
        let _open = connect(&one).await.expect("it is there");
        place.remove().await.expect("removed");
        assert_eq!(client.query_one(names, &[]).await.expect("counted").get::<_, i64>(0), 0);
    }
}
