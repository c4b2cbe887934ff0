//! What a batch leaves, as one array for each column.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::failure::Failure;
use crate::{
    ids::WorkspaceId,
    journal::{
        Claim, HeldClaim, Receipt, Recorded, StreamId,
        ledger::{Holder, Ledger},
        quota::SumKey,
        rebuilt::Rebuilt,
    },
};

type Values<'v, const COUNT: usize> = [&'v (dyn ToSql + Sync); COUNT];

macro_rules! columns {
    ($(#[$doc:meta])* $name:ident, $count:literal { $($column:ident: $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Default)]
        pub(super) struct $name<'a> {
            $(pub(super) $column: Vec<$type>,)*
            borrowed: std::marker::PhantomData<&'a ()>,
        }

        impl $name<'_> {
            /// The columns in their statement's order.
            pub(super) fn values(&self) -> Values<'_, $count> {
                [$(&self.$column),*]
            }
        }
    };
}

columns! {
    /// Rows of `events`.
    Events, 14 {
        positions: i64,
        ids: Uuid,
        workspaces: Uuid,
        workspace_numbers: i64,
        stream_kinds: &'a str,
        stream_ids: Uuid,
        versions: i64,
        event_types: &'a str,
        schemas: i32,
        payloads: &'a [u8],
        metadata: String,
        claims: Option<String>,
        recorded_at: DateTime<Utc>,
        leaf_hashes: &'a [u8],
    }
}

columns! {
    /// Names with their new holders.
    Taken, 6 {
        workspaces: Uuid,
        kinds: &'a str,
        names: &'a str,
        holder_kinds: &'a str,
        holder_ids: Uuid,
        positions: i64,
    }
}

columns! {
    /// Names that nobody holds now.
    Released, 3 {
        workspaces: Uuid,
        kinds: &'a str,
        names: &'a str,
    }
}

columns! {
    /// Rows of `receipts`.
    Kept, 9 {
        workspaces: Uuid,
        keys: &'a str,
        request_digests: &'a [u8],
        statuses: i32,
        resource_kinds: &'a str,
        resource_ids: Uuid,
        sealed: Option<&'a str>,
        positions: i64,
        recorded_at: DateTime<Utc>,
    }
}

columns! {
    /// Each workspace's last number.
    Numbers, 2 {
        workspaces: Uuid,
        last: i64,
    }
}

columns! {
    /// Rows of `counted`.
    Sums, 4 {
        workspaces: Uuid,
        quotas: &'a str,
        months: &'a str,
        used: i64,
    }
}

impl<'a> Sums<'a> {
    pub(super) fn of(changed: &'a BTreeMap<SumKey, u64>) -> Self {
        let mut sums = Self::default();
        for ((workspace, quota, month), used) in changed {
            sums.workspaces.push(workspace.uuid());
            sums.quotas.push(quota);
            sums.months.push(month.as_str());
            sums.used.push(*used as i64);
        }
        sums
    }
}

/// The head row's new values.
pub(super) struct Head {
    epoch: i64,
    position: i64,
    recorded_at: Option<DateTime<Utc>>,
    frontier: Vec<u8>,
}

impl Head {
    /// The columns in their statement's order.
    pub(super) fn values(&self) -> Values<'_, 4> {
        [&self.epoch, &self.position, &self.recorded_at, &self.frontier]
    }
}

/// What a log that was put back comes to, beside its events.
pub(super) struct Whole<'a> {
    pub(super) taken: Taken<'a>,
    pub(super) numbers: Numbers<'a>,
    pub(super) sums: Sums<'a>,
    pub(super) head: Head,
}

impl<'a> Whole<'a> {
    pub(super) fn of(rebuilt: &'a Rebuilt, held: &'a [HeldClaim]) -> Self {
        let (mut taken, mut numbers) = (Taken::default(), Numbers::default());
        for claim in held {
            taken.push(claim.workspace, &claim.kind, &claim.value, (claim.holder, claim.position));
        }
        for (workspace, last) in &rebuilt.numbers {
            numbers.workspaces.push(workspace.uuid());
            numbers.last.push(*last as i64);
        }
        let (epoch, position) = (rebuilt.epoch.0 as i64, rebuilt.position().0 as i64);
        let frontier = rebuilt.frontier.to_bytes();
        Self {
            taken,
            numbers,
            sums: Sums::of(&rebuilt.sums),
            head: Head { epoch, position, recorded_at: rebuilt.recorded_at, frontier },
        }
    }
}

impl<'a> Taken<'a> {
    fn push(&mut self, workspace: WorkspaceId, kind: &'a str, name: &'a str, (holder, position): Holder) {
        self.workspaces.push(workspace.uuid());
        self.kinds.push(kind);
        self.names.push(name);
        self.holder_kinds.push(holder.kind.as_str());
        self.holder_ids.push(holder.id);
        self.positions.push(position.0 as i64);
    }
}

/// What a batch leaves beside its events.
pub(super) struct Changes<'a> {
    pub(super) taken: Taken<'a>,
    pub(super) released: Released<'a>,
    pub(super) kept: Kept<'a>,
    pub(super) numbers: Numbers<'a>,
    pub(super) sums: Sums<'a>,
    pub(super) head: Head,
}

impl<'a> Events<'a> {
    pub(super) fn of(events: impl Iterator<Item = &'a Recorded>) -> Result<Self, Failure> {
        let mut columns = Self::default();
        for event in events {
            columns.push(event)?;
        }
        Ok(columns)
    }

    fn push(&mut self, event: &'a Recorded) -> Result<(), Failure> {
        let json = |error: serde_json::Error| Failure::Refused(error.to_string());
        let StreamId { kind, id } = event.stream;
        self.positions.push(event.position.0 as i64);
        self.ids.push(event.id.uuid());
        self.workspaces.push(event.workspace.uuid());
        self.workspace_numbers.push(event.workspace_number as i64);
        self.stream_kinds.push(kind.as_str());
        self.stream_ids.push(id);
        self.versions.push(event.version.0 as i64);
        self.event_types.push(&event.event_type);
        self.schemas.push(event.schema.into());
        self.payloads.push(event.payload.as_bytes());
        self.metadata.push(serde_json::to_string(&event.metadata).map_err(json)?);
        self.claims.push(claims(&event.claims).map_err(json)?);
        self.recorded_at.push(event.recorded_at);
        self.leaf_hashes.push(&event.leaf_hash.0);
        Ok(())
    }
}

fn claims(claims: &[Claim]) -> serde_json::Result<Option<String>> {
    if claims.is_empty() { Ok(None) } else { serde_json::to_string(claims).map(Some) }
}

impl<'a> Changes<'a> {
    pub(super) fn keeps_receipts(&self) -> bool {
        !self.kept.workspaces.is_empty()
    }

    pub(super) fn takes_names(&self) -> bool {
        !self.taken.workspaces.is_empty()
    }

    pub(super) fn of(ledger: &'a Ledger) -> Self {
        let (mut taken, mut released) = (Taken::default(), Released::default());
        for ((workspace, kind, name), holder) in &ledger.changed_claims {
            if let Some(holder) = holder {
                taken.push(*workspace, kind, name, *holder);
            } else {
                released.workspaces.push(workspace.uuid());
                released.kinds.push(kind);
                released.names.push(name);
            }
        }
        let mut kept = Kept::default();
        for (workspace, receipt) in &ledger.new_receipts {
            kept.push(workspace.uuid(), receipt);
        }
        let mut numbers = Numbers::default();
        // A workspace whose appends all lost may still have no event, and then no row.
        for (workspace, number) in ledger.numbers.iter().filter(|(_, number)| **number > 0) {
            numbers.workspaces.push(workspace.uuid());
            numbers.last.push(*number as i64);
        }
        let (epoch, position, recorded_at) = (ledger.epoch.0 as i64, ledger.position.0 as i64, ledger.recorded_at);
        let head = Head { epoch, position, recorded_at, frontier: ledger.frontier.to_bytes() };
        Self { taken, released, kept, numbers, sums: Sums::of(&ledger.sums.changed), head }
    }
}

impl<'a> Kept<'a> {
    fn push(&mut self, workspace: Uuid, kept: &'a Receipt) {
        let receipt = &kept.receipt;
        self.workspaces.push(workspace);
        self.keys.push(&receipt.key);
        self.request_digests.push(&receipt.request_digest);
        self.statuses.push(receipt.status.into());
        self.resource_kinds.push(receipt.resource.kind.as_str());
        self.resource_ids.push(receipt.resource.id);
        self.sealed.push(receipt.sealed.as_deref());
        self.positions.push(kept.position.0 as i64);
        self.recorded_at.push(kept.recorded_at);
    }
}
