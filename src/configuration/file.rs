//! `campanile.toml`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::{ConfigurationError, LogFormat};

const USUAL: &str = "campanile.toml";

/// What the file may hold: the flags' names with `_`, and the time constants as a table.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigurationFile {
    pub(super) data: Option<PathBuf>,
    pub(super) master_key_file: Option<PathBuf>,
    pub(super) listen: Option<String>,
    pub(super) database_url: Option<String>,
    pub(super) nats_url: Option<String>,
    pub(super) roles: Option<List>,
    pub(super) workers: Option<usize>,
    pub(super) public_url: Option<String>,
    pub(super) trusted_proxies: Option<List>,
    pub(super) allow_egress: Option<List>,
    pub(super) log_format: Option<LogFormat>,
    pub(super) timing: Option<BTreeMap<String, Seconds>>,
    pub(super) telemetry: Option<TelemetryTable>,
}

/// Where traces go.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TelemetryTable {
    pub(super) otlp_endpoint: Option<String>,
}

/// Words, as a list or with commas as on the command line.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum List {
    Text(String),
    Words(Vec<String>),
}

impl List {
    pub(super) fn joined(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Words(words) => words.join(","),
        }
    }
}

/// TOML tells `60` from `60.0`; who writes a duration doesn't.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged)]
pub(super) enum Seconds {
    Whole(u32),
    Part(f64),
}

impl From<Seconds> for f64 {
    fn from(seconds: Seconds) -> Self {
        match seconds {
            Seconds::Whole(whole) => Self::from(whole),
            Seconds::Part(part) => part,
        }
    }
}

impl ConfigurationFile {
    /// Reads the named file, which must be there, or the usual one, which may be absent.
    ///
    /// # Errors
    /// If it can't be read, or holds what is no setting.
    pub fn read(named: Option<&Path>) -> Result<Self, ConfigurationError> {
        let path = named.unwrap_or(Path::new(USUAL));
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => {
                return Err(ConfigurationError::File { path: path.to_owned(), reason: error.to_string() });
            }
        };
        Self::parse(&text).map_err(|reason| ConfigurationError::File { path: path.to_owned(), reason })
    }

    pub(super) fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| text[..span.start.min(text.len())].lines().count().max(1));
            let at = line.map(|line| format!("line {line}: ")).unwrap_or_default();
            format!("{at}{}", error.message().replace("unknown field", "unknown key"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_are_refused_by_name() {
        let refused = ConfigurationFile::parse("listen = \"0.0.0.0:1\"\nlissten = 1\n").unwrap_err();
        assert!(refused.contains("unknown key `lissten`"), "{refused}");
        let read = ConfigurationFile::parse("roles = [\"api\"]\n[timing]\nlease = 1\nsettle = 2.5\n").unwrap();
        assert_eq!(read.roles.map(List::joined).as_deref(), Some("api"));
        assert_eq!(read.timing.map(|timing| f64::from(timing["settle"])), Some(2.5));
    }
}
