//! An organization's state, folded from its events.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{OrganizationCommand, OrganizationError, OrganizationEvent};
use crate::seal::Sealed;

/// An organization.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Organization {
    /// Whether it was ever made.
    pub exists: bool,
    /// What its people call it.
    pub name: Sealed,
    /// Counts changes.
    pub revision: u32,
    /// When it was made.
    pub created_at: Option<DateTime<Utc>>,
}

impl cqrs_es::Aggregate for Organization {
    const TYPE: &'static str = "organization";
    type Command = OrganizationCommand;
    type Event = OrganizationEvent;
    type Error = OrganizationError;
    type Services = ();

    async fn handle(
        &mut self,
        command: OrganizationCommand,
        _services: &(),
        sink: &cqrs_es::event_sink::EventSink<Self>,
    ) -> Result<(), OrganizationError> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: OrganizationEvent) {
        self.fold(event);
    }
}
