//! The sessions that this user has, in their configuration folder: one for each engine. The file is theirs alone, as what
//! stands in it opens as much as their password does.

use std::{
    collections::BTreeMap,
    io::{ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::cli::Failure;

const FILE: &str = "sessions.json";
/// What of a file's mode is others'.
const OTHERS: u32 = 0o077;

/// All of them, by the engine's address.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Kept {
    sessions: BTreeMap<String, KeptSession>,
}

/// One of them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct KeptSession {
    /// Who is signed in.
    pub(super) email: String,
    /// What shows it.
    #[serde(serialize_with = "exposed")]
    pub(super) token: SecretString,
}

/// The file is the one place that a token is written to.
fn exposed<S: serde::Serializer>(token: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(token.expose_secret())
}

impl Kept {
    /// Those that there are.
    pub(super) fn read() -> Result<Self, Failure> {
        let path = folder()?.join(FILE);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(Failure::Failed(format!("{}: {error}", path.display()))),
        };
        warn_of_others(&path);
        serde_json::from_slice(&bytes).map_err(|error| {
            Failure::Failed(format!("{}: line {}: not as it was written", path.display(), error.line()))
        })
    }

    /// The session on an engine, or the only one.
    pub(super) fn of(&self, server: Option<&Url>) -> Result<(Url, KeptSession), Failure> {
        let found = match server {
            Some(server) => self.sessions.get_key_value(server.as_str()),
            None if self.sessions.len() > 1 => {
                let all = self.sessions.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                return Err(Failure::Refused(format!("say which engine, by `--server`: {all}")));
            }
            None => self.sessions.first_key_value(),
        };
        let none =
            || Failure::Refused("there is no session: run `campanile login --server URL --email ADDRESS`".into());
        let (server, session) = found.ok_or_else(none)?;
        let server = server.parse().map_err(|_| Failure::Failed(format!("`{server}` is not an address")))?;
        Ok((server, session.clone()))
    }

    /// The session on an engine, if there is one.
    pub(super) fn on(&self, server: &Url) -> Option<KeptSession> {
        self.sessions.get(server.as_str()).cloned()
    }

    /// Keeps a session, in place of the one before on that engine.
    pub(super) fn keep(mut self, server: &Url, session: KeptSession) -> Result<PathBuf, Failure> {
        self.sessions.insert(server.to_string(), session);
        self.write()
    }

    /// Forgets the session on an engine.
    pub(super) fn forget(mut self, server: &Url) -> Result<(), Failure> {
        self.sessions.remove(server.as_str());
        self.write().map(drop)
    }

    /// Whole or not at all, and never open to others, not for a moment: a temporary file has mode 0600 from the start.
    fn write(&self) -> Result<PathBuf, Failure> {
        let folder = folder()?;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        let path = folder.join(FILE);
        let mut file = tempfile::NamedTempFile::new_in(&folder)?;
        let text = serde_json::to_string_pretty(self).map_err(|error| Failure::Failed(error.to_string()))?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|error| Failure::Failed(format!("{}: {}", path.display(), error.error)))?;
        Ok(path)
    }
}

/// Whoever of this machine could read the file could use its sessions, until they are ended.
fn warn_of_others(path: &Path) {
    let mode = std::fs::metadata(path).map_or(0, |file| file.permissions().mode() & 0o777);
    if mode & OTHERS != 0 {
        let path = path.display();
        eprintln!(
            "campanile: warning: {path} has the mode {mode:o}, so others on this machine can read your sessions: `chmod 600 \
             {path}`, and `campanile logout` if somebody may have"
        );
    }
}

/// The folder for this program's settings of this user.
fn folder() -> Result<PathBuf, Failure> {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_CONFIG_HOME").or_else(|| Some(absolute("HOME")?.join(".config")));
    let base = base.ok_or_else(|| Failure::Refused("neither `XDG_CONFIG_HOME` nor `HOME` names a folder".into()))?;
    Ok(base.join("campanile"))
}
