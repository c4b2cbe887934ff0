//! What stands between two parts, and misbehaves on command as networks do.
//!
//! A [`Proxy`] carries TCP connections to where it leads, whatever they speak. It promises: what went through it arrives
//! whole and in order, or the connection ends; what [`Trouble`] does begins with the command and ends with
//! [`Proxy::heal`]; chance has no part in it. It knows nothing of packets: whoever connects is accepted, and what would be
//! lost and sent again by the kernel is held instead.

mod conversation;
#[cfg(test)]
mod tests;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    net::TcpListener,
    sync::watch,
    task::{JoinHandle, JoinSet},
};

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Toward {
    /// From who connected.
    Server,
    /// To who connected.
    Client,
}

/// What goes wrong on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// What is sent comes later by this much.
    Latency(Duration),
    /// Open connections are reset, and so is each that is made.
    Reset,
    /// The server's side has ended, and who connected is not told: what they send goes nowhere. Healed, they are reset.
    HalfOpen,
    /// Nothing passes, in either direction, not even an end. Healed, all of it does, late.
    Blackhole,
    /// Each connection carries this many more bytes in this direction, and is reset then.
    CutAfter(usize, Toward),
}

impl Trouble {
    /// Whether bytes are kept that arrive once it is healed, however late that is.
    pub const fn delays(self) -> bool {
        matches!(self, Self::Latency(_) | Self::Blackhole)
    }
}

/// A way to a server, through this process. It ends with this value, and every connection with it.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    target: Arc<Mutex<String>>,
    trouble: watch::Sender<Option<Trouble>>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// One that leads to `target` (`127.0.0.1:5432`), on a free port.
    pub async fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let target = Arc::new(Mutex::new(target.to_owned()));
        let (trouble, seen) = watch::channel(None);
        let accepting = tokio::spawn(accept(listener, Arc::clone(&target), seen));
        Self { address, target, trouble, accepting }
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Leads connections that are made from now on elsewhere: a server may come back on another port.
    pub fn lead_to(&self, target: &str) {
        target.clone_into(&mut self.target.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Lets this go wrong from now on, in place of what did before.
    pub fn suffer(&self, trouble: Trouble) {
        self.trouble.send_replace(Some(trouble));
    }

    /// Lets all go well from now on.
    pub fn heal(&self) {
        self.trouble.send_replace(None);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, target: Arc<Mutex<String>>, trouble: watch::Receiver<Option<Trouble>>) {
    let mut conversations = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => {
                    let target = target.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    conversations.spawn(conversation::carry(client, target, trouble.clone()));
                }
                // Too many open files, mostly: room comes back as others end.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            Some(_) = conversations.join_next(), if !conversations.is_empty() => {}
        }
    }
}
