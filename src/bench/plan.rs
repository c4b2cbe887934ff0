//! Which scenarios there are, and how much of each.

use std::{fmt, time::Duration};

use clap::ValueEnum;

use super::{
    Figures, Place, Telling, append, authenticate, burst, command, growth, http, precision, rebuild, replay, startup,
};

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// Appends to the log, one event and one stream each
    Append,
    /// The log from its beginning, decoded
    Replay,
    /// Every read model, from the beginning of the log
    Rebuild,
    /// Requests with a key: a post read, a post written
    Http,
    /// From the start of the program until it is ready, and its memory
    Startup,
    /// Many targets due at one second
    Burst,
    /// How long after its due time a call starts
    Precision,
    /// Drafts, decided and appended
    Command,
    /// From a secret to who asks, in one thread
    Authenticate,
    /// Appends, reads, lists and the look for what is due, as posts grow more
    Growth,
}

/// As it is named on the command line.
impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value().expect("no scenario is left out");
        f.write_str(value.get_name())
    }
}

/// Which requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Route {
    /// `GET /v1/posts/{id}`
    Get,
    /// `POST /v1/posts`
    Post,
}

/// How much is measured. A scenario takes of it what it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// How many do it at once.
    pub clients: usize,
    /// For how long, where a scenario goes by time.
    pub length: Duration,
    /// How many events, where the log has to hold some.
    pub events: Option<usize>,
    /// How many targets, where some are published.
    pub targets: Option<usize>,
    /// How many posts there are at most.
    pub posts: Option<usize>,
    /// Which requests, unless both.
    pub route: Option<Route>,
}

/// Measures a scenario, one after the other what it consists of.
///
/// # Errors
/// Whatever keeps it from coming to its end; figures of half a measurement are none.
pub async fn run(
    scenario: Scenario,
    plan: &Plan,
    place: &Place,
    telling: &dyn Telling,
) -> anyhow::Result<Vec<Figures>> {
    Ok(match scenario {
        Scenario::Append => vec![append::measure(plan, place, telling).await?],
        Scenario::Replay => vec![replay::measure(plan, place, telling).await?],
        Scenario::Rebuild => vec![rebuild::measure(plan, place, telling).await?],
        Scenario::Http => http::measure(plan, place, telling).await?,
        Scenario::Startup => vec![Box::pin(startup::measure(plan, place, telling)).await?],
        Scenario::Burst => vec![Box::pin(burst::measure(plan, place, telling)).await?],
        Scenario::Precision => vec![precision::measure(plan, place, telling).await?],
        Scenario::Command => vec![command::measure(plan, place, telling).await?],
        Scenario::Authenticate => authenticate::measure(plan, place, telling).await?,
        Scenario::Growth => Box::pin(growth::measure(plan, place, telling)).await?,
    })
}
