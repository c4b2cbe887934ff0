//! An account's state, folded from its events.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{AccountCommand, AccountError, AccountEvent, Offer};
use crate::seal::Sealed;

/// Whether an account can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountStatus {
    /// It was never connected.
    #[default]
    Absent,
    /// It works.
    Connected,
    /// Its credentials no longer hold: its targets wait.
    NeedsReconnect,
    /// It was disconnected here.
    Disconnected,
}

impl AccountStatus {
    /// The word that clients see.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Connected => "connected",
            Self::NeedsReconnect => "needs_reconnect",
            Self::Disconnected => "disconnected",
        }
    }
}

/// An account.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Account {
    /// Whether it can be used.
    pub status: AccountStatus,
    /// Its platform.
    pub platform: String,
    /// The server that it is reached by; empty where there is just one, or it is in process.
    pub server: String,
    /// The platform's name of it.
    pub remote_id: Sealed,
    /// A keyed digest of platform, remote name and, where that is a part of it, server.
    pub remote_index: String,
    /// What people call it.
    pub handle: Sealed,
    /// Its displayed name.
    pub display_name: Option<Sealed>,
    /// What its server takes and offers.
    pub offer: Option<Offer>,
    /// Nothing is sent before this.
    pub rate_limited_until: Option<DateTime<Utc>>,
    /// Counts changes.
    pub revision: u32,
    /// When it was connected.
    pub connected_at: Option<DateTime<Utc>>,
    /// When it last changed.
    pub updated_at: Option<DateTime<Utc>>,
}

impl cqrs_es::Aggregate for Account {
    const TYPE: &'static str = "account";
    type Command = AccountCommand;
    type Event = AccountEvent;
    type Error = AccountError;
    type Services = ();

    async fn handle(
        &mut self,
        command: AccountCommand,
        _services: &(),
        sink: &cqrs_es::event_sink::EventSink<Self>,
    ) -> Result<(), AccountError> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: AccountEvent) {
        self.fold(event);
    }
}
