//! Whether all nodes go by the same time constants: each tells its own beside the log, and says where another's differ.
//!
//! The constants decide together when a silent worker's targets are another's and when absence proves something; a node that has
//! others weakens that for all. It is only said, never refused: while they are changed node by node, they differ for a while.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use campanile_events::{
    clock::SharedClock,
    db::{Database, DbError, Engine, migrate},
    random,
    timing::Timing,
};
use tokio::sync::watch;
use uuid::Uuid;

/// How often it is told; not among the constants, since it must not hang on what may differ.
const PAUSE: Duration = Duration::from_secs(5);
/// A node that was not heard for longer is not counted.
const LIVES: chrono::Duration = chrono::Duration::seconds(20);

const SQLITE: &str = "create table node_timings (
    node_id blob primary key not null,
    timing text not null,
    told_at text not null
) strict, without rowid";

const POSTGRES: &str = "create table node_timings (
    node_id uuid primary key,
    timing text not null,
    told_at timestamptz not null
)";

/// The time constants of all nodes. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Timings {
    db: Arc<dyn Database>,
    clock: SharedClock,
    node: Uuid,
    own: Timing,
    differing: Arc<Mutex<Vec<String>>>,
}

impl Timings {
    /// Opens the table, and makes it if need be.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn open(db: Arc<dyn Database>, clock: SharedClock, own: Timing) -> Result<Self, DbError> {
        let table = match db.engine() {
            Engine::Sqlite => SQLITE,
            Engine::Postgres => POSTGRES,
        };
        migrate(db.as_ref(), "node_timings", &[table]).await?;
        let node = random::uuid_at(clock.now());
        Ok(Self { db, clock, node, own, differing: Arc::default() })
    }

    /// What differs, as it was last seen: each constant in words.
    pub fn differing(&self) -> Vec<String> {
        self.differing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Tells and looks every so often, until told to stop.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        loop {
            if let Err(error) = self.look().await {
                tracing::debug!(%error, "the nodes' time constants can't be compared");
            }
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                _ = stop.wait_for(|stop| *stop) => break,
            }
        }
        let sql = "delete from node_timings where node_id = $1";
        if let Err(error) = self.db.execute(sql, vec![self.node.into()]).await {
            tracing::debug!(%error, "what this node told of its time constants stays for some seconds");
        }
    }

    /// Tells this node's, and says what differs if that is news.
    async fn look(&self) -> Result<(), DbError> {
        let now = self.clock.now();
        let tell = "insert into node_timings (node_id, timing, told_at) values ($1, $2, $3)
            on conflict (node_id) do update set timing = excluded.timing, told_at = excluded.told_at";
        self.db.execute(tell, vec![self.node.into(), text(&self.own).into(), now.into()]).await?;
        self.db.execute("delete from node_timings where told_at < $1", vec![(now - LIVES).into()]).await?;
        let rows = self.db.query("select timing from node_timings where node_id <> $1", vec![self.node.into()]).await?;
        let others: Vec<_> = rows.iter().map(|row| row.text("timing")).collect::<Result<_, _>>()?;
        let differing = differences(&self.own, &others);
        let before = {
            let mut known = self.differing.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *known, differing.clone())
        };
        match (before == differing, differing.is_empty()) {
            (true, _) => {}
            (false, true) => tracing::info!("all nodes go by the same time constants again"),
            (false, false) => tracing::warn!(
                "time constants differ between nodes: {}; the promise of one post, once, rests on their being the same",
                differing.join(", ")
            ),
        }
        Ok(())
    }
}

fn text(timing: &Timing) -> String {
    let entries = timing.entries().map(|(name, value)| format!("{name}={}", value.as_secs_f64()));
    entries.join(",")
}

/// Which of a node's constants others have with another value. A constant that only one build knows is no difference.
fn differences(own: &Timing, others: &[String]) -> Vec<String> {
    let mut told = BTreeMap::<&str, BTreeSet<&str>>::new();
    for (name, value) in others.iter().flat_map(|text| text.split(',')).filter_map(|entry| entry.split_once('=')) {
        told.entry(name).or_default().insert(value);
    }
    let differing = own.entries().into_iter().filter_map(|(name, value)| {
        let own = value.as_secs_f64().to_string();
        let values: Vec<_> = told.get(name)?.iter().filter(|value| **value != own).copied().collect();
        (!values.is_empty()).then(|| format!("`{name}` is {own} here and {} elsewhere", values.join(" and ")))
    });
    differing.collect()
}

#[cfg(test)]
mod tests {
    use campanile_events::{clock::ManualClock, db::engines::Databases};

    use super::*;

    campanile_events::on_every_engine!(nodes_that_differ_say_so_until_they_are_the_same_or_gone);

    async fn nodes_that_differ_say_so_until_they_are_the_same_or_gone(engine: Engine) {
        let clock = ManualClock::starting_at("2026-12-01T09:00:00Z".parse().expect("a time"));
        let databases = Databases::of(engine);
        let db = databases.open("a").await;
        let node = async |text: &str| {
            let mut timing = Timing::default();
            timing.apply(text).expect("good entries");
            Timings::open(Arc::clone(&db), clock.clone(), timing).await.expect("opened")
        };
        let (one, same, other) = (node("").await, node("lease=60").await, node("lease=30,settle=90.5").await);
        for it in [&one, &same, &one] {
            it.look().await.expect("looked");
            assert_eq!(it.differing(), [""; 0]);
        }
        other.look().await.expect("looked");
        assert_eq!(
            other.differing(),
            ["`lease` is 30 here and 60 elsewhere", "`settle` is 90.5 here and 120 elsewhere"]
        );
        one.look().await.expect("looked");
        assert_eq!(one.differing(), ["`lease` is 60 here and 30 elsewhere", "`settle` is 120 here and 90.5 elsewhere"]);

        let (stop, stopped) = watch::channel(true);
        other.run(stopped).await;
        drop(stop);
        one.look().await.expect("looked");
        assert_eq!(one.differing(), [""; 0], "it went in order");
        let killed = node("quiet=30").await;
        killed.look().await.expect("looked");
        one.look().await.expect("looked");
        assert_eq!(one.differing(), ["`quiet` is 60 here and 30 elsewhere"]);
        clock.advance(LIVES + chrono::Duration::seconds(1));
        one.look().await.expect("looked");
        assert_eq!(one.differing(), [""; 0], "it was not heard for long");
    }

    #[test]
    fn a_constant_that_one_build_alone_knows_is_no_difference() {
        let others =
            ["lease=60,novel=7".to_owned(), "novel=8,odd".to_owned(), "sweep=5".to_owned(), "sweep=6".to_owned()];
        assert_eq!(differences(&Timing::default(), &others), ["`sweep` is 10 here and 5 and 6 elsewhere"]);
    }
}
