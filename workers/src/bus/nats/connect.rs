//! The connection to the servers.

use std::{error::Error, io, time::Duration};

use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event, Subscriber};
use secrecy::{ExposeSecret, SecretString};

use super::{
    settings::{Credentials, InvalidSettings, Settings},
    state::SharedState,
};

/// How long a connection may take to be made.
const SOON: Duration = Duration::from_secs(5);
/// How often an idle connection is tried: two unanswered tries end it.
const PING: Duration = Duration::from_secs(5);
/// The longest pause between two tries to connect again.
const MOST_PAUSE: Duration = Duration::from_secs(1);

/// Why there can be no connection, now or later. Says nothing of what is secret.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The settings can't be used.
    #[error(transparent)]
    Settings(#[from] InvalidSettings),
    /// The file with the credentials can't be read.
    #[error("the credentials of NATS can't be read from their file: {0}")]
    CredentialsFile(io::ErrorKind),
    /// The server doesn't take the credentials.
    #[error("NATS at {servers} refuses the credentials that were given, or asks for some")]
    Refused {
        /// The servers' addresses.
        servers: String,
    },
    /// Nobody answers there as NATS does, and nobody goes on trying.
    #[error("NATS can't be reached at {servers}: {reason}")]
    Unreachable {
        /// The servers' addresses.
        servers: String,
        /// What came instead.
        reason: String,
    },
    /// No TLS could be agreed on.
    #[error("NATS at {servers} can't be reached by TLS: {reason}")]
    Tls {
        /// The servers' addresses.
        servers: String,
        /// What TLS says.
        reason: String,
    },
    /// The connection was closed before it was of use.
    #[error("the connection to NATS was closed")]
    Closed,
    /// The stream is to be kept on several servers, and there is one.
    #[error("NATS at {servers} is no cluster, and can't keep the stream of jobs on several servers (`nats-replicas`)")]
    NoCluster {
        /// The servers' addresses.
        servers: String,
    },
    /// The server runs without JetStream.
    #[error("NATS at {servers} runs without JetStream, which the bus needs")]
    NoJetStream {
        /// The servers' addresses.
        servers: String,
    },
}

/// Connects. A server that isn't there now is tried again in the background; one that refuses is an error.
pub(super) async fn connect(settings: &Settings, name: &str, state: &SharedState) -> Result<Client, ConnectError> {
    let error = match connect_once(settings, name, state).await {
        Err(ConnectError::Unreachable { reason, .. }) => reason,
        done => return done,
    };
    tracing::warn!(nats.servers = %settings.servers(), %error, "NATS isn't there; it is tried again");
    state.trouble(&error);
    let options = options(settings, name, state).await?.retry_on_initial_connect();
    let servers = settings.servers.as_slice();
    options.connect(servers).await.map_err(|_| ConnectError::Refused { servers: settings.servers() })
}

/// Connects, or says that no server is there now.
pub(super) async fn connect_once(settings: &Settings, name: &str, state: &SharedState) -> Result<Client, ConnectError> {
    let error = match options(settings, name, state).await?.connect(settings.servers.as_slice()).await {
        Ok(client) => return Ok(client),
        Err(error) => error,
    };
    let servers = settings.servers();
    match error.kind() {
        ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => {
            return Err(ConnectError::Refused { servers });
        }
        _ => {}
    }
    Err(match tls_reason(&error) {
        Some(reason) => ConnectError::Tls { servers, reason },
        None => ConnectError::Unreachable { servers, reason: error.to_string() },
    })
}

/// Subscribes. Without a server, as soon as there is one.
pub(super) async fn subscribe(client: &Client, subject: String) -> Result<Subscriber, ConnectError> {
    client.subscribe(subject).await.map_err(|_| ConnectError::Closed)
}

/// What TLS has against a server; `None` if the error is about something else.
fn tls_reason(error: &async_nats::ConnectError) -> Option<String> {
    if error.kind() == ConnectErrorKind::Tls {
        return Some(error.to_string());
    }
    // A handshake that fails comes as an error of input or output, with TLS's own inside.
    let mut cause = Some(error as &(dyn Error + 'static));
    while let Some(error) = cause {
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(tls) = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return Some(tls.to_string());
        }
        cause = error.source();
    }
    None
}

async fn options(settings: &Settings, name: &str, state: &SharedState) -> Result<ConnectOptions, ConnectError> {
    let state = state.clone();
    let mut options = ConnectOptions::new()
        .name(format!("campanile {name}"))
        .connection_timeout(SOON)
        .ping_interval(PING)
        .reconnect_delay_callback(|attempts| {
            let pause = Duration::from_millis(20 << attempts.min(10));
            if attempts <= 1 { Duration::ZERO } else { pause.min(MOST_PAUSE) }
        })
        .event_callback(move |event| {
            let state = state.clone();
            async move { told(&state, &event) }
        });
    options = match &settings.credentials {
        Credentials::None => options,
        Credentials::User { name, password } => {
            options.user_and_password(name.clone(), password.expose_secret().to_owned())
        }
        Credentials::Token(token) => options.token(token.expose_secret().to_owned()),
        Credentials::File(path) => {
            let unread = |error: io::Error| ConnectError::CredentialsFile(error.kind());
            let text = SecretString::from(tokio::fs::read_to_string(path).await.map_err(unread)?);
            // What it says of the text might quote it.
            let malformed = |_| ConnectError::CredentialsFile(io::ErrorKind::InvalidData);
            options.credentials(text.expose_secret()).map_err(malformed)?
        }
    };
    if settings.tls {
        options = options.require_tls(true);
    }
    if let Some(ca) = &settings.ca {
        options = options.add_root_certificates(ca.clone());
    }
    Ok(options)
}

fn told(state: &SharedState, event: &Event) {
    match event {
        Event::Connected => {
            tracing::info!("connected to NATS");
            state.connected(true);
        }
        Event::Disconnected | Event::Closed => {
            tracing::warn!("the connection to NATS is lost");
            state.connected(false);
        }
        Event::ServerError(error) => {
            tracing::warn!(%error, "NATS says");
            state.trouble(&error.to_string());
        }
        Event::ClientError(error) => {
            tracing::debug!(%error, "no connection to NATS");
            state.trouble(&error.to_string());
        }
        event => tracing::debug!(%event, "NATS says"),
    }
}
