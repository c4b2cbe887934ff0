//! An engine with posts that fall due: what `burst` and `precision` look at.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, bail, ensure};
use campanile_events::{
    clock::SharedClock,
    ids::{AccountId, Position},
};
use campanile_workers::platforms::sandbox::{self, Sandbox};
use chrono::{DateTime, Utc};
use tokio::{net::TcpListener, time::Instant};

use super::{
    Place, Telling,
    house::House,
    lives::{self, Life},
};
use crate::engine::{Core, Engine, PATIENCE};

/// Accounts that posts go to in turn.
const ACCOUNTS: usize = 20;
/// Posts that go into one append.
const TOGETHER: usize = 250;
/// How long the log is left alone after it was read to its end, and while much is still to come.
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);
const BETWEEN_FIRST_LOOKS: Duration = Duration::from_millis(100);
/// How long it may take from the last due time on.
const WITHIN: Duration = Duration::from_secs(40);

/// How long a bus may take until jobs travel on it, and how long it may be silent.
const BUS_WITHIN: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(5);
/// Where a sandbox keeps what it was sent: the one within the engine in its folder, the one that is asked over HTTP in a
/// file beside it.
const RECEIVED: &str = "sandbox.jsonl";

/// An engine with its workers and accounts.
pub(super) struct Ringing {
    pub(super) house: House,
    engine: Engine,
    accounts: Vec<AccountId>,
    received: PathBuf,
}

/// Whether a sandbox that is asked over HTTP writes down what it was sent; the one within the engine always does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Received {
    Written,
    Remembered,
}

/// What became of the targets.
pub(super) struct Rung {
    /// When each was known to be live.
    pub(super) published_at: Vec<DateTime<Utc>>,
    /// When the read models showed all of them.
    pub(super) shown_at: DateTime<Utc>,
}

impl Ringing {
    /// As it is configured: everything within this process or, as many nodes have it, jobs by a bus between nodes and the
    /// sandbox asked over HTTP.
    ///
    /// # Errors
    /// Also if jobs don't travel on that bus: nothing would be measured of it.
    pub(super) async fn open(place: &Place, name: &str, received: Received) -> anyhow::Result<Self> {
        let bus = place.bus_of_its_own().await?;
        let over_http = bus.is_some();
        let (mut house, store) = House::build(place, name).await?;
        drop(store);
        if over_http {
            house.configuration.nats = bus;
            house.configuration.allow_egress = vec!["127.0.0.0/8".parse()?];
        }
        let engine = Engine::open(&house.configuration).await?;
        let file = if over_http { place.path() } else { engine.folder() }.join(RECEIVED);
        let mut ringing = Self { house, engine, accounts: Vec::with_capacity(ACCOUNTS), received: file };
        ringing.carries().await?;
        let address = if over_http { Some(ringing.serve_sandbox(received).await?) } else { None };
        for number in 0..ACCOUNTS {
            let handle = format!("bench-{number}");
            let account = ringing.house.connect_at(ringing.core(), &handle, address.as_deref()).await?;
            ringing.accounts.push(account);
        }
        Ok(ringing)
    }

    /// Answers as a platform does; says where.
    async fn serve_sandbox(&self, received: Received) -> anyhow::Result<String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no free port on 127.0.0.1")?;
        let address = format!("http://{}", listener.local_addr()?);
        let clock: SharedClock = self.core().clock.clone();
        let sandbox = match received {
            Received::Written => Sandbox::open(clock, &self.received)?,
            Received::Remembered => Sandbox::new(clock),
        };
        tokio::spawn(sandbox::serve(listener, sandbox, std::future::pending()));
        Ok(address)
    }

    /// Waits until jobs travel on the bus, and not for long.
    async fn carries(&self) -> anyhow::Result<()> {
        let deadline = Instant::now() + BUS_WITHIN;
        loop {
            let health = self.core().publishing.bus_health();
            if health.is_well(SILENCE) {
                return Ok(());
            }
            let trouble = health.trouble.unwrap_or_else(|| "its stream or its connection is away".to_owned());
            ensure!(Instant::now() < deadline, "jobs don't travel by NATS: {trouble}");
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    }

    pub(super) fn core(&self) -> &Arc<Core> {
        self.engine.core()
    }

    /// Schedules a post for each due time, named by its number.
    ///
    /// # Errors
    /// If the first falls due before all of them are scheduled and can be read: then nothing would be measured.
    pub(super) async fn schedule(&self, due: &[DateTime<Utc>], telling: &dyn Telling) -> anyhow::Result<Position> {
        telling.begins("scheduling", due.len() as u64);
        let core = self.core();
        let before = core.journal.head().await?.position;
        let mut lives = Vec::with_capacity(TOGETHER);
        for (number, at) in due.iter().enumerate() {
            let mut life = Life::new(core.clock.now());
            let account = self.accounts[number % self.accounts.len()];
            life.goes_on(lives::scheduled(&self.house.key, &text(number), account, *at)).await?;
            lives.push(life);
            if lives.len() == TOGETHER || number + 1 == due.len() {
                lives::append(&self.house, core.journal.everywhere().as_ref(), std::mem::take(&mut lives)).await?;
                telling.at(number as u64 + 1);
            }
        }
        let scheduled = core.journal.head().await?.position;
        ensure!(core.runner.wait_for(scheduled, PATIENCE).await, "the read models don't follow");
        let first = due.iter().min().copied().unwrap_or_else(|| core.clock.now());
        ensure!(core.clock.now() < first, "this machine is too slow to schedule {} targets in time", due.len());
        Ok(before)
    }

    /// Waits until so many are live and can be read, from a place of the log on.
    ///
    /// # Errors
    /// If one comes to another end, they take too long, or the bus is away meanwhile.
    pub(super) async fn rung(
        &self,
        from: Position,
        targets: usize,
        last: DateTime<Utc>,
        telling: &dyn Telling,
    ) -> anyhow::Result<Rung> {
        telling.begins("publishing", targets as u64);
        let core = self.core();
        let within = WITHIN + (last - core.clock.now()).to_std().unwrap_or_default();
        let late = || {
            anyhow::anyhow!("not all of {targets} targets were published {} s after they were due", WITHIN.as_secs())
        };
        let (published_at, position) = tokio::select! {
            published = published(core, from, targets, telling) => published?,
            () = unconnected(core) => bail!("the connection to NATS was lost"),
            () = tokio::time::sleep(within) => return Err(late()),
        };
        ensure!(core.runner.wait_for(position, WITHIN).await, "the read models don't follow");
        let shown_at = core.clock.now();
        self.carries().await?;
        Ok(Rung { published_at, shown_at })
    }

    /// Stops the engine; says where it is written what the sandbox was sent, if it is.
    pub(super) async fn stop(self) -> PathBuf {
        self.engine.drain(PATIENCE).await;
        self.received
    }
}

/// What the post of a number says.
pub(super) fn text(number: usize) -> String {
    format!("Bell number {number}")
}

/// Waits until the connection to the bus is lost.
async fn unconnected(core: &Core) {
    while core.publishing.bus_health().connected {
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}

async fn published(
    core: &Core,
    from: Position,
    targets: usize,
    telling: &dyn Telling,
) -> anyhow::Result<(Vec<DateTime<Utc>>, Position)> {
    let (mut after, mut published_at) = (from, Vec::with_capacity(targets));
    let mut committed = core.journal.everywhere().watch();
    loop {
        committed.borrow_and_update();
        let page = core.journal.everywhere().tail(after, 1_000).await?;
        for event in &page {
            after = event.position;
            match event.event_type.as_str() {
                "post.target_published" => published_at.push(event.recorded_at),
                "post.target_failed" | "post.target_missed" | "post.target_unknown" => {
                    bail!("a target came to another end: {}", event.event_type)
                }
                _ => {}
            }
        }
        telling.at(published_at.len() as u64);
        if published_at.len() >= targets {
            return Ok((published_at, after));
        }
        if page.is_empty() {
            committed.changed().await?;
            // Who looks must not take the time of those who are looked at.
            let nearly = published_at.len() >= targets / 10 * 9;
            tokio::time::sleep(if nearly { BETWEEN_LOOKS } else { BETWEEN_FIRST_LOOKS }).await;
        }
    }
}
