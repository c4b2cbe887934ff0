//! What happened to an account. Stored names and shapes are for ever.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    journal::Claim,
    post::{Delivery, Rules},
    seal::Sealed,
    stored_events,
};

/// The kind of claim that an account takes on its remote name.
pub const ACCOUNT_CLAIM: &str = "account";

stored_events! {
    /// What happened to an account.
    pub enum AccountEvent {
        /// It was connected.
        Connected(AccountConnected) = "account.connected" @ 1,
        /// Its credentials were given anew. Version 1 told no server.
        Reconnected(AccountReconnected) = "account.reconnected" @ 2,
        /// Its server's limits or delivery were read and differ from what was known.
        LimitsObserved(AccountLimitsObserved) = "account.limits_observed" @ 1,
        /// Its platform asked for rest.
        RateLimited(AccountRateLimited) = "account.rate_limited" @ 1,
        /// Its credentials no longer hold.
        NeedsReconnect(AccountNeedsReconnect) = "account.needs_reconnect" @ 1,
        /// It was disconnected here.
        Disconnected(AccountDisconnected) = "account.disconnected" @ 1,
    }
    upcasts = &[("account.reconnected", 1, Ok)];
    claims = |event| match event {
        AccountEvent::Connected(event) => vec![Claim::take(ACCOUNT_CLAIM, &*event.remote_index)],
        AccountEvent::Disconnected(event) => vec![Claim::release(ACCOUNT_CLAIM, &*event.remote_index)],
        _ => Vec::new(),
    };
}

/// What an account's server takes and what its delivery is worth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// What it takes.
    pub rules: Rules,
    /// What its delivery is worth.
    pub delivery: Delivery,
}

/// See [`AccountEvent::Connected`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountConnected {
    /// Its platform.
    pub platform: String,
    /// The server that it is reached by (`https://mastodon.example`); empty where there is just one, or it is in process.
    pub server: String,
    /// The platform's name of it.
    pub remote_id: Sealed,
    /// A keyed digest of platform, remote name and, where that is a part of it, server: no two accounts of a workspace
    /// share it.
    pub remote_index: String,
    /// What people call it.
    pub handle: Sealed,
    /// Its displayed name, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<Sealed>,
    /// What its server takes and offers.
    pub offer: Offer,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`AccountEvent::Reconnected`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountReconnected {
    /// The server that it is reached by now, where that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// What people call it now.
    pub handle: Sealed,
    /// Its displayed name, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<Sealed>,
    /// What its server takes and offers now.
    pub offer: Offer,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`AccountEvent::LimitsObserved`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountLimitsObserved {
    /// What its server takes and offers now.
    pub offer: Offer,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`AccountEvent::RateLimited`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRateLimited {
    /// Nothing is sent before this.
    pub until: DateTime<Utc>,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`AccountEvent::NeedsReconnect`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountNeedsReconnect {
    /// The platform's own code, or ours.
    pub code: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// See [`AccountEvent::Disconnected`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountDisconnected {
    /// The keyed digest that it gives back.
    pub remote_index: String,
    /// When.
    pub at: DateTime<Utc>,
}
