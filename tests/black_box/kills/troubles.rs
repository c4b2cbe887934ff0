//! What goes wrong with the parts themselves: killed, stopped, held still, and brought back.

use std::{fmt, time::Duration};

use chrono::{DateTime, Utc};
use tokio::task::block_in_place;

use super::{faults, size::Size, town::Town};
use crate::support::{Chance, now, until};

/// What was killed is away for less than this, in milliseconds.
const AWAY: u64 = 1_500;
/// What is held still stands for less than this, in milliseconds: past a worker's lease or not.
const HELD: u64 = 3_000;
/// The platform stands still for less than this, in milliseconds: a request that it has received and not taken must not
/// outlive the settle time, or nothing is promised.
pub(super) const PLATFORM_HELD: u64 = 1_000;

/// Something that went wrong for a while.
#[derive(Debug, Clone)]
pub(super) struct Past {
    /// What kind it was, to be counted.
    pub kind: String,
    pub begun: DateTime<Utc>,
    pub ended: DateTime<Utc>,
    /// Whether a request to the platform, or the word about it, can get lost by it.
    pub costs_answers: bool,
}

/// A part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Node(usize),
    Platform,
    Nats,
    Postgres,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Kill,
    Stop,
    Pause,
}

impl Part {
    /// One of them by chance. What publishes comes more often.
    fn by_chance(nodes: usize, chance: &mut Chance) -> Self {
        if nodes == 1 {
            return if chance.below(5) == 0 { Self::Platform } else { Self::Node(0) };
        }
        match chance.below(12) {
            0 => Self::Platform,
            1 => Self::Nats,
            2 | 3 => Self::Postgres,
            4..=6 => Self::Node(crate::support::WORKERS[chance.below(2) as usize]),
            _ => Self::Node(chance.below(nodes as u64) as usize),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Node(_) => "node",
            Self::Platform => "platform",
            Self::Nats => "NATS",
            Self::Postgres => "PostgreSQL",
        })
    }
}

/// What is to happen, in order.
fn deeds(size: Size, chance: &mut Chance) -> Vec<Deed> {
    let kills = size.kills as usize;
    let mut deeds = vec![Deed::Kill; kills];
    deeds.extend(vec![Deed::Stop; kills / 4]);
    deeds.extend(vec![Deed::Pause; kills / 2]);
    for last in (1..deeds.len()).rev() {
        deeds.swap(last, chance.below(last as u64 + 1) as usize);
    }
    deeds
}

/// Does it all, within the run's window; gives what was done.
pub(super) async fn happen(town: &mut Town, size: Size, first: DateTime<Utc>) -> Vec<Past> {
    let mut chance = Chance::of(size.seed ^ 0x006b_696c_6c73);
    let deeds = deeds(size, &mut chance);
    let each = size.window() / deeds.len().max(1) as u32;
    let mut happened = Vec::new();
    for (number, deed) in (0..).zip(deeds) {
        // The moments are laid out beforehand: what a restart takes is not added to them.
        let within = Duration::from_millis(chance.below(each.as_millis() as u64 / 2 + 1));
        let part = match deed {
            Deed::Stop => Part::Node(chance.below(town.nodes() as u64) as usize),
            _ => Part::by_chance(town.nodes(), &mut chance),
        };
        let away = Duration::from_millis(chance.below(AWAY));
        let most = if part == Part::Platform { PLATFORM_HELD } else { HELD };
        let held = Duration::from_millis(chance.below(most));
        until(first + each * number + within).await;
        let begun = now();
        match deed {
            Deed::Kill => kill(town, part, away, &mut chance).await,
            Deed::Stop => stop(town, part, away).await,
            Deed::Pause => pause(town, part, held).await,
        }
        let kind = format!("{part} {}", ["killed", "stopped", "held still"][deed as usize]);
        happened.push(Past { kind, begun, ended: now(), costs_answers: part != Part::Nats });
    }
    happened
}

async fn kill(town: &mut Town, part: Part, away: Duration, chance: &mut Chance) {
    match part {
        Part::Node(node) => {
            town.kill(node);
            tokio::time::sleep(away).await;
            town.start_again(node).await;
        }
        Part::Platform => {
            town.sandbox.down();
            tokio::time::sleep(away).await;
            town.sandbox.up().await;
            // It remembers what it was told, not what was to go wrong.
            faults::add(&town.sandbox, chance).await;
        }
        Part::Nats => {
            town.nats().kill9();
            tokio::time::sleep(away).await;
            block_in_place(|| town.nats().start_again());
        }
        Part::Postgres => {
            town.postgres().kill9();
            tokio::time::sleep(away).await;
            block_in_place(|| town.postgres().start_again());
        }
    }
}

async fn stop(town: &mut Town, part: Part, away: Duration) {
    let Part::Node(node) = part else { return };
    town.stop(node);
    tokio::time::sleep(away).await;
    town.start_again(node).await;
}

async fn pause(town: &mut Town, part: Part, held: Duration) {
    hold(town, part, true);
    tokio::time::sleep(held).await;
    hold(town, part, false);
}

fn hold(town: &mut Town, part: Part, still: bool) {
    match (part, still) {
        (Part::Node(node), still) => town.hold(node, still),
        (Part::Platform, true) => town.sandbox.freeze(),
        (Part::Platform, false) => town.sandbox.thaw(),
        (Part::Nats, true) => town.nats().freeze(),
        (Part::Nats, false) => town.nats().thaw(),
        (Part::Postgres, true) => town.postgres().freeze(),
        (Part::Postgres, false) => town.postgres().thaw(),
    }
}
