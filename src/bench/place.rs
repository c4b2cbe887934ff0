//! Room for engines that are measured and taken away.

use std::{
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context, bail};
use campanile_events::{
    clock::SystemClock,
    db::{
        DbError,
        postgres::{Limits, Settings, connect},
    },
    random,
};
use campanile_workers::bus::nats;
use tempfile::TempDir;
use tokio::time::timeout;

use crate::configuration::{Configuration, Folder};

/// Each key seals nothing but what a measurement made up.
const MASTER_KEY_BYTES: usize = 32;
const PREFIX: &str = "campanile-bench-";
/// How long each server may take to be reached.
const REACHED_WITHIN: Duration = Duration::from_secs(5);
/// How often a folder is tried to be taken away, and how long is waited in between: a database's own threads may still
/// close its files.
const TRIES: u32 = 250;
const BETWEEN_TRIES: Duration = Duration::from_millis(20);

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
                let named = || format!("--data {}: no folder can be made there", within.display());
                std::fs::create_dir_all(within).and_then(|()| made.tempdir_in(within)).with_context(named)?
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

    /// How the sandbox is asked there.
    pub const fn platform(&self) -> &'static str {
        if self.given.nats.is_some() { "over HTTP" } else { "in process" }
    }

    /// The configured bus between nodes under a name of its own, which no other engine has; `None` if there is none.
    ///
    /// # Errors
    /// If none of its servers can be reached, or it can't bear that name.
    pub(super) async fn bus_of_its_own(&self) -> anyhow::Result<Option<nats::Settings>> {
        let Some(settings) = self.given.nats.clone() else { return Ok(None) };
        let name = format!("bench_{}", random::uuid_at(SystemClock::shared().now()).simple());
        // An engine would start all the same, and wait for them.
        reach(&settings, &name).await?;
        // Noted before anything is made under that name: it is taken away, whatever comes in between.
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

    /// Takes everything away: of what can't be, the rest all the same. Nothing that was measured here may run any more.
    ///
    /// # Errors
    /// If a database, a bus's stream or the folder stays; each is named.
    pub async fn remove(self) -> anyhow::Result<()> {
        let mut stays: Vec<String> = self.remove_databases().await;
        stays.extend(self.remove_streams().await);
        if let Err(error) = remove_folder(self.folder.path()).await {
            stays.push(format!("the temporary folder {} stays: {error}", self.folder.path().display()));
        }
        anyhow::ensure!(stays.is_empty(), "{}", stays.join("; "));
        Ok(())
    }

    /// Says which stay, and why.
    async fn remove_databases(&self) -> Vec<String> {
        let names = std::mem::take(&mut *self.databases.lock().unwrap_or_else(PoisonError::into_inner));
        let Some(settings) = self.given.folder.database.as_ref().filter(|_| !names.is_empty()) else {
            return Vec::new();
        };
        let client = match connect(&unlimited(settings)).await {
            Ok(client) => client,
            Err(error) => return vec![format!("the databases {} stay: {}: {error}", names.join(", "), at(settings))],
        };
        let mut stays = Vec::new();
        for name in names {
            let drop = async {
                // Whoever makes it may have been given up, and the server makes it all the same: until that is over.
                client.batch_execute(&claim(&name)).await?;
                client.batch_execute(&format!("drop database if exists \"{name}\" with (force)")).await
            };
            let dropped = drop.await.map_err(DbError::from);
            stays.extend(dropped.err().map(|error| format!("the database {name} stays: {}: {error}", at(settings))));
        }
        stays
    }

    /// Says which stay, and why.
    async fn remove_streams(&self) -> Vec<String> {
        let names = std::mem::take(&mut *self.buses.lock().unwrap_or_else(PoisonError::into_inner));
        let Some(settings) = &self.given.nats else { return Vec::new() };
        let mut stays = Vec::new();
        for name in names {
            stays.extend(nats::remove(settings, &name).await.err().map(|error| error.to_string()));
        }
        stays
    }

    async fn create_database(&self, settings: &Settings) -> anyhow::Result<Settings> {
        let name = format!("campanile_bench_{}", random::uuid_at(SystemClock::shared().now()).simple());
        let client = connect(&unlimited(settings)).await.with_context(|| at(settings))?;
        client.batch_execute(&claim(&name)).await.map_err(DbError::from).with_context(|| at(settings))?;
        // Noted first: one that was made and not answered is taken away, too.
        self.databases.lock().unwrap_or_else(PoisonError::into_inner).push(name.clone());
        let created = client.batch_execute(&format!("create database \"{name}\"")).await;
        let refused = || format!("{}: no database for the measuring can be made beside the named one", at(settings));
        created.map_err(DbError::from).with_context(refused)?;
        Ok(settings.clone().in_database(&name))
    }

    fn master_key(&self, name: &str) -> anyhow::Result<PathBuf> {
        let path = self.folder.path().join(format!("{name}.key"));
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        writeln!(file, "{}", hex::encode(random::bytes::<MASTER_KEY_BYTES>()))?;
        Ok(path)
    }
}

/// Whether an engine of this name could have its bus there.
async fn reach(settings: &nats::Settings, name: &str) -> anyhow::Result<()> {
    let servers = settings.servers();
    let within = REACHED_WITHIN * servers.split(',').count() as u32;
    match timeout(within, nats::reach(settings, name)).await {
        Ok(reached) => Ok(reached?),
        Err(_) => bail!("NATS can't be reached at {servers}: no answer within {} s", within.as_secs()),
    }
}

/// What takes a database's name for a session, until that ends. Who makes it does so before the statement leaves, and
/// the server goes on with that when nobody waits any more; so who has the name after it finds the database made, or knows
/// that it never will be.
fn claim(name: &str) -> String {
    format!("select pg_advisory_lock(hashtextextended('{name}', 0))")
}

/// Which database an error is about. Never says a password.
pub(super) fn at(settings: &Settings) -> String {
    format!("PostgreSQL at {settings}")
}

/// Takes a folder away, again and again while somebody puts something into it.
async fn remove_folder(path: &Path) -> std::io::Result<()> {
    let mut tries = 1;
    loop {
        match std::fs::remove_dir_all(path) {
            Ok(()) => return Ok(()),
            Err(_) if !path.exists() => return Ok(()),
            Err(error) if tries >= TRIES => return Err(error),
            Err(_) => {}
        }
        tries += 1;
        tokio::time::sleep(BETWEEN_TRIES).await;
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
    async fn it_is_taken_away_while_somebody_still_writes_into_it() {
        let within = tempfile::tempdir().expect("a folder");
        let place = Place::new(Configuration::of(Folder::embedded("unused".into())), Some(within.path()));
        let place = place.expect("a place");
        let file = place.path().join("checkpoint");
        std::fs::write(&file, "first").expect("written");
        // Until the folder isn't there any more.
        let writing = std::thread::spawn(move || while std::fs::write(&file, "again").is_ok() {});
        place.remove().await.expect("removed");
        writing.join().expect("it ends");
        assert!(within.path().read_dir().expect("a folder").next().is_none(), "something is left");
    }

    #[test]
    fn a_folder_that_can_not_be_had_is_named() {
        let given = Configuration::of(Folder::embedded("unused".into()));
        let error = format!("{:#}", Place::new(given, Some(Path::new("/dev/null"))).expect_err("no folder"));
        assert!(error.starts_with("--data /dev/null: "), "{error}");
    }

    /// A server, a database on it, and a place that makes others beside that one.
    fn beside_a_database() -> (Postgres, Settings, Place) {
        let server = Postgres::start();
        server.create_database("kept");
        let settings = Settings::parse(&server.url("kept")).expect("the server's address");
        let mut given = Configuration::of(Folder::embedded("unused".into()));
        given.folder.database = Some(settings.clone());
        let place = Place::new(given, None).expect("a place");
        (server, settings, place)
    }

    #[tokio::test]
    async fn a_database_is_made_beside_the_named_one_and_taken_away() {
        let (_server, settings, place) = beside_a_database();
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

    #[tokio::test]
    async fn a_database_that_nobody_waited_for_is_taken_away_once_it_is_made() {
        let (_server, settings, place) = beside_a_database();
        let (client, holder) = (connect(&settings).await, connect(&unlimited(&settings)).await);
        let (client, holder) = (client.expect("the server"), holder.expect("the server"));
        let count = async |from: &str| {
            let row = client.query_one(&format!("select count(*) from {from}"), &[]).await;
            row.expect("counted").get::<_, i64>(0)
        };
        // Whoever copies the template waits for it; whoever drops another database doesn't.
        holder.batch_execute("begin; comment on database template1 is 'held'").await.expect("held");
        let making = "pg_stat_activity where query like 'create database%'";
        let waiting = format!("{making} and wait_event_type = 'Lock'");
        let under_way = async || while count(&waiting).await == 0 {};
        tokio::select! {
            room = place.room("one") => panic!("it was made: {room:?}"),
            () = under_way() => {}
        }
        let removing = tokio::spawn(place.remove());
        while !removing.is_finished() && count("pg_locks where locktype = 'advisory' and not granted").await == 0 {}
        holder.batch_execute("rollback").await.expect("let go");
        while count(making).await > 0 {}
        removing.await.expect("it ends").expect("removed");
        assert_eq!(count("pg_database where datname like 'campanile\\_bench%'").await, 0, "it was made afterwards");
    }
}
