//! What happened to an organization. Stored names and shapes are for ever.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{seal::Sealed, stored_events};

stored_events! {
    /// What happened to an organization.
    pub enum OrganizationEvent {
        /// It was made.
        Created(OrganizationCreated) = "organization.created" @ 1,
    }
}

/// See [`OrganizationEvent::Created`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationCreated {
    /// What its people call it.
    pub name: Sealed,
    /// When.
    pub at: DateTime<Utc>,
}
