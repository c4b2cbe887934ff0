//! What may be asked of an organization.

use chrono::{DateTime, Utc};

use crate::seal::Sealed;

/// What is asked of an organization, at `now`.
#[derive(Debug, Clone)]
pub struct OrganizationCommand {
    /// The time of the decision.
    pub now: DateTime<Utc>,
    /// What is asked.
    pub action: OrganizationAction,
}

/// What is asked of an organization.
#[derive(Debug, Clone)]
pub enum OrganizationAction {
    /// Make it.
    Create {
        /// What its people call it.
        name: Sealed,
    },
}
