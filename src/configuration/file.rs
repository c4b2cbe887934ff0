//! `campanile.toml`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use secrecy::SecretString;
use serde::Deserialize;

use super::{ConfigurationError, LogFormat, shape};
use crate::access::plans::{InvalidPlan, PlanSettings};

const USUAL: &str = "campanile.toml";

/// What the file may hold: the flags' names, with `-` or `_`, and the time constants and limits as tables.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigurationFile {
    pub(super) data: Option<PathBuf>,
    #[serde(alias = "master-key-file")]
    pub(super) master_key_file: Option<PathBuf>,
    #[serde(alias = "pepper-file")]
    pub(super) pepper_file: Option<PathBuf>,
    pub(super) listen: Option<String>,
    #[serde(alias = "database-url")]
    pub(super) database_url: Option<SecretString>,
    #[serde(alias = "nats-url")]
    pub(super) nats_url: Option<SecretString>,
    #[serde(alias = "nats-credentials-file")]
    pub(super) nats_credentials_file: Option<PathBuf>,
    #[serde(alias = "nats-ca-file")]
    pub(super) nats_ca_file: Option<PathBuf>,
    #[serde(alias = "nats-name")]
    pub(super) nats_name: Option<String>,
    #[serde(alias = "nats-replicas")]
    pub(super) nats_replicas: Option<usize>,
    pub(super) roles: Option<List>,
    pub(super) workers: Option<usize>,
    #[serde(alias = "public-url")]
    pub(super) public_url: Option<String>,
    #[serde(alias = "trusted-proxies")]
    pub(super) trusted_proxies: Option<List>,
    #[serde(alias = "allow-egress")]
    pub(super) allow_egress: Option<List>,
    #[serde(alias = "log-format")]
    pub(super) log_format: Option<LogFormat>,
    #[serde(alias = "otlp-endpoint")]
    pub(super) otlp_endpoint: Option<String>,
    pub(super) timing: Option<BTreeMap<String, Seconds>>,
    pub(super) limits: Option<BTreeMap<String, u32>>,
    pub(super) plans: Option<BTreeMap<String, BTreeMap<String, PlanValue>>>,
    pub(super) telemetry: Option<TelemetryTable>,
}

/// Where traces go.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TelemetryTable {
    #[serde(alias = "otlp-endpoint")]
    pub(super) otlp_endpoint: Option<String>,
}

/// What a plan says of one thing.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum PlanValue {
    Number(u64),
    Truth(bool),
    Words(List),
}

impl PlanValue {
    /// As the command line says it.
    fn text(self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Truth(truth) => truth.to_string(),
            Self::Words(words) => words.joined().replace(',', "+"),
        }
    }
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

    /// Its plans, with those of `flag` beside them.
    pub(super) fn plans(&mut self, flag: Option<&str>) -> Result<PlanSettings, InvalidPlan> {
        let mut plans = PlanSettings::default();
        for (plan, values) in self.plans.take().unwrap_or_default() {
            plans.named(&plan)?;
            for (name, value) in values {
                plans.set(&plan, &name.replace('-', "_"), &value.text())?;
            }
        }
        plans.apply(flag.unwrap_or_default())?;
        plans.check()?;
        Ok(plans)
    }

    pub(super) fn parse(text: &str) -> Result<Self, String> {
        shape::check(text)?;
        toml::from_str(text).map_err(|error| shape::unread(text, &error))
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command};

    use super::*;
    use crate::configuration::{Configuration, ServeFlags};

    #[test]
    fn unknown_keys_are_refused_by_name() {
        let refused = ConfigurationFile::parse("listen = \"0.0.0.0:1\"\nlissten = 1\n").unwrap_err();
        assert!(refused.starts_with("line 2: unknown key `lissten`"), "{refused}");
        let read = ConfigurationFile::parse("roles = [\"api\"]\n[timing]\nlease = 1\nsettle = 2.5\n").unwrap();
        assert_eq!(read.roles.map(List::joined).as_deref(), Some("api"));
        assert_eq!(read.timing.map(|timing| f64::from(timing["settle"])), Some(2.5));
    }

    #[test]
    fn a_flag_stands_in_the_file_as_on_the_command_line() {
        let flags = ServeFlags::augment_args(Command::new("serve"));
        let names: Vec<_> = flags.get_arguments().filter_map(clap::Arg::get_long).collect();
        for name in names.iter().filter(|name| !["config", "timing", "limits", "plans"].contains(name)) {
            let value = match *name {
                "workers" | "nats-replicas" => "3",
                "log-format" => "\"json\"",
                _ => "\"http://10.0.0.1\"",
            };
            for name in [(*name).to_owned(), name.replace('-', "_")] {
                let read = ConfigurationFile::parse(&format!("{name} = {value}\n"));
                assert!(read.is_ok(), "{name}: {read:?}");
            }
        }
        let text =
            "public-url = \"https://a.example\"\notlp-endpoint = \"http://b.example\"\n[timing]\nlookup-gap = 7\n";
        let file = ConfigurationFile::parse(text).expect("a good file");
        let read = Configuration::merge(ServeFlags::default(), file).expect("a good configuration");
        assert_eq!(read.public_url.map(String::from).as_deref(), Some("https://a.example/"));
        assert_eq!(read.otlp_endpoint.map(String::from).as_deref(), Some("http://b.example/"));
        assert_eq!(read.timing.lookup_gap.as_secs(), 7);
    }
}
