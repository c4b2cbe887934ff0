//! `authenticate`: from a secret to who asks, in one thread: how much of a processor each request costs for that alone.

use std::{
    collections::BTreeSet,
    sync::{Arc, Weak},
    time::Instant,
};

use anyhow::{Context, ensure};
use campanile_events::{
    commands::Request,
    ids::KeyId,
    key::{Grant, KeyAction, KeyCommand, KeyMode, NewKey},
    seal::{Open, fields},
};
use hdrhistogram::Histogram;
use hmac::{Hmac, KeyInit, Mac};
use rustix::time::{ClockId, clock_gettime};
use sha2::Sha256;

use super::{
    Figures, Place, Plan, Telling,
    figures::{Measured, rounded},
    house::House,
    lives,
};
use crate::{
    access::{Access, Denied, Holder, KeySecret, Presented, network, sealed},
    configuration::{Configuration, Role, Roles},
    engine::{Core, Engine, PATIENCE},
};

const DIGEST: &str = "keyed digests (HMAC-SHA-256) of a secret";
const ORIGIN: &str = "https://app.example.com";
const ADDRESS: &str = "203.0.113.7";
/// How often the clock is looked at.
const BATCH: usize = 256;

/// What is sent.
struct Case {
    name: &'static str,
    secret: String,
    /// What comes of it; `None` for a caller.
    denied: Option<Denied>,
}

pub(super) async fn measure(plan: &Plan, place: &Place, telling: &dyn Telling) -> anyhow::Result<Vec<Figures>> {
    let (house, store) = House::build(place, "authenticate").await?;
    drop(store);
    let configuration = Configuration { roles: Roles::only([Role::Api]), ..house.configuration.clone() };
    let engine = Engine::open(&configuration).await?;
    let core = engine.core();
    let (rest, last) = house.secret.split_at(house.secret.len() - 1);
    let mistyped = format!("{rest}{}", if last == "x" { "y" } else { "x" });
    let cases = [
        Case { name: "a key", secret: house.secret.clone(), denied: None },
        Case { name: "a key with an origin and two networks", secret: bounded(&house, core).await?, denied: None },
        Case { name: "a wrong checksum", secret: mistyped, denied: Some(Denied::Invalid) },
    ];
    telling.begins("authentications", cases.len() as u64);
    let seconds = plan.length.as_secs_f64();
    let digests = alone(move |waited_for| digests(seconds, waited_for)).await??;
    let mut figures = Vec::new();
    for (number, case) in cases.into_iter().enumerate() {
        telling.at(number as u64);
        let (name, access) = (case.name, core.access.clone());
        let handle = tokio::runtime::Handle::current();
        let told =
            alone(move |waited_for| handle.block_on(authenticate(&access, &case, seconds, waited_for))).await??;
        let held = Figures::of("authenticate", 1, &Measured::rate(told.per_second), (DIGEST, &digests));
        let held = held.in_nanoseconds(&told.nanoseconds).with("case", name).with("cpu_us", rounded(told.cpu_us));
        figures.push(held.with("engine", place.engine()));
    }
    engine.drain(PATIENCE).await;
    Ok(figures)
}

/// Runs in a thread of its own: its processor time is counted. What the work is given is gone once nobody waits for it
/// any more.
async fn alone<T: Send + 'static>(work: impl FnOnce(&Weak<()>) -> T + Send + 'static) -> anyhow::Result<T> {
    let waits = Arc::new(());
    let waited_for = Arc::downgrade(&waits);
    let done = tokio::task::spawn_blocking(move || work(&waited_for)).await;
    drop(waits);
    done.context("the thread ended early")
}

/// A key that is bound to an origin and two networks.
async fn bounded(house: &House, core: &Core) -> anyhow::Result<String> {
    let now = core.clock.now();
    let (id, secret) = (KeyId::fresh(now), KeySecret::generate(KeyMode::Live));
    core.access.verifiers().keep(&secret, Holder { key_id: id, workspace: house.workspace }).await?;
    let networks: Option<BTreeSet<_>> = ["203.0.113.0/24", "2001:db8::/32"].into_iter().map(network).collect();
    let networks = networks.context("networks")?;
    let origins = BTreeSet::from([ORIGIN.to_owned()]);
    let name = house.key.seal(fields::KEY_NAME, &Open::new("bound"));
    let grant = Grant { allowed_origins: origins.clone(), allowed_ips: networks.clone(), ..Grant::everything() };
    let new = NewKey {
        allowed_origins: sealed(&house.key, fields::KEY_ALLOWED_ORIGIN, &origins),
        allowed_ips: sealed(&house.key, fields::KEY_ALLOWED_IP, &networks),
        ..NewKey::new(house.workspace, name, secret.prefix(), grant)
    };
    let command = KeyCommand { now, action: KeyAction::Create(Box::new(new)) };
    let (workspace, metadata) = (house.workspace, lives::by());
    core.keys.execute(Request { workspace, id: id.uuid(), command, metadata, receipt: None }).await?;
    Ok(secret.expose().to_owned())
}

/// What it takes to tell who asks.
struct Told {
    per_second: f64,
    /// What each took, as the mean of a batch.
    nanoseconds: Histogram<u64>,
    /// Microseconds of a processor that each took.
    cpu_us: f64,
}

/// How fast one thread tells who asks.
async fn authenticate(access: &Access, case: &Case, seconds: f64, waited_for: &Weak<()>) -> anyhow::Result<Told> {
    let presented = Presented { address: ADDRESS.parse().ok(), origin: Some(ORIGIN) };
    let once = async || access.authenticate(&case.secret, presented).await;
    // Warm, and what it is meant to be.
    ensure!(once().await.err() == case.denied, "{}: something else came of it", case.name);
    let (mut nanoseconds, mut done) = (Histogram::new(3)?, 0_u64);
    let (began, spent) = (Instant::now(), processor_us());
    while began.elapsed().as_secs_f64() < seconds && waited_for.strong_count() > 0 {
        let batch = Instant::now();
        for _ in 0..BATCH {
            drop(once().await);
        }
        nanoseconds.record(batch.elapsed().as_nanos() as u64 / BATCH as u64)?;
        done += BATCH as u64;
    }
    let cpu_us = (processor_us() - spent) / done as f64;
    Ok(Told { per_second: done as f64 / began.elapsed().as_secs_f64(), nanoseconds, cpu_us })
}

fn digests(seconds: f64, waited_for: &Weak<()>) -> anyhow::Result<Measured> {
    let keyed = Hmac::<Sha256>::new_from_slice(&[7; 32])?;
    let secret = KeySecret::generate(KeyMode::Live);
    let (mut done, began) = (0_u64, Instant::now());
    while began.elapsed().as_secs_f64() < seconds && waited_for.strong_count() > 0 {
        for _ in 0..BATCH {
            let mut mac = keyed.clone();
            mac.update(secret.expose().as_bytes());
            std::hint::black_box(mac.finalize());
        }
        done += BATCH as u64;
    }
    Ok(Measured::rate(done as f64 / began.elapsed().as_secs_f64()))
}

/// What this thread has had of processors, in microseconds.
fn processor_us() -> f64 {
    let spent = clock_gettime(ClockId::ThreadCPUTime);
    spent.tv_sec as f64 * 1e6 + spent.tv_nsec as f64 / 1e3
}
