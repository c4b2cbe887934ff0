//! `campanile people`: who may sign in, for an operator at the machine, or for an owner on an engine elsewhere.

mod invite;
mod list;
mod remove;
mod reset;

use clap::Subcommand;
use serde_json::Value;

use super::{Failure, Operator, keys::Place, logging};
use crate::configuration::LogFormat;

/// List, invite and remove people, and let them set another password
///
/// While `serve` runs on the folder, these go through its socket there and hold from its next request on; else they open
/// the folder themselves. No key is needed: who can open the folder may. The log names the operator as who did it.
///
/// With `--server` they go to the engine there, with the session of an owner that `campanile login` kept.
#[derive(Debug, Subcommand)]
pub enum People {
    /// List the people of a workspace, and what they are there
    List(list::List),
    /// Invite somebody into a workspace; prints a link, once
    Invite(invite::Invite),
    /// Print a link by which somebody sets another password, once
    Reset(reset::Reset),
    /// Take somebody's role in a workspace away
    Remove(remove::Remove),
}

impl People {
    pub(super) fn run(self) -> Result<(), Failure> {
        logging::start(LogFormat::Pretty, "warn");
        match self {
            Self::List(command) => command.run(),
            Self::Invite(command) => command.run(),
            Self::Reset(command) => command.run(),
            Self::Remove(command) => command.run(),
        }
    }
}

/// The link of an answer; where the engine doesn't know its own address, what follows that.
fn link(answer: &Value, page: &str) -> String {
    let text = |field: &str| answer[field].as_str().map(str::to_owned);
    text("url").unwrap_or_else(|| {
        let token = text("token").unwrap_or_default();
        format!("<the engine's address>/{page}#{token}\n      (with `--public-url` the whole link stands here)")
    })
}

/// A field as text.
fn text<'a>(answer: &'a Value, field: &str) -> &'a str {
    answer[field].as_str().unwrap_or_default()
}
