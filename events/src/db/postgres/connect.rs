//! Opening one connection.

use std::{future::poll_fn, time::Duration};

use tokio::sync::mpsc;
use tokio_postgres::{AsyncMessage, Client, Connection, Notification, Socket};

use super::settings::Settings;
use crate::db::DbError;

/// How long all of it may take: every address, the handshakes and the login.
const WHOLE: Duration = Duration::from_secs(10);
/// Notifications that wait to be taken; they say "look", so more of them say nothing more.
const WAITING: usize = 64;

/// Opens a connection. Its traffic runs in a task of its own, which ends with the client.
///
/// # Errors
/// [`DbError::Unavailable`] if nobody answers in time, or the server doesn't let us in.
pub async fn connect(settings: &Settings) -> Result<Client, DbError> {
    open(settings, None).await
}

/// Opens a connection and gives what is notified on it, after a `listen` of the caller's. Who doesn't take
/// notifications loses the newest of them, never the connection. The channel ends when the connection does.
///
/// # Errors
/// As [`connect`].
pub async fn connect_and_listen(settings: &Settings) -> Result<(Client, mpsc::Receiver<Notification>), DbError> {
    let (notified, taken) = mpsc::channel(WAITING);
    Ok((open(settings, Some(notified)).await?, taken))
}

async fn open(settings: &Settings, notified: Option<mpsc::Sender<Notification>>) -> Result<Client, DbError> {
    let config = settings.config();
    let opened = tokio::time::timeout(WHOLE, config.connect(settings.tls.0.clone())).await;
    let late = |_| DbError::Unavailable(format!("{settings} doesn't let us in"));
    let (client, connection) = opened.map_err(late)??;
    tokio::spawn(carry(connection, notified));
    Ok(client)
}

/// Carries what the client sends and the server answers, until one of them ends it.
async fn carry<S>(mut connection: Connection<Socket, S>, notified: Option<mpsc::Sender<Notification>>)
where
    S: tokio_postgres::tls::TlsStream + Unpin,
{
    while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
        match message {
            Ok(AsyncMessage::Notification(notification)) => {
                if let Some(notified) = &notified {
                    // Full: whoever reads has enough reason to look.
                    let _full_or_gone = notified.try_send(notification);
                }
            }
            Ok(AsyncMessage::Notice(notice)) => tracing::debug!(code = notice.code().code(), "{}", notice.message()),
            Ok(_) => {}
            Err(error) => {
                let error = DbError::from(error);
                tracing::debug!(%error, "a connection to PostgreSQL ended");
                return;
            }
        }
    }
}
