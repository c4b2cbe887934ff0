//! A person's state, folded from their events.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{PersonCommand, PersonError, PersonEvent, Role};
use crate::{
    ids::{OrganizationId, WorkspaceId},
    seal::Sealed,
};

/// A person.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Person {
    /// Whether they were ever registered.
    pub exists: bool,
    /// The organization that they belong to.
    pub organization_id: OrganizationId,
    /// The address that they sign in with.
    pub email: Sealed,
    /// A keyed digest of that address.
    pub email_index: String,
    /// What they may do, for each workspace that they may enter.
    pub roles: BTreeMap<WorkspaceId, Role>,
    /// Counts changes.
    pub revision: u32,
    /// When they last got another password.
    #[serde(default)]
    pub password_changed_at: Option<DateTime<Utc>>,
    /// When they were registered.
    pub registered_at: Option<DateTime<Utc>>,
}

impl cqrs_es::Aggregate for Person {
    const TYPE: &'static str = "person";
    type Command = PersonCommand;
    type Event = PersonEvent;
    type Error = PersonError;
    type Services = ();

    async fn handle(
        &mut self,
        command: PersonCommand,
        _services: &(),
        sink: &cqrs_es::event_sink::EventSink<Self>,
    ) -> Result<(), PersonError> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: PersonEvent) {
        self.fold(event);
    }
}
