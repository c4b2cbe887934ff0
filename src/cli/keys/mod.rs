//! `campanile keys`: API keys, for an operator at the machine, or for who is signed in on an engine elsewhere.

mod create;
mod get;
mod history;
mod list;
mod revoke;
mod rotate;
mod update;

use clap::{Args, Subcommand};

use super::{
    Failure, Operator, logging,
    session::{Away, ServerFlags},
};
use crate::configuration::{FolderFlags, LogFormat};

/// Make, list, show, change, rotate and revoke API keys, at the machine or on an engine elsewhere
///
/// While `serve` runs on the folder, these go through its socket there and hold from its next request on; else they open
/// the folder themselves. No key is needed: who can open the folder may. The log names the operator as who did it.
///
/// With `--server` they go to the engine there, with the session that `campanile login` kept or the key in
/// `CAMPANILE_API_KEY`, and within its rights.
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Make a key; prints its secret, once
    Create(create::Create),
    /// List a workspace's keys, revoked ones too
    List(list::List),
    /// Show a key: what it may do, from where, until when, and when it was last used
    Get(get::Get),
    /// Change what a key is called, what it may do, from where and until when
    Update(Box<update::Update>),
    /// Let a new key with the same rights follow another; prints its secret, once
    Rotate(rotate::Rotate),
    /// Revoke a key, for ever
    Revoke(revoke::Revoke),
    /// Tell what happened to a key, oldest first, and which writes were refused to it in the last 90 days
    History(history::History),
}

/// Where the keys, or the people, are.
#[derive(Debug, Args)]
pub(super) struct Place {
    /// The workspace; needed where there are several
    #[arg(long, value_name = "ID")]
    workspace: Option<String>,

    #[command(flatten)]
    server: ServerFlags,

    #[command(flatten)]
    folder: FolderFlags,
}

impl Place {
    /// Carries out `work` on the engine at `--server`, or else on the folder's.
    pub(super) fn run<T>(self, work: impl AsyncFnOnce(&Operator) -> Result<T, Failure>) -> Result<T, Failure> {
        match Away::named(&self.server, self.workspace.as_deref())? {
            Some(away) => Operator::run_away(away, work),
            None => Operator::run(self.folder, work),
        }
    }

    /// The same, where only an operator at the machine may.
    pub(super) fn run_here<T>(self, work: impl AsyncFnOnce(&Operator) -> Result<T, Failure>) -> Result<T, Failure> {
        if self.is_away() {
            let message = "this is done at the machine only, by who can open the data folder: leave `--server` away";
            return Err(Failure::Refused(message.to_owned()));
        }
        Operator::run(self.folder, work)
    }

    /// Whether an engine at an address is meant.
    pub(super) const fn is_away(&self) -> bool {
        self.server.is_given()
    }

    /// What is asked, `noun` and what follows it: of an operator's engine in this workspace; one at an address is told the
    /// workspace beside the path.
    pub(super) fn path(&self, noun: &str) -> String {
        if self.is_away() {
            return format!("/v1/{noun}?");
        }
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.workspace.iter().map(|id| ("workspace", id.as_str())));
        format!("/operator/{noun}?{}", query.finish())
    }

    /// The same for one key; what can't be a key's id would not even be a path.
    fn path_of(&self, id: &str, below: &str) -> Result<String, Failure> {
        if id.is_empty() || !id.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'_') {
            return Err(Failure::Refused(format!("`{id}` is not the id of a key")));
        }
        Ok(self.path(&format!("keys/{id}{below}")))
    }
}

impl Keys {
    pub(super) fn run(self) -> Result<(), Failure> {
        logging::start(LogFormat::Pretty, "warn");
        match self {
            Self::Create(command) => command.run(),
            Self::List(command) => command.run(),
            Self::Get(command) => command.run(),
            Self::Update(command) => command.run(),
            Self::Rotate(command) => command.run(),
            Self::Revoke(command) => command.run(),
            Self::History(command) => command.run(),
        }
    }
}
