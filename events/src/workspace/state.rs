//! A workspace's state, folded from its events.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{WorkspaceCommand, WorkspaceError, WorkspaceEvent};
use crate::{ids::OrganizationId, seal::Sealed};

/// A workspace.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Workspace {
    /// Whether it was ever made.
    pub exists: bool,
    /// The organization above it.
    pub organization_id: OrganizationId,
    /// What its people call it.
    pub name: Sealed,
    /// Since when publishing in it is paused; `None` where it isn't.
    pub paused_at: Option<DateTime<Utc>>,
    /// Its plan, by its name in the operator's configuration; `None` for none.
    #[serde(default)]
    pub plan: Option<String>,
    /// Counts changes.
    pub revision: u32,
    /// When it was made.
    pub created_at: Option<DateTime<Utc>>,
}

impl cqrs_es::Aggregate for Workspace {
    const TYPE: &'static str = "workspace";
    type Command = WorkspaceCommand;
    type Event = WorkspaceEvent;
    type Error = WorkspaceError;
    type Services = ();

    async fn handle(
        &mut self,
        command: WorkspaceCommand,
        _services: &(),
        sink: &cqrs_es::event_sink::EventSink<Self>,
    ) -> Result<(), WorkspaceError> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: WorkspaceEvent) {
        self.fold(event);
    }
}
