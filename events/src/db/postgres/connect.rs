//! Opening one connection.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    time::Duration,
};

use futures::{FutureExt, future::Fuse};
use tokio::sync::mpsc;
use tokio_postgres::{AsyncMessage, Client, Connection, Notification, Socket, tls::MakeTlsConnect};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::settings::Settings;
use crate::db::DbError;

/// What the settings' TLS makes of a socket.
type Stream = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;

/// How long all of it may take: every address, the handshakes and the login.
const WHOLE: Duration = Duration::from_secs(10);
/// Notifications that wait to be taken; they say "look", so more of them say nothing more.
const WAITING: usize = 64;

/// Opens a connection. Its traffic runs in a task of its own, which ends with the client.
///
/// # Errors
/// [`DbError::Unavailable`] if nobody answers in time, or the server doesn't let us in.
pub async fn connect(settings: &Settings) -> Result<Client, DbError> {
    let (client, connection) = open(settings).await?;
    tokio::spawn(carry(connection, None));
    Ok(client)
}

/// A connection's traffic: it goes on while this is waited for, and is at its end when this is.
pub struct Traffic(Pin<Box<Fuse<Carrying>>>);

type Carrying = Pin<Box<dyn Future<Output = ()> + Send>>;

impl std::fmt::Debug for Traffic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Traffic").finish_non_exhaustive()
    }
}

impl Traffic {
    /// Carries until the connection ends.
    pub async fn end(&mut self) {
        self.0.as_mut().await;
    }

    /// Carries until some work is done that waits for the server.
    pub async fn during<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        tokio::select! {
            // First, so that all of it that is ready to be sent leaves together.
            biased;
            done = &mut work => return done,
            () = self.0.as_mut() => {}
        }
        // It hears of the end.
        work.await
    }
}

/// Opens a connection whose traffic is the caller's own to carry: no other task has to be woken for it.
///
/// # Errors
/// As [`connect`].
pub async fn connect_and_carry(settings: &Settings) -> Result<(Client, Traffic), DbError> {
    let (client, connection) = open(settings).await?;
    let carrying: Carrying = Box::pin(carry(connection, None));
    Ok((client, Traffic(Box::pin(carrying.fuse()))))
}

/// Opens a connection and gives what is notified on it, after a `listen` of the caller's. Who doesn't take
/// notifications loses the newest of them, never the connection. The channel ends when the connection does.
///
/// # Errors
/// As [`connect`].
pub async fn connect_and_listen(settings: &Settings) -> Result<(Client, mpsc::Receiver<Notification>), DbError> {
    let (notified, taken) = mpsc::channel(WAITING);
    let (client, connection) = open(settings).await?;
    tokio::spawn(carry(connection, Some(notified)));
    Ok((client, taken))
}

async fn open(settings: &Settings) -> Result<(Client, Connection<Socket, Stream>), DbError> {
    let config = settings.config();
    let opened = tokio::time::timeout(WHOLE, config.connect(settings.tls.0.clone())).await;
    let late = |_| DbError::Unavailable(format!("{settings} doesn't let us in"));
    Ok(opened.map_err(late)??)
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
