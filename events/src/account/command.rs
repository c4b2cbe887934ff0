//! What may be asked of an account.

use chrono::{DateTime, Utc};

use super::Offer;
use crate::seal::Sealed;

/// What is asked of an account, at `now`.
#[derive(Debug, Clone)]
pub struct AccountCommand {
    /// The time of the decision.
    pub now: DateTime<Utc>,
    /// What is asked.
    pub action: AccountAction,
}

/// What is asked of an account.
#[derive(Debug, Clone)]
pub enum AccountAction {
    /// Connect it, or give it new credentials if it is connected.
    Connect {
        /// Its platform.
        platform: String,
        /// Its server; empty where there is just one.
        server: String,
        /// The platform's name of it.
        remote_id: Sealed,
        /// A keyed digest of platform, remote name and, where that is a part of it, server.
        remote_index: String,
        /// What people call it.
        handle: Sealed,
        /// Its displayed name.
        display_name: Option<Sealed>,
        /// What its server takes and offers.
        offer: Offer,
    },
    /// Its server's limits or delivery were read; nothing follows where they are as known.
    ObserveLimits {
        /// What its server takes and offers.
        offer: Offer,
    },
    /// Its platform asked for rest.
    RateLimit {
        /// Until when; what is known already or sooner changes nothing.
        until: DateTime<Utc>,
    },
    /// Its credentials were refused for good.
    NeedReconnect {
        /// The platform's own code, or ours.
        code: String,
    },
    /// Disconnect it here.
    Disconnect,
}
