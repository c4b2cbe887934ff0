//! What goes wrong between two parts.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};

use super::{
    size::Size,
    town::Ways,
    troubles::{PLATFORM_HELD, Past},
};
use crate::support::{
    Chance, now,
    proxy::{Proxy, Toward, Trouble},
    until,
};

/// A way is cut for less than this, in milliseconds.
const CUT: u64 = 2_500;

/// Between whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Between {
    ClientAndNode,
    WorkerAndPlatform,
    NodeAndPostgres,
    NodeAndNats,
}

impl Between {
    const fn words(self) -> &'static str {
        match self {
            Self::ClientAndNode => "client - node",
            Self::WorkerAndPlatform => "worker - platform",
            Self::NodeAndPostgres => "node - PostgreSQL",
            Self::NodeAndNats => "node - NATS",
        }
    }

    fn by_chance(ways: &Ways, chance: &mut Chance) -> (Self, usize) {
        let all = [Self::WorkerAndPlatform, Self::ClientAndNode, Self::NodeAndPostgres, Self::NodeAndNats];
        // One node has neither of the servers.
        let between = all[chance.below(if ways.postgres.is_empty() { 2 } else { 4 }) as usize];
        (between, chance.below(between.of(ways).len() as u64) as usize)
    }

    fn of(self, ways: &Ways) -> &[Proxy] {
        match self {
            Self::ClientAndNode => &ways.apis,
            Self::WorkerAndPlatform => std::slice::from_ref(&ways.platform),
            Self::NodeAndPostgres => &ways.postgres,
            Self::NodeAndNats => &ways.nats,
        }
    }
}

fn trouble(between: Between, chance: &mut Chance) -> Trouble {
    // A request to publish, and its answer, have some hundred bytes; statements have thousands.
    let bytes = chance.below(if between == Between::NodeAndPostgres { 20_000 } else { 700 }) as usize;
    match chance.below(6) {
        0 => Trouble::Latency(Duration::from_millis(30 + chance.below(200))),
        1 => Trouble::Reset,
        2 => Trouble::HalfOpen,
        3 => Trouble::Blackhole,
        4 => Trouble::CutAfter(bytes, Toward::Server),
        _ => Trouble::CutAfter(bytes, Toward::Client),
    }
}

const fn word(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Latency(_) => "slow",
        Trouble::Reset => "reset",
        Trouble::HalfOpen => "half-open",
        Trouble::Blackhole => "blackhole",
        Trouble::CutAfter(_, Toward::Server) => "cut on the way there",
        Trouble::CutAfter(_, Toward::Client) => "cut on the way back",
    }
}

/// Cuts ways within the run's window, as often as something is killed; gives what was done.
pub(super) async fn happen(ways: Arc<Ways>, size: Size, first: DateTime<Utc>) -> Vec<Past> {
    let mut chance = Chance::of(size.seed ^ 0x0063_7574_7300);
    let each = size.window() / size.kills.max(1);
    let mut past = Vec::new();
    for number in 0..size.kills {
        let within = Duration::from_millis(chance.below(each.as_millis() as u64 / 2 + 1));
        let (between, which) = Between::by_chance(&ways, &mut chance);
        let trouble = trouble(between, &mut chance);
        // What is held on its way to the platform must not outlive the settle time, or nothing is promised.
        let most = if between == Between::WorkerAndPlatform && trouble.delays() { PLATFORM_HELD } else { CUT };
        let cut = Duration::from_millis(100 + chance.below(most));
        until(first + each * number + within).await;
        let way = &between.of(&ways)[which];
        let begun = {
            let _nobody_starts = ways.starting.lock().await;
            way.suffer(trouble);
            now()
        };
        tokio::time::sleep(cut).await;
        way.heal();
        let kind = format!("{} {}", between.words(), word(trouble));
        let costs_answers = matches!(between, Between::WorkerAndPlatform | Between::NodeAndPostgres);
        past.push(Past { kind, begun, ended: now(), costs_answers });
    }
    past
}
