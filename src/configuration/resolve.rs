//! One value for each setting.

use std::path::PathBuf;

use campanile_events::{
    db::postgres,
    timing::{InvalidTiming, Timing},
};
use campanile_workers::{bus::nats, platforms};
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{ConfigurationFile, FolderFlags, LogFormat, Role, Roles, ServeFlags, UnknownRole};
use crate::access::{
    limits::{InvalidLimit, LimitSettings},
    plans::{InvalidPlan, PlanSettings},
};

/// The variable of `serve`'s flag: commands about a folder go by it, and have no such flag.
const PLANS: &str = "CAMPANILE_PLANS";
const LISTEN: &str = "127.0.0.1:8080";
/// Nodes without clients are often several on a machine.
const LISTEN_WITHOUT_API: &str = "127.0.0.1:0";
/// The data folder, unless another is named.
pub const DATA: &str = "./campanile-data";
const WORKERS: usize = 4;

/// Where the data is, and what opens it.
#[derive(Debug, Clone)]
pub struct Folder {
    /// The folder.
    pub path: PathBuf,
    /// The master key's file, where it isn't in the folder.
    pub master_key_file: Option<PathBuf>,
    /// The database that holds journal, side tables and read models, where the folder doesn't.
    pub database: Option<postgres::Settings>,
}

/// What is done with a log that was restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnRestored {
    /// It is refused, where that is noticed.
    #[default]
    Refuse,
    /// Its new epoch begins, where it is noticed.
    Begin(DueLater),
    /// Its new epoch begins: the operator says that it was.
    BeginAnyway(DueLater),
}

/// What becomes of posts that a restored log holds as due later: somebody may have published them early since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DueLater {
    /// They wait until somebody says what became of them.
    Held,
    /// They are sent at their time: the operator says that nobody did.
    Kept,
}

/// What `serve` runs with.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// Where the data is.
    pub folder: Folder,
    /// What carries jobs between nodes, where there is more than this process.
    pub nats: Option<nats::Settings>,
    /// The address to answer on.
    pub listen: String,
    /// What this process does.
    pub roles: Roles,
    /// How many posts are worked on at once.
    pub workers: usize,
    /// Under which address clients reach the engine.
    pub public_url: Option<Url>,
    /// Whose word on a client's address is taken.
    pub trusted_proxies: Vec<IpNet>,
    /// Private networks that outgoing requests may reach.
    pub allow_egress: Vec<IpNet>,
    /// How the log is written.
    pub log_format: LogFormat,
    /// How long things may take.
    pub timing: Timing,
    /// How many requests are usual.
    pub limits: LimitSettings,
    /// The plans that workspaces may have.
    pub plans: PlanSettings,
    /// Which collector takes traces.
    pub otlp_endpoint: Option<Url>,
    /// What is done with a log that was restored.
    pub on_restored: OnRestored,
}

/// A setting that can't be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ConfigurationError {
    /// The file doesn't read.
    #[error("{}: {reason}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The database's address can't be used.
    #[error("`database-url`: {0}")]
    Database(#[from] postgres::SettingsError),
    /// The bus's address can't be used.
    #[error("`nats-url`: {0}")]
    Nats(#[from] nats::InvalidSettings),
    /// A value doesn't read.
    #[error("`{setting}`: `{value}` is not {expected}")]
    Value {
        /// Which setting.
        setting: &'static str,
        /// What was given.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A role doesn't exist.
    #[error(transparent)]
    Role(#[from] UnknownRole),
    /// A time constant can't be used.
    #[error(transparent)]
    Timing(#[from] InvalidTiming),
    /// A limit can't be used.
    #[error(transparent)]
    Limit(#[from] InvalidLimit),
    /// A plan can't be used.
    #[error(transparent)]
    Plan(#[from] InvalidPlan),
}

impl Folder {
    /// What flags, variables and file say of the folder.
    pub fn resolve(flags: FolderFlags) -> Result<Self, ConfigurationError> {
        let file = ConfigurationFile::read(flags.config.as_deref())?;
        Self::of(flags, file.data, file.master_key_file, file.database_url)
    }

    /// The same, with the plans that there are: for a command that opens the folder itself.
    pub fn with_plans(flags: FolderFlags) -> Result<(Self, PlanSettings), ConfigurationError> {
        let mut file = ConfigurationFile::read(flags.config.as_deref())?;
        let variable = std::env::var(PLANS).ok();
        let plans = file.plans(variable.as_deref())?;
        Ok((Self::of(flags, file.data, file.master_key_file, file.database_url)?, plans))
    }

    /// A folder with everything in it, its master key too.
    pub const fn embedded(path: PathBuf) -> Self {
        Self { path, master_key_file: None, database: None }
    }

    fn of(
        flags: FolderFlags,
        data: Option<PathBuf>,
        master_key_file: Option<PathBuf>,
        database_url: Option<SecretString>,
    ) -> Result<Self, ConfigurationError> {
        let database = secret(flags.database_url, database_url);
        Ok(Self {
            path: path(flags.data, data).unwrap_or_else(|| DATA.into()),
            master_key_file: path(flags.master_key_file, master_key_file),
            database: database.map(|url| postgres::Settings::parse(url.expose_secret().trim())).transpose()?,
        })
    }
}

impl Configuration {
    /// A configuration of defaults for a folder, for who starts an engine without a command line.
    pub fn of(folder: Folder) -> Self {
        Self {
            folder,
            nats: None,
            listen: LISTEN.to_owned(),
            roles: Roles::default(),
            workers: WORKERS,
            public_url: None,
            trusted_proxies: Vec::new(),
            allow_egress: Vec::new(),
            log_format: LogFormat::default(),
            timing: Timing::default(),
            limits: LimitSettings::default(),
            plans: PlanSettings::default(),
            otlp_endpoint: None,
            on_restored: OnRestored::default(),
        }
    }

    /// What flags, variables and file say.
    pub fn resolve(flags: ServeFlags) -> Result<Self, ConfigurationError> {
        let file = ConfigurationFile::read(flags.folder.config.as_deref())?;
        Self::merge(flags, file)
    }

    pub(super) fn merge(flags: ServeFlags, mut file: ConfigurationFile) -> Result<Self, ConfigurationError> {
        let plans = file.plans(flags.plans.as_deref())?;
        // A variable that is set to nothing is not set.
        let text = |flag: Option<String>, file: Option<String>| flag.filter(|it| !it.trim().is_empty()).or(file);
        let nats = secret(flags.nats_url, file.nats_url);
        let credentials = path(flags.nats_credentials_file, file.nats_credentials_file);
        let nats = nats.map(|url| bus(&url, credentials, path(flags.nats_ca_file, file.nats_ca_file))).transpose()?;
        let listed = |flag, file: Option<super::file::List>| text(flag, file.map(super::file::List::joined));
        let mut timing = Timing::default();
        for (name, seconds) in file.timing.unwrap_or_default() {
            timing.set(&name.replace('-', "_"), seconds.into())?;
        }
        timing.apply(flags.timing.as_deref().unwrap_or_default())?;
        let mut limits = LimitSettings::default();
        for (name, number) in file.limits.unwrap_or_default() {
            limits.set(&name.replace('-', "_"), number)?;
        }
        limits.apply(flags.limits.as_deref().unwrap_or_default())?;
        let nats = nats.map(|settings| settings.paced_by(&timing));
        let nats = named(nats, text(flags.nats_name, file.nats_name), flags.nats_replicas.or(file.nats_replicas))?;
        let workers = flags.workers.or(file.workers).unwrap_or(WORKERS);
        if !(1..=1_000).contains(&workers) {
            return Err(invalid("workers", workers.to_string(), "a number from 1 to 1000"));
        }
        let public_url = text(flags.public_url, file.public_url)
            .map(|url| Url::parse(&url).map_err(|_| invalid("public-url", url, "an address such as https://…")))
            .transpose()?;
        let otlp_endpoint =
            text(flags.otlp_endpoint, file.otlp_endpoint.or(file.telemetry.and_then(|it| it.otlp_endpoint)))
                .map(|url| http_url(&url).ok_or_else(|| invalid("otlp-endpoint", url, "an address such as http://…")))
                .transpose()?;
        let roles: Roles = listed(flags.roles, file.roles).unwrap_or_default().parse()?;
        let usual = if roles.has(Role::Api) { LISTEN } else { LISTEN_WITHOUT_API };
        Ok(Self {
            folder: Folder::of(flags.folder, file.data, file.master_key_file, file.database_url)?,
            nats,
            listen: text(flags.listen, file.listen).unwrap_or_else(|| usual.to_owned()),
            roles,
            workers,
            public_url,
            trusted_proxies: networks("trusted-proxies", listed(flags.trusted_proxies, file.trusted_proxies))?,
            allow_egress: networks("allow-egress", listed(flags.allow_egress, file.allow_egress))?,
            log_format: flags.log_format.or(file.log_format).unwrap_or_default(),
            timing,
            limits,
            plans,
            otlp_endpoint,
            on_restored: OnRestored::default(),
        })
    }
}

/// The flag or the file's; a variable that is set to nothing is not set.
fn secret(flag: Option<SecretString>, file: Option<SecretString>) -> Option<SecretString> {
    flag.filter(|it| !it.expose_secret().trim().is_empty()).or(file)
}

fn path(flag: Option<PathBuf>, file: Option<PathBuf>) -> Option<PathBuf> {
    flag.filter(|path| !path.as_os_str().is_empty()).or(file)
}

fn bus(
    url: &SecretString,
    credentials: Option<PathBuf>,
    ca: Option<PathBuf>,
) -> Result<nats::Settings, nats::InvalidSettings> {
    let names = platforms::descriptions().into_iter().map(|it| it.name.to_owned());
    let mut settings = nats::Settings::from_url(url.expose_secret().trim(), names)?;
    settings.ca = ca;
    match credentials {
        Some(path) => settings.with_credentials_file(path),
        None => Ok(settings),
    }
}

/// The bus with what this engine is called there, and on how many servers its stream is kept.
fn named(
    bus: Option<nats::Settings>,
    name: Option<String>,
    replicas: Option<usize>,
) -> Result<Option<nats::Settings>, ConfigurationError> {
    let Some(mut bus) = bus else { return Ok(None) };
    if let Some(name) = name {
        let bad = |_| invalid("nats-name", name.clone(), "a name of letters, digits, `-` and `_`, other than `jobs`");
        bus = bus.with_name(name.trim().to_owned()).map_err(bad)?;
    }
    if let Some(replicas) = replicas {
        if !nats::REPLICAS.contains(&replicas) {
            return Err(invalid("nats-replicas", replicas.to_string(), "a number from 1 to 5"));
        }
        bus.replicas = replicas;
    }
    Ok(Some(bus))
}

fn http_url(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn networks(setting: &'static str, list: Option<String>) -> Result<Vec<IpNet>, ConfigurationError> {
    let list = list.unwrap_or_default();
    let words = list.split(',').map(str::trim).filter(|word| !word.is_empty());
    let read = |word: &str| {
        let network = word.parse().or_else(|_| word.parse::<std::net::IpAddr>().map(IpNet::from));
        network.map_err(|_| invalid(setting, word.to_owned(), "a network such as 10.0.0.0/8"))
    };
    words.map(read).collect()
}

fn invalid(setting: &'static str, value: String, expected: &'static str) -> ConfigurationError {
    ConfigurationError::Value { setting, value, expected }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> ConfigurationFile {
        toml::from_str(text).expect("a good file")
    }

    #[test]
    fn flags_stand_before_the_file_and_the_file_before_defaults() {
        let flags = ServeFlags {
            listen: Some("127.0.0.1:0".into()),
            timing: Some("lease=1".into()),
            limits: Some("per_day=7".into()),
            allow_egress: Some("127.0.0.1, 10.0.0.0/8".into()),
            nats_url: Some(SecretString::from("nats://a")),
            ..ServeFlags::default()
        };
        let file = file(
            "listen = \"0.0.0.0:1\"\nworkers = 2\n[timing]\nlease = 9\nsettle = 3\n[limits]\nper-minute = 5\nper_day = 6\n",
        );
        let merged = Configuration::merge(flags, file).expect("a good configuration");
        assert_eq!((merged.listen.as_str(), merged.workers), ("127.0.0.1:0", 2));
        assert_eq!((merged.timing.lease.as_secs(), merged.timing.settle.as_secs()), (1, 3));
        assert_eq!((merged.limits.usual.per_minute, merged.limits.usual.per_day), (5, 7));
        assert_eq!(merged.nats.map(|bus| bus.ack_wait.as_secs()), Some(2), "the bus goes by the same pace");
        assert_eq!(merged.allow_egress.len(), 2);
        assert_eq!(merged.folder.path, PathBuf::from(DATA));
    }

    #[test]
    fn addresses_are_read_and_their_passwords_are_not_shown() {
        let text = "database-url = \"postgres://u:hidden@db/c\"\nnats_url = \"nats://u:hidden@a,b\"";
        let read = file(text);
        assert!(!format!("{read:?}").contains("hidden"), "{read:?}");
        let merged = Configuration::merge(ServeFlags::default(), read).expect("a good configuration");
        assert!(merged.folder.database.is_some());
        assert_eq!(merged.nats.as_ref().map(nats::Settings::servers).as_deref(), Some("nats://a:4222,nats://b:4222"));
        assert!(!format!("{merged:?}").contains("hidden"), "{merged:?}");
    }

    #[test]
    fn what_can_not_be_used_is_named() {
        for (text, message) in [
            (
                "nats_url = \"http://x:hidden@y\"",
                "`nats-url`: the address of NATS must be of the form \
                 nats://[user:password@|token@]host[:port][,host[:port]] or tls://…",
            ),
            (
                "database_url = \"mysql://x:hidden@y\"",
                "`database-url`: not a PostgreSQL URL: expected \
                 `postgres://user:password@host:port/database?sslmode=…`, with special characters of user and password \
                 written as `%40` and the like",
            ),
            (
                "nats_url = \"nats://a\"\nnats_name = \"a.b\"",
                "`nats-name`: `a.b` is not a name of letters, digits, `-` and `_`, other than `jobs`",
            ),
            ("nats_url = \"nats://a\"\nnats_replicas = 6", "`nats-replicas`: `6` is not a number from 1 to 5"),
            ("workers = 0", "`workers`: `0` is not a number from 1 to 1000"),
            ("allow_egress = [\"ten\"]", "`allow-egress`: `ten` is not a network such as 10.0.0.0/8"),
            ("[timing]\nleese = 1", "timing: unknown name `leese`"),
            ("roles = \"king\"", "unknown role `king`: there are api, projector, scheduler and worker"),
        ] {
            let refused = Configuration::merge(ServeFlags::default(), file(text)).unwrap_err();
            assert_eq!(refused.to_string(), message);
        }
    }

    #[test]
    fn a_node_without_clients_takes_a_free_port() {
        let file = |text| ConfigurationFile::parse(text).expect("good TOML");
        for (text, listen) in [
            ("", "127.0.0.1:8080"),
            ("roles = \"worker,api\"", "127.0.0.1:8080"),
            ("roles = \"worker\"", "127.0.0.1:0"),
            ("roles = \"worker\"\nlisten = \"0.0.0.0:9\"", "0.0.0.0:9"),
        ] {
            let merged = Configuration::merge(ServeFlags::default(), file(text)).expect("it is good");
            assert_eq!(merged.listen, listen, "{text}");
        }
    }
}
