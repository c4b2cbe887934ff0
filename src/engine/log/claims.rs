//! The table of claims as JSON, on its way to who checks it.

use campanile_events::{
    ids::{Position, WorkspaceId},
    journal::{HeldClaim, StreamId, UnknownStreamKind},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Every name that is held, at a position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogClaims {
    position: Position,
    held: Vec<LogClaim>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct LogClaim {
    workspace_id: WorkspaceId,
    kind: String,
    value: String,
    stream_kind: String,
    stream_id: Uuid,
    position: Position,
}

impl LogClaims {
    /// As the journal gives them.
    pub fn of((position, held): (Position, Vec<HeldClaim>)) -> Self {
        let claim = |held: HeldClaim| LogClaim {
            workspace_id: held.workspace,
            kind: held.kind,
            value: held.value,
            stream_kind: held.holder.kind.as_str().to_owned(),
            stream_id: held.holder.id,
            position: held.position,
        };
        Self { position, held: held.into_iter().map(claim).collect() }
    }

    /// As the journal gave them.
    pub(super) fn held(self) -> Result<(Position, Vec<HeldClaim>), UnknownStreamKind> {
        let claim = |claim: LogClaim| {
            Ok(HeldClaim {
                workspace: claim.workspace_id,
                kind: claim.kind,
                value: claim.value,
                holder: StreamId::new(claim.stream_kind.parse()?, claim.stream_id),
                position: claim.position,
            })
        };
        Ok((self.position, self.held.into_iter().map(claim).collect::<Result<_, UnknownStreamKind>>()?))
    }
}
