//! An invitation's state, folded from its events.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{InvitationCommand, InvitationError, InvitationEvent};
use crate::{ids::PersonId, person::Role, seal::Sealed};

/// Whether somebody can come by an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvitationStatus {
    /// They can.
    Open,
    /// Somebody has.
    Accepted,
    /// Its time is over.
    Expired,
    /// It was withdrawn.
    Withdrawn,
}

/// An invitation.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Invitation {
    /// Whom it is for.
    pub email: Sealed,
    /// A keyed digest of that address.
    pub email_index: String,
    /// What they will be; `None` before it was made.
    pub role: Option<Role>,
    /// Until when they may come.
    pub expires_at: DateTime<Utc>,
    /// Who came.
    pub person_id: Option<PersonId>,
    /// When they came.
    pub accepted_at: Option<DateTime<Utc>>,
    /// When it was withdrawn.
    pub withdrawn_at: Option<DateTime<Utc>>,
    /// Counts changes.
    pub revision: u32,
    /// When it was made.
    pub made_at: Option<DateTime<Utc>>,
}

impl Invitation {
    /// Whether somebody can come by it at `now`; `None` if it was never made.
    pub fn status(&self, now: DateTime<Utc>) -> Option<InvitationStatus> {
        self.made_at?;
        Some(if self.accepted_at.is_some() {
            InvitationStatus::Accepted
        } else if self.withdrawn_at.is_some() {
            InvitationStatus::Withdrawn
        } else if now >= self.expires_at {
            InvitationStatus::Expired
        } else {
            InvitationStatus::Open
        })
    }
}

impl cqrs_es::Aggregate for Invitation {
    const TYPE: &'static str = "invitation";
    type Command = InvitationCommand;
    type Event = InvitationEvent;
    type Error = InvitationError;
    type Services = ();

    async fn handle(
        &mut self,
        command: InvitationCommand,
        _services: &(),
        sink: &cqrs_es::event_sink::EventSink<Self>,
    ) -> Result<(), InvitationError> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: InvitationEvent) {
        self.fold(event);
    }
}
