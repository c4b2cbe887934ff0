//! `campanile peppers`: what the verifiers of keys are keyed with.

mod add;
mod list;
mod retire;

use clap::Subcommand;
use serde_json::Value;

use super::{Failure, Operator, logging};
use crate::configuration::LogFormat;

/// Look after the peppers that keys stand under: how many keys, a new one, the end of an old one
///
/// What the database keeps of a key's secret is keyed with a pepper that it doesn't hold. There may be several: new keys stand
/// under the newest, an older key until its secret is next used, or the key rotated. While `serve` runs on the folder, these go
/// through its socket there; else they open the folder themselves.
#[derive(Debug, Subcommand)]
pub enum Peppers {
    /// Add a pepper; new keys stand under it from then on
    Add(add::Add),
    /// Show how many keys stand under each pepper
    List(list::List),
    /// Take an old pepper away that no key needs any more
    Retire(retire::Retire),
}

impl Peppers {
    pub(super) fn run(self) -> Result<(), Failure> {
        logging::start(LogFormat::Pretty, "warn");
        match self {
            Self::Add(command) => command.run(),
            Self::List(command) => command.run(),
            Self::Retire(command) => command.run(),
        }
    }
}

/// A table of the versions.
fn print(answer: &Value) {
    say!("{:<8}  {:<8}  {:>8}  {:>8}", "VERSION", "STATE", "KEYS", "OVER");
    for it in answer["data"].as_array().into_iter().flatten() {
        let [version, keys, over] = ["version", "keys", "keys_over"].map(|field| it[field].to_string());
        say!("{version:<8}  {:<8}  {keys:>8}  {over:>8}", it["state"].as_str().unwrap_or_default());
    }
}
