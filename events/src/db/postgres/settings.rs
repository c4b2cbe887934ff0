//! Where the server is, and how long it may take.

use std::{error::Error as _, fmt, time::Duration};

use rustls::RootCertStore;
use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};

use super::tls::{Tls, Trust};

/// The schema that holds everything of ours.
pub const SCHEMA: &str = "campanile";

/// How long one address may take to answer, unless the URL says otherwise.
const CONNECT: Duration = Duration::from_secs(5);
/// A peer that vanished without a word is noticed after 10 s of silence and three unanswered probes: by us and by the
/// server, whose own limits don't count while it waits for the rest of what was sent, whatever is locked meanwhile.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(10);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEPALIVE_RETRIES: u32 = 3;
/// What was sent and is not acknowledged for so long is lost.
const UNACKNOWLEDGED: Duration = Duration::from_secs(15);

/// The parameters that a URL may carry, besides `sslmode` and `sslrootcert`.
const PARAMETERS: [&str; 17] = [
    "application_name",
    "channel_binding",
    "connect_timeout",
    "dbname",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "load_balance_hosts",
    "options",
    "password",
    "port",
    "target_session_attrs",
    "tcp_user_timeout",
    "user",
];

/// What is wrong with a URL. It never repeats what the URL says: a password may stand anywhere in a broken one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// It is no URL of a PostgreSQL server.
    #[error(
        "not a PostgreSQL URL: expected `postgres://user:password@host:port/database?sslmode=…`, with special characters of user and password written as `%40` and the like"
    )]
    NotAUrl,
    /// It names no host.
    #[error("the PostgreSQL URL names no host")]
    NoHost,
    /// It has a parameter that is unknown.
    #[error("the PostgreSQL URL has an unknown parameter; known are sslmode, sslrootcert, {}", PARAMETERS.join(", "))]
    UnknownParameter,
    /// A parameter's value can't be read.
    #[error("the PostgreSQL URL's `{0}` can't be read")]
    Parameter(&'static str),
    /// The way to use TLS is unknown.
    #[error("the PostgreSQL URL's `sslmode` must be disable, prefer, require, verify-ca or verify-full")]
    SslMode,
    /// There is no authority that `verify-ca` could go by: every host has a certificate of a public one.
    #[error(
        "the PostgreSQL URL's `sslmode=verify-ca` needs `sslrootcert`, which names a file of certificates to trust"
    )]
    NoAuthority,
    /// The file with root certificates can't be used.
    #[error("the file that the PostgreSQL URL's `sslrootcert` names {0}")]
    RootCertificates(&'static str),
}

/// How long the server lets a session take; `None` is without end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Between two statements of a transaction. The shortest: who stops with locks in hand loses them before anyone who
    /// waits for them fails.
    pub idle_in_transaction: Option<Duration>,
    /// Waiting for one lock.
    pub lock: Option<Duration>,
    /// One statement, its locks included.
    pub statement: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        let seconds = |number| Some(Duration::from_secs(number));
        Self { idle_in_transaction: seconds(1), lock: seconds(3), statement: seconds(5) }
    }
}

impl Limits {
    /// For work that takes as long as it takes, such as changing tables.
    pub const NONE: Self = Self { idle_in_transaction: None, lock: None, statement: None };
}

/// How to reach a server, and what its sessions are held to.
#[derive(Clone)]
pub struct Settings {
    pub(super) config: Config,
    pub(super) tls: Tls,
    limits: Limits,
    reads_only: bool,
    purpose: String,
}

impl Settings {
    /// Reads a `postgres://` URL. Besides libpq's own parameters that tokio-postgres knows:
    ///
    /// - `sslmode`: `disable`; `prefer` (the default: TLS if the server has it); `require` (TLS, whoever answers);
    ///   `verify-ca` (TLS, and an authority of `sslrootcert` vouches for the server, whatever its name); `verify-full` (TLS,
    ///   and the server proves its name). The words mean what they mean in libpq.
    /// - `sslrootcert`: a PEM file with the certificates to trust; in `verify-full` instead of the public ones.
    ///
    /// # Errors
    /// [`SettingsError`]; the file of `sslrootcert` is read here, so that a wrong one is told at the start.
    pub fn parse(url: &str) -> Result<Self, SettingsError> {
        let rest = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://"));
        if rest.is_none_or(str::is_empty) {
            return Err(SettingsError::NotAUrl);
        }
        let (place, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut mode, mut trusted, mut kept) = (SslMode::Prefer, Trust::Anyone, Vec::new());
        let mut roots = None;
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or(SettingsError::NotAUrl)?;
            match name {
                "sslmode" => {
                    (mode, trusted) = match value {
                        "disable" => (SslMode::Disable, Trust::Anyone),
                        "prefer" => (SslMode::Prefer, Trust::Anyone),
                        "require" => (SslMode::Require, Trust::Anyone),
                        "verify-ca" => (SslMode::Require, Trust::AnyNameOf(RootCertStore::empty())),
                        "verify-full" => (SslMode::Require, Trust::Public),
                        _ => return Err(SettingsError::SslMode),
                    }
                }
                "sslrootcert" => roots = Some(decoded(value).ok_or(SettingsError::Parameter("sslrootcert"))?),
                _ if PARAMETERS.contains(&name) => kept.push(pair),
                _ => return Err(SettingsError::UnknownParameter),
            }
        }
        let plain = if kept.is_empty() { place.to_owned() } else { format!("{place}?{}", kept.join("&")) };
        let mut config: Config = plain.parse().map_err(|error| refused(&error))?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(SettingsError::NoHost);
        }
        trusted = match (trusted, roots) {
            (Trust::Public, Some(roots)) => Trust::Roots(Trust::file(roots.as_ref())?),
            (Trust::AnyNameOf(_), Some(roots)) => Trust::AnyNameOf(Trust::file(roots.as_ref())?),
            (Trust::AnyNameOf(_), None) => return Err(SettingsError::NoAuthority),
            (trusted, _) => trusted,
        };
        config.ssl_mode(mode);
        let said = |name| kept.iter().any(|pair| pair.split('=').next() == Some(name));
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        if !said("keepalives_idle") {
            config.keepalives_idle(KEEPALIVE_IDLE);
        }
        if !said("keepalives_interval") {
            config.keepalives_interval(KEEPALIVE_INTERVAL);
        }
        if !said("keepalives_retries") {
            config.keepalives_retries(KEEPALIVE_RETRIES);
        }
        if !said("tcp_user_timeout") {
            config.tcp_user_timeout(UNACKNOWLEDGED);
        }
        if !said("application_name") {
            config.application_name("campanile");
        }
        Ok(Self {
            config,
            tls: Tls::new(&trusted),
            limits: Limits::default(),
            reads_only: false,
            purpose: String::new(),
        })
    }

    /// The same, for one purpose: the name by which `pg_stat_activity` shows its sessions, as `campanile journal`.
    #[must_use]
    pub fn named(mut self, purpose: &str) -> Self {
        purpose.clone_into(&mut self.purpose);
        self
    }

    /// The same server, another database on it.
    #[must_use]
    pub fn in_database(mut self, name: &str) -> Self {
        self.config.dbname(name);
        self
    }

    /// The same, with other limits.
    #[must_use]
    pub fn limited(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The same, for sessions that can't write.
    #[must_use]
    pub(super) fn reading(mut self) -> Self {
        self.reads_only = true;
        self
    }

    /// What its sessions are held to.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// What a connection is opened with. The session's settings travel with its first message: no session is ever
    /// without them, and `reset all` comes back to them.
    pub(super) fn config(&self) -> Config {
        let millis = |limit: Option<Duration>| limit.map_or(0, |limit| limit.as_millis());
        let own = format!(
            "-c search_path={SCHEMA} -c timezone=UTC -c client_min_messages=warning -c jit=off \
             -c default_transaction_isolation=read\\ committed -c default_transaction_read_only={} \
             -c tcp_keepalives_idle={} -c tcp_keepalives_interval={} -c tcp_keepalives_count={KEEPALIVE_RETRIES} \
             -c statement_timeout={} -c lock_timeout={} -c idle_in_transaction_session_timeout={}",
            if self.reads_only { "on" } else { "off" },
            KEEPALIVE_IDLE.as_secs(),
            KEEPALIVE_INTERVAL.as_secs(),
            millis(self.limits.statement),
            millis(self.limits.lock),
            millis(self.limits.idle_in_transaction),
        );
        let mut config = self.config.clone();
        let options = config.get_options().map_or_else(|| own.clone(), |given| format!("{given} {own}"));
        config.options(options);
        if let Some(name) = self.config.get_application_name().filter(|_| !self.purpose.is_empty()) {
            config.application_name(format!("{name} {}", self.purpose));
        }
        config
    }
}

/// The place without its password.
impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut ports = self.config.get_ports().iter();
        let mut port = 5432;
        for (number, host) in self.config.get_hosts().iter().enumerate() {
            port = *ports.next().unwrap_or(&port);
            f.write_str(if number == 0 { "" } else { "," })?;
            match host {
                Host::Tcp(name) => write!(f, "{name}:{port}")?,
                Host::Unix(path) => write!(f, "{}:{port}", path.display())?,
            }
        }
        write!(f, "/{}", self.config.get_dbname().or(self.config.get_user()).unwrap_or_default())
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("place", &self.to_string())
            .field("user", &self.config.get_user())
            .field("ssl_mode", &self.config.get_ssl_mode())
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Says which parameter was refused, if it is one of ours to name.
fn refused(error: &tokio_postgres::Error) -> SettingsError {
    let reason = error.source().map(ToString::to_string).unwrap_or_default();
    let named = PARAMETERS.into_iter().find(|name| reason == format!("invalid value for option `{name}`"));
    named.map_or(SettingsError::NotAUrl, SettingsError::Parameter)
}

/// A percent-encoded value.
fn decoded(value: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first == b'%' {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}
