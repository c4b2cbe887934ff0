//! Who announced a medium, and whether what they came with still holds.

use std::time::Duration;

use campanile_events::{
    ids::{KeyId, PersonId, SessionId, Version, WorkspaceId},
    journal::{StreamId, StreamKind},
    key::Scope,
};

use super::link::Upload;
use crate::{
    access::Denied,
    api::http::{ApiError, Code},
    engine::Core,
};

/// How often is looked whether it still holds, while bytes come.
const LOOK: Duration = Duration::from_secs(1);
/// What giving the bytes of media takes.
const NEEDED: Scope = Scope::MediaUpload;

/// Who was given an upload address: it is as good as the key or the session that they announced the medium with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Announcer {
    /// Where they did.
    pub(super) workspace: WorkspaceId,
    who: Announced,
}

#[derive(Debug, Clone, Copy)]
enum Announced {
    By(KeyId),
    In(PersonId, SessionId),
}

impl Announcer {
    /// Who announced what the address was signed for.
    ///
    /// # Errors
    /// `not_found` if nobody did.
    pub(super) async fn of(core: &Core, upload: &Upload) -> Result<Self, ApiError> {
        let unknown = || ApiError::not_found("media");
        let stream = StreamId::new(StreamKind::Media, upload.id.uuid());
        // Whose medium it is, the signature knew: this address leads to nothing else.
        let log = core.journal.everywhere();
        let first = log.read_stream(stream, Version(0), 1).await?.into_iter().next().ok_or_else(unknown)?;
        let actor = first.metadata.actor.as_str();
        let who = match upload.session {
            Some(session) => Announced::In(actor.parse().map_err(|_| unknown())?, session),
            // Earlier builds gave people addresses that name no session: whose those were can't be told.
            None => Announced::By(actor.parse().map_err(|_| ApiError::from(Denied::SessionEnded))?),
        };
        Ok(Self { workspace: first.workspace, who })
    }

    /// Refuses once the key or the session has ended, or may give no media any more.
    pub(super) async fn still_may(&self, core: &Core) -> Result<(), ApiError> {
        match self.who {
            Announced::By(key) => {
                let key = core.access.holds(self.workspace, key).await?;
                if key.scopes.allows(NEEDED) { Ok(()) } else { Err(ApiError::scope(NEEDED)) }
            }
            Announced::In(person, session) => {
                let role = core.people.holds(person, session, self.workspace).await?;
                if role.allows(NEEDED) { Ok(()) } else { Err(ApiError::role_without(role, NEEDED)) }
            }
        }
    }

    /// Ends when that does, with its refusal. What can't be looked up now may hold.
    pub(super) async fn ended(&self, core: &Core) -> ApiError {
        loop {
            tokio::time::sleep(LOOK).await;
            match self.still_may(core).await {
                Err(refusal) if !matches!(refusal.code, Code::Unavailable | Code::Internal) => return refusal,
                _ => {}
            }
        }
    }
}
