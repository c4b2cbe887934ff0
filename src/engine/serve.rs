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
    /// finishes what is in hand. Who comes meanwhile learns that the process stops.
    ///
    /// # Errors
    /// If a listener fails.
    pub async fn serve(&self, listener: Option<TcpListener>, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        let (tell, phase) = watch::channel(Phase::Open);
        let clock = self.core().clock.clone();
        let mut serving = Vec::new();
        // Before anybody is answered: who sees that it is ready may go by the socket.
        let socket = self.folder().join(SOCKET);
        let operators = bind(&socket);
        if let Some(listener) = listener {
            let peer = |address: &std::net::SocketAddr| Some(Peer(address.ip()));
            serving.push(spawn(listener, api::router(self.core()), clock.clone(), phase.clone(), peer));
        }
        match operators {
            Ok(listener) => serving.push(spawn(listener, api::operator_router(self.core()), clock, phase, |_| None)),
            // Such as a folder whose path is longer than a socket's may be.
            Err(error) => tracing::warn!(path = %socket.display(), %error, "other commands can't reach this process"),
        }
        shutdown.await;
        tracing::info!("stopping: finishing what is in hand");
        // An error says that nobody serves any more.
        let _ = tell.send(Phase::Stopping);
        tokio::join!(all_answered(&mut serving), self.drain(PATIENCE));
        let _ = tell.send(Phase::Over);
        let served = all_ended(serving).await;
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

/// Where a process stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Requests are taken.
    Open,
    /// What is in hand is finished.
    Stopping,
    /// Nobody is answered any more.
    Over,
}

/// A listener, with those who came while it took requests.
struct Serving {
    task: JoinHandle<()>,
    /// Ends when the last of them is gone.
    in_time: mpsc::Receiver<()>,
}

fn spawn<L>(
    mut listener: L,
    router: Router,
    clock: SharedClock,
    mut phase: watch::Receiver<Phase>,
    peer: fn(&L::Addr) -> Option<Peer>,
) -> Serving
where
    L: axum::serve::Listener,
    L::Addr: std::fmt::Debug,
{
    let (open, in_time) = mpsc::channel::<()>(1);
    let task = tokio::spawn(async move {
        // Each connection has one.
        let mut open = Some(open);
        loop {
            let (io, address) = tokio::select! {
                accepted = listener.accept() => accepted,
                told = phase.wait_for(|it| *it == Phase::Over || (*it == Phase::Stopping && open.is_some())) => match told.as_deref() {
                    Ok(Phase::Stopping) => {
                        open = None;
                        continue;
                    }
                    // A sender that is gone says the same.
                    _ => return,
                },
            };
            let (router, mut phase, open, peer) = (router.clone(), phase.clone(), open.clone(), peer(&address));
            let io = Enveloped::new(Lingering::new(io), clock.clone());
            tokio::spawn(async move {
                let came_late = open.is_none();
                let end = async move {
                    let last = if came_late { Phase::Over } else { Phase::Stopping };
                    let _ = phase.wait_for(|phase| *phase == last || *phase == Phase::Over).await;
                };
                converse(io, peer, router, !came_late, end).await;
                drop(open);
            });
        }
    });
    Serving { task, in_time }
}

async fn all_answered(serving: &mut [Serving]) {
    let all = async {
        for listener in serving {
            let _ = listener.in_time.recv().await;
        }
    };
    if tokio::time::timeout(PATIENCE, all).await.is_err() {
        tracing::warn!("requests in hand are cut off");
    }
}

async fn all_ended(serving: Vec<Serving>) -> io::Result<()> {
    for listener in serving {
        listener.task.await.map_err(io::Error::other)?;
    }
    Ok(())
}
