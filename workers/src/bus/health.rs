//! How a bus is.

use std::time::Duration;

/// How a bus is, for `/readyz` and `/metrics`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Whether there is a connection to the server.
    pub connected: bool,
    /// Whether the stream of jobs and all its consumers were there when they were last looked at.
    pub stream: bool,
    /// How long ago a message last went all the way through the bus, on the platform where that is longest; `None` while
    /// there is one where it never did.
    pub canary: Option<Duration>,
    /// For how long workers of this node have waited on a bus whose own messages don't come back either.
    pub silent: Option<Duration>,
    /// How often a lost stream, or a lost or deaf consumer, was made anew by this node.
    pub repairs: u64,
    /// What last went wrong with the server, until it is well again. Never a secret.
    pub trouble: Option<String>,
}

impl Health {
    /// A bus within this process: it can't be away.
    pub const fn of_this_process() -> Self {
        Self { connected: true, stream: true, canary: Some(Duration::ZERO), silent: None, repairs: 0, trouble: None }
    }

    /// Whether jobs travel, as far as can be told: a bus that has been silent for longer than `patience` doesn't count.
    pub fn is_well(&self, patience: Duration) -> bool {
        self.connected && self.stream && self.silent.is_none_or(|silent| silent <= patience)
    }
}
