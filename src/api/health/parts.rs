//! How each part is.

use std::{future::Future, path::Path, time::Duration};

use campanile_projections::runner::{ProjectionState, ProjectionStatus};
use campanile_workers::bus::Health;

use crate::engine::Core;

/// How long a part may take to say how it is.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);
/// How long a bus may be silent while workers wait for it.
const SILENCE: Duration = Duration::from_secs(30);
/// For how long nobody may be heard of who brings the read models forward: another takes over within six seconds.
const NO_PROJECTOR: Duration = Duration::from_secs(10);
/// Below this the log may soon not be able to grow.
const LEAST_SPACE: u64 = 100 * 1024 * 1024;

/// How one part is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Which.
    pub name: String,
    /// Whether it is well.
    pub ok: bool,
    /// What a person reads.
    pub words: String,
}

impl Part {
    fn new(name: impl Into<String>, ok: bool, words: impl Into<String>) -> Self {
        Self { name: name.into(), ok, words: words.into() }
    }

    fn of(name: &str, read: Result<String, String>) -> Self {
        let ok = read.is_ok();
        Self::new(name, ok, read.unwrap_or_else(|reason| reason))
    }
}

/// Every part.
pub async fn parts(core: &Core) -> Vec<Part> {
    let draining = core.is_draining();
    let mut parts = vec![
        Part::new(
            "process",
            !draining,
            if draining { "stopping".to_owned() } else { format!("running as {}", core.roles) },
        ),
        build(core),
        Part::of("journal", in_time(journal(core)).await),
    ];
    let mut lag = 0;
    match in_time(async { core.runner.status().await.map_err(|error| error.to_string()) }).await {
        Ok(all) => {
            lag = all.iter().map(|it| it.lag).max().unwrap_or_default();
            parts.extend(all.iter().map(projection));
        }
        Err(reason) => parts.push(Part::new("projections", false, reason)),
    }
    parts.push(projector(
        in_time(async { core.runner.projector_unheard().await.map_err(|error| error.to_string()) }).await,
        lag,
    ));
    let publishing = in_time(async { Ok(core.publishing.status().await) }).await;
    match publishing {
        Ok(all) => parts.extend(all.into_iter().map(|it| Part::new(it.part, it.ok, it.text))),
        Err(reason) => parts.push(Part::new("publishing", false, reason)),
    }
    parts.push(bus(&core.publishing.bus_health()));
    let (ok, words) = core.access.verifiers().standing();
    parts.push(Part::new("peppers", ok, words));
    parts.extend(core.timings.as_ref().map(|it| timing(&it.differing())));
    parts.push(disk(&core.folder));
    parts
}

async fn in_time<T>(read: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let late = |_| format!("no answer within {} s", ANSWERS_WITHIN.as_secs());
    tokio::time::timeout(ANSWERS_WITHIN, read).await.map_err(late).and_then(|read| read)
}

/// Requests are better sent to a node whose build reads everything.
fn build(core: &Core) -> Part {
    let version = env!("CARGO_PKG_VERSION");
    match core.outdated.reason() {
        None => Part::new("build", true, version),
        Some(met) => Part::new("build", false, format!("{version}; a newer one is needed: {met}")),
    }
}

/// Whether it can be read, and whether its file takes a writer: a transaction is begun and left.
async fn journal(core: &Core) -> Result<String, String> {
    let head = core.journal.head().await.map_err(|error| error.to_string())?;
    let writer = core.side_everywhere().begin().await.map_err(|error| format!("it can't be written: {error}"))?;
    drop(writer);
    Ok(format!("at {}, takes writes", head.log_position()))
}

fn projection(it: &ProjectionStatus) -> Part {
    let stopped = matches!(it.state, ProjectionState::Stopped { .. });
    let words = format!("{}, lag {}, {} parked", it.state, it.lag, it.parked);
    Part::new(format!("projection {}", it.name), !stopped && it.parked == 0, words)
}

/// Whether anybody brings the read models forward: else what is written comes neither into lists nor to the scheduler. A
/// warning as long as nothing is behind, and where nobody has been heard of at all: nodes that are started before any projector
/// must come to be ready.
fn projector(unheard: Result<Option<Duration>, String>, lag: u64) -> Part {
    let (ok, words) = match unheard {
        Err(reason) => (false, reason),
        Ok(Some(unheard)) if unheard < NO_PROJECTOR => (true, format!("heard {:.1} s ago", unheard.as_secs_f64())),
        Ok(Some(unheard)) => {
            let behind = if lag > 0 {
                format!(", {lag} events behind, and nothing of them is published")
            } else {
                String::new()
            };
            (lag == 0, format!("nobody has this role since {} s: lists stay as they are{behind}", unheard.as_secs()))
        }
        Ok(None) => (true, "nobody has had this role yet: nothing is listed or published before".to_owned()),
    };
    Part::new("projector", ok, words)
}

/// While it is away, publishing goes on from the database, slower: a warning, and no reason to send requests elsewhere.
fn bus(health: &Health) -> Part {
    let told = health.trouble.as_ref().map(|trouble| format!(", {trouble}")).unwrap_or_default();
    let words = match (health.connected, health.stream) {
        (false, _) => format!("away: jobs come from the database, slower{told}"),
        (true, false) => format!("away: its stream or a consumer is missing{told}"),
        (true, true) if !health.is_well(SILENCE) => format!("away: its own messages don't come back{told}"),
        (true, true) => format!("connected, {} repairs{told}", health.repairs),
    };
    Part::new("bus", true, words)
}

/// A warning, too: while they are changed node by node, they differ for a while.
fn timing(differing: &[String]) -> Part {
    let words = match differing {
        [] => "the same on every node".to_owned(),
        differing => format!("WARNING: differs between nodes: {}", differing.join(", ")),
    };
    Part::new("timing", true, words)
}

fn disk(folder: &Path) -> Part {
    let free = rustix::fs::statvfs(folder).map(|it| it.f_bavail.saturating_mul(it.f_frsize));
    match free {
        Ok(free) => Part::new("disk", free >= LEAST_SPACE, format!("{} MiB free", free / (1024 * 1024))),
        Err(error) => Part::new("disk", false, error.to_string()),
    }
}
