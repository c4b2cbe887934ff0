//! Invitations: one row each, with the folded state. Nothing here tells a link.

use campanile_events::{
    db::{Row, Table},
    ids::{InvitationId, WorkspaceId},
    invitation::{Invitation, InvitationEvent},
    journal::{Actor, Recorded, StreamKind},
};
use cqrs_es::Aggregate;

use crate::{
    Bound,
    folded::{Subject, View},
    page::{self, Conditions, Listed, Page, Paged, QueryError},
    projection::TableDefinition,
};

static INVITATIONS: TableDefinition = TableDefinition {
    table: Table {
        name: "invitations",
        columns: &["invitation_id", "workspace_id", "version", "position", "created_by", "created_at", "state"],
        key: 1,
    },
    sqlite: "create table {name} (
            invitation_id blob primary key, workspace_id blob not null, version integer not null,
            position integer not null, created_by text not null, created_at text not null, state text not null
        ) strict, without rowid;
        create index invitations_newest_{build} on {name} (workspace_id, created_at, invitation_id);",
    postgres: "create table {name} (
            invitation_id uuid primary key, workspace_id uuid not null, version bigint not null,
            position bigint not null, created_by text not null, created_at timestamptz not null, state json not null
        );
        create index invitations_newest_{build} on {name} (workspace_id, created_at, invitation_id);",
};

/// The read model of invitations.
pub struct Invitations;

impl View for Invitations {
    type Event = InvitationEvent;
    type State = Invitation;

    const NAME: &'static str = "invitations";
    const VERSION: u32 = 1;
    const KIND: StreamKind = StreamKind::Invitation;
    const TABLES: &'static [&'static TableDefinition] = &[&INVITATIONS];

    fn fold(state: &mut Invitation, event: InvitationEvent, _recorded: &Recorded) {
        state.apply(event);
    }
}

/// An invitation as lists give it.
#[derive(Debug, Clone, PartialEq)]
pub struct InvitationRow {
    /// Its id.
    pub id: InvitationId,
    /// Who made it.
    pub created_by: Actor,
    /// Its state.
    pub invitation: Invitation,
}

impl Listed for InvitationRow {
    const TABLE: &'static str = "invitations";
    const ID: &'static str = "invitation_id";

    fn read(row: &Row) -> Result<Self, QueryError> {
        let subject = Subject::<Invitation>::read(row, Self::ID)?;
        Ok(Self { id: subject.id.into(), created_by: subject.created_by, invitation: subject.state })
    }
}

/// The invitations of a workspace, the newest first.
///
/// # Errors
/// [`QueryError::Cursor`] for a cursor that is none.
pub async fn list<'a>(
    db: impl Into<Bound<'a>>,
    workspace: WorkspaceId,
    page: &Page,
) -> Result<Paged<InvitationRow>, QueryError> {
    let db = db.into().0;
    page::list(db, Conditions::of(workspace), page).await
}
