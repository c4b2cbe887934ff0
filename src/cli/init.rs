//! `campanile init`

use std::{fmt::Write, io::Read, path::Path};

use campanile_events::clock::SystemClock;
use clap::Args;
use secrecy::SecretString;
use serde_json::json;

use super::{Failure, logging};
use crate::{
    configuration::{DATA, Folder, FolderFlags, LogFormat},
    engine::{Founding, InitializeError, Initialized, Opening, Owner, Store, initialize},
};

const EXAMPLES: &str = "Examples:
  campanile init --email you@example.com
  campanile init --email you@example.com --password-stdin --data /var/lib/campanile < password
  export KEY=$(campanile init --email you@example.com --json | jq -r .secret)";

/// Make an engine in the data folder: an organization, its owner, the workspace `default`, and one API key
///
/// The key has every scope and no rate limit; its secret is printed this once and kept nowhere. In a folder that has an
/// engine already nothing is changed, and the exit code is 2.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Init {
    /// The owner's e-mail address
    #[arg(long, value_name = "ADDRESS")]
    email: String,

    /// Read the owner's password from standard input, to sign in with
    #[arg(long)]
    password_stdin: bool,

    /// Print one JSON object instead of words: `workspace_id`, `key_id`, `secret`
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    folder: FolderFlags,
}

impl Init {
    pub(super) fn run(self) -> Result<(), Failure> {
        logging::start(LogFormat::Pretty, "warn");
        let folder = Folder::resolve(self.folder)?;
        let password = if self.password_stdin { Some(password()?) } else { None };
        let owner = Owner { email: self.email, password };
        owner.check()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let made = runtime.block_on(async {
            // Held until it is made.
            let founding = Founding::begin(&folder).await?;
            if founding.is_used() {
                return Err(InitializeError::UsedDatabase.into());
            }
            let store = Store::open(&folder, Opening::New, SystemClock::shared()).await?;
            let made = initialize(&store, owner).await?;
            // Who copies the log's file now has all of it.
            if let Err(error) = store.side.tidy().await {
                tracing::warn!(%error, "the write-ahead log stays beside its file");
            }
            Ok::<_, Failure>(made)
        })?;
        print(&made, self.json, &folder);
        Ok(())
    }
}

fn password() -> Result<SecretString, Failure> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(text.trim_end_matches(['\n', '\r']).into())
}

/// How `serve` finds the same engine. An address of a database may hold a password: it is named, not shown.
fn serve(folder: &Folder) -> String {
    let mut command = "campanile serve".to_owned();
    if folder.database.is_some() {
        command.push_str(" --database-url …");
    }
    if let Some(file) = &folder.master_key_file {
        write!(command, " --master-key-file {}", file.display()).expect("a string takes every text");
    }
    if folder.path != Path::new(DATA) {
        write!(command, " --data {}", folder.path.display()).expect("a string takes every text");
    }
    command
}

fn print(made: &Initialized, as_json: bool, folder: &Folder) {
    let Initialized { workspace_id, key_id, secret } = made;
    let secret = secret.expose();
    if as_json {
        say!("{}", json!({ "workspace_id": workspace_id, "key_id": key_id, "secret": secret }));
        return;
    }
    say!(
        "workspace  {workspace_id}  (default)\nkey        {key_id}  (every scope, no rate limit)\nsecret     {secret}\n\n\
         The secret is shown this once. Next: {}, then\n\n  \
         curl -H 'Authorization: Bearer {secret}' http://127.0.0.1:8080/v1/me",
        serve(folder)
    );
}
