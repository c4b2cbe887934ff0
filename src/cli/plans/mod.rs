//! `campanile plans`: which plan a workspace has, and what it has used of it, for an operator at the machine.

mod list;
mod set;

use clap::Subcommand;

use super::{Failure, Operator, logging};
use crate::configuration::LogFormat;

/// List plans and what was used of them, and give workspaces theirs
///
/// Plans stand in the engine's configuration (`[plans.NAME]` in campanile.toml, `--plans`). While `serve` runs on the folder,
/// these go through its socket there; else they open the folder themselves. No key is needed: who can open the folder may,
/// and nobody else. The log names the operator as who did it.
#[derive(Debug, Subcommand)]
pub enum Plans {
    /// List the workspaces with their plans, and what they have used of them this month
    List(list::List),
    /// Give a workspace a plan, or none
    Set(set::Set),
}

impl Plans {
    pub(super) fn run(self) -> Result<(), Failure> {
        logging::start(LogFormat::Pretty, "warn");
        match self {
            Self::List(command) => command.run(),
            Self::Set(command) => command.run(),
        }
    }
}
