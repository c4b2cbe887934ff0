//! Everything is killed, stopped, held still and cut off from everything else, by seed, while clients write posts and posts
//! fall due; then every promise is held against what clients were told, what the log says, and what the platform knows.
//!
//! It runs on one node and on many, as the run's setting says. `CAMPANILE_SEED` repeats a run's choices;
//! `CAMPANILE_KILLS`, `CAMPANILE_POSTS` and `CAMPANILE_WORKSPACES` make it longer or shorter.
//!
//! - `size`: how much is to happen. `town`: what runs. `tenants`: who writes.
//! - `written`: the clients' journal. `troubles`: what happens to parts; `cuts`: between them; `faults`: on the platform.
//! - `ended`, `story`: what the engine says afterwards. `promises`: whether it is so.
//! - `plan`: posts that fall due, for tests of one thing that goes wrong.

mod cuts;
mod ended;
pub(crate) mod faults;
pub(crate) mod plan;
mod promises;
mod size;
mod story;
mod tenants;
mod town;
mod troubles;
mod written;

use std::{collections::BTreeMap, fs, path::Path, sync::Arc, time::Duration};

use crate::support::{Chance, Client, now};
use promises::{Evidence, Table};
use size::{Replay, Size};
use story::Log;
use town::Town;
use troubles::Past;

/// The runtime carries the proxies' traffic while a thread of it waits for a process.
#[tokio::test(flavor = "multi_thread", worker_threads = 6)]
async fn promises_hold_whatever_is_killed_held_or_cut() {
    let size = Size::usual();
    let _replay = Replay(size);
    let Size { seed, kills, posts, workspaces } = size;
    println!("record: seed {seed}, {kills} kills, {posts} targets, {workspaces} workspaces");
    let mut town = Town::start().await;
    let tenants = Arc::new(tenants::settle_in(&town, size).await);
    faults::add(&town.sandbox, &mut Chance::of(seed)).await;

    let first = now() + Duration::from_millis(500);
    let clients = Arc::new(tenants.iter().map(|it| town.clients(&it.secret)).collect::<Vec<_>>());
    let writing = tokio::spawn(written::write_all(Arc::clone(&tenants), clients, size, first));
    let cutting = tokio::spawn(cuts::happen(Arc::clone(&town.ways), size, first));
    let mut past = troubles::happen(&mut town, size, first).await;
    past.extend(cutting.await.expect("cuts are made"));
    town.recover().await;
    let journal = writing.await.expect("posts are written");
    tell(&past);

    let clients: Vec<_> = tenants.iter().map(|tenant| town.client(&tenant.secret)).collect();
    let table = judge(&town, &journal, &past, &clients).await;
    println!("record: {} s in all", (now() - first).num_seconds());
    table.conclude();
    town.end().await;
}

/// Waits until all has come to an end, and looks at it.
async fn judge(town: &Town, journal: &[written::Entry], past: &[Past], clients: &[Client]) -> Table {
    let posts = ended::wait(journal, clients).await;
    let (asked, differing) = written::ask_again(journal, clients).await;
    let lines = town.command(&["log", "tail"]).ok();
    let log = Log::read(&lines);
    let truth = town.sandbox.truth().await;
    println!(
        "record: {} attempts, {} requests came, {} posts stand",
        log.attempts(),
        truth.requests.len(),
        truth.visible.len()
    );

    let mut table = Table::default();
    promises::check(&Evidence { journal, posts: &posts, log: &log, truth: &truth, past }, &mut table);
    table.add("The same answer to a repeated key", asked, differing, "");
    let verified = town.command(&["log", "verify"]);
    let refused = (verified.code != Some(0)).then(|| format!("log verify: {}{}", verified.output, verified.errors));
    table.add("Unaltered, without a hole", log.events, log.holes.into_iter().chain(refused).collect(), "log verify");
    if !table.broken().is_empty() {
        keep(town, journal, &lines);
    }
    table
}

/// Keeps what all three said, for who looks into it.
fn keep(town: &Town, journal: &[written::Entry], log: &str) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kills");
    let clients: Vec<_> = journal.iter().map(|entry| format!("{entry:?}\n")).collect();
    let kept = fs::create_dir_all(&folder)
        .and_then(|()| fs::write(folder.join("clients.txt"), clients.concat()))
        .and_then(|()| fs::write(folder.join("log.jsonl"), log))
        .and_then(|()| fs::copy(town.sandbox.file(), folder.join("sandbox.jsonl")));
    eprintln!("what clients, log and platform say is in {} ({kept:?})", folder.display());
}

/// Says what was done.
fn tell(past: &[Past]) {
    let mut counts = BTreeMap::<&str, usize>::new();
    for it in past {
        *counts.entry(&it.kind).or_default() += 1;
    }
    for (kind, count) in counts {
        println!("record: {count} times: {kind}");
    }
}
