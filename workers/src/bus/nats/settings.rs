//! Where the servers are, and as whom to speak to them.

use std::{path::PathBuf, time::Duration};

use campanile_events::timing::Timing;
use secrecy::SecretString;
use url::Url;

/// The port that servers listen on by default.
const PORT: u16 = 4222;
/// On how many servers a stream may be kept.
pub const REPLICAS: std::ops::RangeInclusive<usize> = 1..=5;
/// A stream's name is that of a folder, too.
const MOST_LETTERS: usize = 64;
/// The shortest that a job stays a silent node's: four acks that say it is in hand, each with time to arrive.
const LEAST_WAIT: Duration = Duration::from_secs(2);

/// Settings of a bus on NATS. Its `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct Settings {
    pub(super) servers: Vec<String>,
    pub(super) credentials: Credentials,
    pub(super) tls: bool,
    /// A file with the certificates (PEM) of the authorities to trust, instead of the machine's own.
    pub ca: Option<PathBuf>,
    /// The platforms whose jobs are taken. Jobs of others may be put, and wait for a node that takes them.
    pub platforms: Vec<String>,
    /// What stands in the names of the stream and of all subjects; `None` for the log's own. See [`Settings::with_name`].
    pub(super) name: Option<String>,
    /// On how many servers of a cluster the stream is kept; a stream that is there is changed to it.
    pub replicas: usize,
    /// How many jobs of one platform may be in hand at once, on all nodes together.
    pub in_flight: usize,
    /// How long a silent node's jobs stay its own. What takes longer than this stays in hand, too: a node that lives says so of
    /// each job, four times in this span. See [`Settings::paced_by`].
    pub ack_wait: Duration,
    /// How long one request to the server may take.
    pub patience: Duration,
    /// How often the watchdog looks.
    pub watch: Duration,
    /// How often a canary goes round.
    pub canary: Duration,
    /// After how long of silence, while workers wait here, a consumer is made anew.
    pub silence: Duration,
}

#[derive(Debug, Clone)]
pub(super) enum Credentials {
    None,
    User { name: String, password: SecretString },
    Token(SecretString),
    File(PathBuf),
}

/// Settings that can't be used. Says nothing of what is secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSettings {
    /// Not an address of that form.
    #[error(
        "the address of NATS must be of the form nats://[user:password@|token@]host[:port][,host[:port]] or tls://…"
    )]
    Address,
    /// The servers of one address are to be reached by the same credentials and in the same way.
    #[error("the servers of NATS must share their credentials, and either all or none use tls://")]
    Mixed,
    /// Credentials stand in the address, and a file with others is named.
    #[error("credentials of NATS stand both in its address and in a file")]
    TwoCredentials,
    /// A name that can't be part of a subject.
    #[error("`{0}` can't be part of a subject of NATS: letters, digits, `-` and `_` can")]
    Name(String),
}

impl Settings {
    /// Settings from an address of one or more servers, with everything else by default.
    pub fn from_url(url: &str, platforms: impl IntoIterator<Item = String>) -> Result<Self, InvalidSettings> {
        let mut settings = Self {
            servers: Vec::new(),
            credentials: Credentials::None,
            tls: false,
            ca: None,
            platforms: platforms.into_iter().collect(),
            name: None,
            replicas: 1,
            in_flight: 1_000,
            ack_wait: ack_wait(&Timing::default()),
            patience: Duration::from_secs(1),
            watch: Duration::from_secs(1),
            canary: Duration::from_secs(5),
            silence: Duration::from_secs(15),
        };
        let (scheme, _) = url.split_once("://").ok_or(InvalidSettings::Address)?;
        let mut known: Option<(String, Option<String>)> = None;
        for part in url.split(',').map(str::trim) {
            let whole = if part.contains("://") { part.to_owned() } else { format!("{scheme}://{part}") };
            let one = Url::parse(&whole).map_err(|_| InvalidSettings::Address)?;
            let tls = match one.scheme() {
                "nats" => false,
                "tls" => true,
                _ => return Err(InvalidSettings::Address),
            };
            if !settings.servers.is_empty() && tls != settings.tls {
                return Err(InvalidSettings::Mixed);
            }
            settings.tls = tls;
            let host = one.host_str().filter(|host| !host.is_empty()).ok_or(InvalidSettings::Address)?;
            if !matches!(one.path(), "" | "/") || one.query().is_some() || one.fragment().is_some() {
                return Err(InvalidSettings::Address);
            }
            settings.servers.push(format!("{}://{host}:{}", one.scheme(), one.port().unwrap_or(PORT)));
            if !one.username().is_empty() || one.password().is_some() {
                let own = (one.username().to_owned(), one.password().map(str::to_owned));
                if known.replace(own.clone()).is_some_and(|before| before != own) {
                    return Err(InvalidSettings::Mixed);
                }
            }
        }
        if let Some((user, password)) = known {
            let plain = |text: &str| decoded(text).ok_or(InvalidSettings::Address);
            settings.credentials = match password {
                Some(password) => Credentials::User { name: plain(&user)?, password: plain(&password)?.into() },
                None => Credentials::Token(plain(&user)?.into()),
            };
        }
        settings.check()?;
        Ok(settings)
    }

    /// With the credentials of a file as `nsc` writes it.
    pub fn with_credentials_file(mut self, path: PathBuf) -> Result<Self, InvalidSettings> {
        if !matches!(self.credentials, Credentials::None) {
            return Err(InvalidSettings::TwoCredentials);
        }
        self.credentials = Credentials::File(path);
        Ok(self)
    }

    /// With another name than the log's own: up to 64 letters, digits, `-` and `_`.
    pub fn with_name(mut self, name: String) -> Result<Self, InvalidSettings> {
        if !is_name(&name) {
            return Err(InvalidSettings::Name(name));
        }
        self.name = Some(name);
        Ok(self)
    }

    /// At the pace of an engine whose time constants these are: a dead node's jobs are free again before the sweeper wants
    /// them, and long before its attempts lapse. All nodes must go by the same ones, since they share the consumers.
    #[must_use]
    pub fn paced_by(mut self, timing: &Timing) -> Self {
        self.ack_wait = ack_wait(timing);
        self
    }

    /// The servers, as a person may read them.
    pub fn servers(&self) -> String {
        self.servers.join(",")
    }

    pub(super) fn check(&self) -> Result<(), InvalidSettings> {
        match self.platforms.iter().find(|name| !is_token(name)) {
            Some(name) => Err(InvalidSettings::Name(name.clone())),
            None => Ok(()),
        }
    }
}

fn ack_wait(timing: &Timing) -> Duration {
    timing.heartbeat().min(timing.sweep).max(LEAST_WAIT)
}

/// Whether an engine's subjects and its stream can bear a name. With `jobs` its plain messages would be among all engines'
/// jobs.
pub(super) fn is_name(text: &str) -> bool {
    is_token(text) && text.len() <= MOST_LETTERS && text != "jobs"
}

/// Whether a text can be one part of a subject, and of a consumer's name.
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-' || it == b'_')
}

/// A part of an address with its `%XX` resolved.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        bytes.extend(hex::decode(digits).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn settings(url: &str) -> Result<Settings, InvalidSettings> {
        Settings::from_url(url, ["sandbox".to_owned()])
    }

    #[test]
    fn an_address_is_taken_apart_and_its_secret_is_shown_nowhere() {
        let one = settings("nats://ann:s%3Acr%25et@a:4333,b").expect("a good address");
        assert_eq!(one.servers(), "nats://a:4333,nats://b:4222");
        let Credentials::User { name, password } = &one.credentials else { panic!("a user and a password") };
        assert_eq!((name.as_str(), password.expose_secret()), ("ann", "s:cr%et"));
        assert!(!format!("{one:?}").contains("cr%"), "{one:?}");
        let two = settings("tls://t0ken@[::1]:1,tls://t0ken@b").expect("a good address");
        assert!(two.tls && two.servers() == "tls://[::1]:1,tls://b:4222", "{two:?}");
        assert!(matches!(&two.credentials, Credentials::Token(token) if token.expose_secret() == "t0ken"));
        assert!(!format!("{two:?}").contains("t0ken"), "{two:?}");
        let both = two.with_credentials_file("a.creds".into());
        assert_eq!(both.expect_err("two credentials"), InvalidSettings::TwoCredentials);
    }

    #[test]
    fn a_silent_nodes_jobs_stay_its_own_for_no_longer_than_a_sweep_and_a_heartbeat() {
        let paced = |text: &str| {
            let mut timing = Timing::default();
            timing.apply(text).expect("good entries");
            settings("nats://a").expect("a good address").paced_by(&timing).ack_wait
        };
        for (text, seconds) in [
            ("", 10),
            ("lease=600", 10),
            ("lease=30", 5),
            ("sweep=3", 3),
            ("lease=600,sweep=50", 50),
            ("lease=1,sweep=1", 2),
        ] {
            assert_eq!(paced(text), Duration::from_secs(seconds), "{text}");
        }
        assert_eq!(settings("nats://a").expect("a good address").ack_wait, Duration::from_secs(10));
    }

    #[test]
    fn bad_addresses_are_refused_without_their_secret() {
        for (url, error) in [
            ("", InvalidSettings::Address),
            ("localhost", InvalidSettings::Address),
            ("http://a:s3cret@b", InvalidSettings::Address),
            ("nats://a:s3cret@", InvalidSettings::Address),
            ("nats://a:s3cret@b/path", InvalidSettings::Address),
            ("nats://a:s3cret@b:port", InvalidSettings::Address),
            ("nats://a:s3cret%ZZ@b", InvalidSettings::Address),
            ("nats://a,tls://b", InvalidSettings::Mixed),
            ("nats://s3cret@a,nats://other@b", InvalidSettings::Mixed),
        ] {
            let refused = settings(url).expect_err(url);
            assert_eq!(refused, error, "{url}");
            assert!(!refused.to_string().contains("s3cret"), "{refused}");
        }
        for (name, good) in [
            ("bells", true),
            ("0193e0c2-7d4e-7a53-9b0c-2f0d4c1f6a11", true),
            ("", false),
            ("jobs", false),
            ("a.b", false),
            ("a b", false),
            ("*", false),
            (&*"a".repeat(65), false),
        ] {
            let named = settings("nats://a").expect("a good address").with_name(name.to_owned());
            assert_eq!(named.is_ok(), good, "{name}");
        }
        let odd = Settings::from_url("nats://a", ["a.>".to_owned()]).expect_err("no token");
        assert_eq!(odd, InvalidSettings::Name("a.>".to_owned()));
    }
}
