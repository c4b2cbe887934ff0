//! Answering requests until told to stop.

use std::{
    future::Future,
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use axum::Router;
use campanile_events::clock::SharedClock;
use tokio::{
    net::{TcpListener, UnixListener},
    sync::{mpsc, watch},
    task::JoinHandle,
};

use super::{Engine, connection::converse, enveloped::Enveloped, lingering::Lingering};
use crate::{access::Peer, api};

/// The socket's name in the folder.
pub const SOCKET: &str = "campanile.sock";
/// How long what is in hand may take at the end.
pub const PATIENCE: Duration = Duration::from_secs(30);

impl Engine {
    /// Answers requests on `listener`, if there is one, and on the folder's socket, until `shutdown` is done; then
    /// finishes what is in hand and answers.
    ///
    /// # Errors
    /// If a listener fails.
    pub async fn serve(&self, listener: Option<TcpListener>, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        let (tell, stop) = watch::channel(false);
        let clock = self.core().clock.clone();
        let mut serving = Vec::new();
        if let Some(listener) = listener {
            let peer = |address: &std::net::SocketAddr| Some(Peer(address.ip()));
            serving.push(spawn(listener, api::router(self.core()), clock.clone(), stop.clone(), peer));
        }
        let socket = self.folder().join(SOCKET);
        match bind(&socket) {
            Ok(listener) => serving.push(spawn(listener, api::operator_router(self.core()), clock, stop, |_| None)),
            // Such as a folder whose path is longer than a socket's may be.
            Err(error) => tracing::warn!(path = %socket.display(), %error, "other commands can't reach this process"),
        }
        shutdown.await;
        tracing::info!("stopping: finishing what is in hand");
        // An error says that nobody serves any more.
        let _ = tell.send(true);
        let (served, ()) = tokio::join!(all_served(serving), self.drain(PATIENCE));
        // What is left of it would only mislead.
        let _ = std::fs::remove_file(&socket);
        served
    }
}

fn bind(path: &PathBuf) -> io::Result<UnixListener> {
    // Whoever left it is dead: the folder's lock is ours.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    close_to_others(path)?;
    Ok(listener)
}

fn close_to_others(path: &Path) -> io::Result<()> {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
}

fn spawn<L>(
    mut listener: L,
    router: Router,
    clock: SharedClock,
    mut stop: watch::Receiver<bool>,
    peer: fn(&L::Addr) -> Option<Peer>,
) -> JoinHandle<()>
where
    L: axum::serve::Listener,
    L::Addr: std::fmt::Debug,
{
    tokio::spawn(async move {
        // Each connection has one; who waits for the last to go learns that all have ended.
        let (open, mut all_closed) = mpsc::channel::<()>(1);
        loop {
            let (io, address) = tokio::select! {
                accepted = listener.accept() => accepted,
                // A sender that is gone says the same.
                _ = stop.wait_for(|stop| *stop) => break,
            };
            let (router, stop, open, peer) = (router.clone(), stop.clone(), open.clone(), peer(&address));
            let io = Enveloped::new(Lingering::new(io), clock.clone());
            tokio::spawn(async move {
                converse(io, peer, router, stop).await;
                drop(open);
            });
        }
        // Whoever comes now is told so by their own system.
        drop((listener, open));
        let _ = all_closed.recv().await;
    })
}

async fn all_served(serving: Vec<JoinHandle<()>>) -> io::Result<()> {
    let all = async {
        for task in serving {
            task.await.map_err(io::Error::other)?;
        }
        Ok(())
    };
    tokio::time::timeout(PATIENCE, all).await.unwrap_or_else(|_| {
        tracing::warn!("requests in hand are cut off");
        Ok(())
    })
}
