//! `startup`: from the start of the program until it is ready.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, bail};
use campanile_events::clock::SystemClock;
use http::StatusCode;
use tokio::time::Instant;

use super::{
    Figures, Place, Plan, Telling,
    connection::{Connection, Request},
    figures::{Measured, microseconds, rounded},
    house::House,
    lives,
    rest::{POSTS, resident_after_work},
};
use crate::engine::{Engine, PATIENCE};

const EVENTS: usize = 100_000;
const STARTS: u32 = 5;
const EMPTY: &str = "starts on a folder without posts";
const LOOK: Duration = Duration::from_millis(2);

/// A program that is ended with this value.
pub(super) struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

pub(super) async fn measure(plan: &Plan, place: &Place, telling: &dyn Telling) -> anyhow::Result<Figures> {
    if place.engine() != "sqlite" {
        bail!("`startup` measures a data folder: run it without --database-url");
    }
    let (events, posts) = (plan.events.unwrap_or(EVENTS), plan.targets.unwrap_or(POSTS));
    let (full, empty) = (folder(place, "full", events, telling).await?, folder(place, "empty", 0, telling).await?);
    let (path, secret) = (full.configuration.folder.path, full.secret);
    let (full, full_memory) = starts("starts on a full folder", &path, telling).await?;
    let (empty, empty_memory) = starts(EMPTY, &empty.configuration.folder.path, telling).await?;
    let rested = resident_after_work(&path, &secret, posts, &SystemClock::shared(), telling).await?;
    Ok(Figures::of("startup", 1, &full, (EMPTY, &empty))
        .with("yardstick_p50_ms", empty.quantile_ms(0.5))
        .with("resident_mib", full_memory)
        .with("yardstick_resident_mib", empty_memory)
        .with("resident_after_work_mib", rested)
        .with("targets", posts)
        .with("events", events)
        .with("quantiles_of", "from the start of the program until /readyz answers 200")
        .with("engine", place.engine()))
}

/// A folder that an engine was run on until its read models had everything.
async fn folder(place: &Place, name: &str, events: usize, telling: &dyn Telling) -> anyhow::Result<House> {
    let (house, store) = House::build(place, name).await?;
    lives::write(&house, &store, events, telling).await?;
    drop(store);
    let engine = Engine::open(&house.configuration).await?;
    engine.core().runner.catch_up().await?;
    engine.drain(PATIENCE).await;
    Ok(house)
}

/// Starts the program again and again; says how long that took, and how much memory it had, in MiB at the median.
async fn starts(what: &'static str, folder: &Path, telling: &dyn Telling) -> anyhow::Result<(Measured, f64)> {
    telling.begins(what, STARTS.into());
    let (mut took, mut memory, mut whole) = (microseconds(), Vec::new(), Duration::ZERO);
    for start in 0..STARTS {
        let began = Instant::now();
        let (started, _) = started(folder).await?;
        let after = began.elapsed();
        took.record(after.as_micros() as u64)?;
        whole += after;
        memory.push(resident(&started)?);
        telling.at(u64::from(start) + 1);
    }
    memory.sort_by(f64::total_cmp);
    let median = memory.get(memory.len() / 2).copied().unwrap_or_default();
    Ok((Measured { per_second: f64::from(STARTS) / whole.as_secs_f64(), took }, rounded(median)))
}

/// Runs `campanile serve` until it is ready; it answers at the address.
pub(super) async fn started(folder: &Path) -> anyhow::Result<(Started, SocketAddr)> {
    let mut command = Command::new(std::env::current_exe()?);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CAMPANILE_")) {
        command.env_remove(name);
    }
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder).current_dir(folder);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut started = Started(command.spawn()?);
    let output = started.0.stdout.take().context("its output is piped")?;
    let said = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).map(|_| line)
    });
    let said = said.await??;
    let address = said.trim().strip_prefix("listening on http://").context("it did not start")?.parse()?;
    let mut connection = Connection::open(address, None).await?;
    let deadline = Instant::now() + PATIENCE;
    while connection.ask(Request::get("/readyz")).await?.0 != StatusCode::OK {
        anyhow::ensure!(Instant::now() < deadline, "it did not become ready");
        tokio::time::sleep(LOOK).await;
    }
    Ok((started, address))
}

/// Resident memory of a program, in MiB.
pub(super) fn resident(started: &Started) -> anyhow::Result<f64> {
    let status = format!("/proc/{}/status", started.0.id());
    let status = std::fs::read_to_string(status).context("this system tells no memory")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes: f64 = line.and_then(|it| it.trim().strip_suffix(" kB")).context("no memory told")?.trim().parse()?;
    Ok(rounded(kibibytes / 1_024.0))
}
