//! `campanile keys`: API keys, for an operator at the machine.

mod create;
mod list;
mod revoke;
mod rotate;

use clap::{Args, Subcommand};

use super::{Failure, Operator, logging};
use crate::configuration::{FolderFlags, LogFormat};

/// Make, list, rotate and revoke API keys, at the machine
///
/// While `serve` runs on the folder, these go through its socket there and hold from its next request on; else they open
/// the folder themselves. No key is needed: who can open the folder may. The log names the operator as who did it.
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Make a key; prints its secret, once
    Create(create::Create),
    /// List a workspace's keys, revoked ones too
    List(list::List),
    /// Let a new key with the same rights follow another; prints its secret, once
    Rotate(rotate::Rotate),
    /// Revoke a key, for ever
    Revoke(revoke::Revoke),
}

/// Where the keys, or the people, are.
#[derive(Debug, Args)]
pub(super) struct Place {
    /// The workspace; needed where there are several
    #[arg(long, value_name = "ID")]
    workspace: Option<String>,

    #[command(flatten)]
    pub(super) folder: FolderFlags,
}

impl Place {
    /// An operator's path, in this workspace.
    pub(super) fn path(&self, path: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.workspace.iter().map(|id| ("workspace", id.as_str())));
        format!("{path}?{}", query.finish())
    }

    /// The same for one key; what can't be a key's id would not even be a path.
    fn path_of(&self, id: &str, below: &str) -> Result<String, Failure> {
        if id.is_empty() || !id.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'_') {
            return Err(Failure::Refused(format!("`{id}` is not the id of a key")));
        }
        Ok(self.path(&format!("/operator/keys/{id}{below}")))
    }
}

impl Keys {
    pub(super) fn run(self) -> Result<(), Failure> {
        logging::start(LogFormat::Pretty, "warn");
        match self {
            Self::Create(command) => command.run(),
            Self::List(command) => command.run(),
            Self::Rotate(command) => command.run(),
            Self::Revoke(command) => command.run(),
        }
    }
}
