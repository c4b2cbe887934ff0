//! The decision over a batch of appends, in memory and the same for every engine: an engine loads what the batch
//! concerns, asks [`Ledger::admit`] for one append after the other, and writes what came of it in one transaction.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use chrono::{DateTime, Duration, SubsecRound, Utc};

use super::{
    Append, AppendError, ClaimAction, Exceeded, Hash, NewEvent, Receipt, Recorded, StreamId, epochs,
    quota::{SumKey, Sums},
};
use crate::{
    ids::{Epoch, Position, Version, WorkspaceId},
    merkle::{Frontier, Leaf, leaf_hash},
};

/// A unique name: workspace, kind, value.
pub(super) type ClaimKey = (WorkspaceId, String, String);
/// Who holds a name, and since which position.
pub(super) type Holder = (StreamId, Position);

/// What the log holds of what a batch concerns. What is absent does not exist yet.
///
/// Later appends of a batch see what earlier ones did: two on one stream win and lose as if each had been alone.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) epoch: Epoch,
    pub(super) position: Position,
    pub(super) recorded_at: Option<DateTime<Utc>>,
    pub(super) frontier: Frontier,
    pub(super) versions: HashMap<StreamId, Version>,
    pub(super) holders: HashMap<ClaimKey, Option<Holder>>,
    pub(super) receipts: HashMap<(WorkspaceId, String), Receipt>,
    pub(super) numbers: HashMap<WorkspaceId, u64>,
    /// What is counted against plans.
    pub(super) sums: Sums,
    /// Names that the batch took or released, each with the state it is left in.
    pub(super) changed_claims: HashMap<ClaimKey, Option<Holder>>,
    /// Receipts that the batch keeps.
    pub(super) new_receipts: Vec<(WorkspaceId, Receipt)>,
}

impl Ledger {
    /// Lets an append in, or says why not and stays as it was. A receipt is looked for first: a request that was carried
    /// out has moved its stream on, and its repetition must not read as a conflict.
    pub(super) fn admit(&mut self, append: &Append, now: DateTime<Utc>) -> Result<Vec<Arc<Recorded>>, AppendError> {
        for receipt in &append.receipts {
            if let Some(kept) = self.receipts.get(&(append.workspace, receipt.key.clone())) {
                return Err(AppendError::ReceiptExists(Box::new(kept.clone())));
            }
        }
        if append.begins && self.position > Position(0) {
            return Err(AppendError::NotEmpty(self.position));
        }
        for expected in &append.expected {
            let actual = self.versions.get(&expected.stream).copied().unwrap_or_default();
            if actual != expected.version {
                let (stream, expected) = (expected.stream, expected.version);
                return Err(AppendError::VersionConflict { stream, expected, actual });
            }
        }
        let claims = self.claims(append)?;
        let counts = self.counts(append, now).map_err(|exceeded| AppendError::QuotaExceeded(Box::new(exceeded)))?;
        let epoch = self.epoch_after(append)?;

        let record = |event| Arc::new(self.record(append.workspace_of(event), event, now));
        let recorded: Vec<_> = append.events.iter().map(record).collect();
        self.epoch = epoch;
        self.holders.extend(claims.iter().map(|(key, holder)| (key.clone(), *holder)));
        self.changed_claims.extend(claims);
        self.sums.take(counts);
        if let Some(last) = recorded.last() {
            self.keep_receipts(append, last);
        }
        Ok(recorded)
    }

    /// The epoch that the append leaves the log in.
    fn epoch_after(&self, append: &Append) -> Result<Epoch, AppendError> {
        let follow = |epoch, event: &NewEvent| {
            epochs::after(epoch, event.stream, &event.event_type, event.schema, &event.payload)
        };
        append.events.iter().try_fold(self.epoch, follow).map_err(AppendError::Refused)
    }

    /// The names that the append leaves changed. Who releases a name that it doesn't hold changes nothing.
    fn claims(&self, append: &Append) -> Result<HashMap<ClaimKey, Option<Holder>>, AppendError> {
        let mut changed: HashMap<ClaimKey, Option<Holder>> = HashMap::new();
        for (position, event) in (self.position.0 + 1..).zip(&append.events) {
            for claim in &event.claims {
                let key = (append.workspace_of(event), claim.kind.clone(), claim.value.clone());
                let holder = changed.get(&key).or_else(|| self.holders.get(&key)).copied().flatten();
                match (claim.action, holder) {
                    (ClaimAction::Take, None) => {
                        changed.insert(key, Some((event.stream, Position(position))));
                    }
                    (ClaimAction::Take, Some((holder, _))) if holder != event.stream => {
                        let (_, kind, value) = key;
                        return Err(AppendError::ClaimTaken { kind, value, holder });
                    }
                    (ClaimAction::Release, Some((holder, _))) if holder == event.stream => {
                        changed.insert(key, None);
                    }
                    (ClaimAction::Take | ClaimAction::Release, _) => {}
                }
            }
        }
        Ok(changed)
    }

    /// The sums that the append leaves.
    fn counts(&self, append: &Append, now: DateTime<Utc>) -> Result<BTreeMap<SumKey, u64>, Exceeded> {
        // As each is recorded, so that the log alone says which month an event is of.
        let times = (0..).map(|after| self.next_time(now) + Duration::microseconds(after));
        let events = append.events.iter().zip(times);
        self.sums.with(events.filter_map(|(event, at)| {
            event.metadata.counted.as_deref().map(|counted| (append.workspace_of(event), at, counted))
        }))
    }

    /// When the next event is recorded. Strictly rising, so that "as of a time" is a prefix of the log.
    fn next_time(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let now = now.trunc_subsecs(6);
        let earliest = self.recorded_at.map(|before| before + Duration::microseconds(1));
        earliest.map_or(now, |earliest| earliest.max(now))
    }

    fn record(&mut self, workspace: WorkspaceId, event: &NewEvent, now: DateTime<Utc>) -> Recorded {
        self.position = self.position.next();
        let recorded_at = self.next_time(now);
        let version = self.versions.entry(event.stream).or_default();
        *version = version.next();
        let number = self.numbers.entry(workspace).or_default();
        *number += 1;
        self.recorded_at = Some(recorded_at);
        let mut recorded = Recorded {
            position: self.position,
            id: event.id,
            workspace,
            workspace_number: *number,
            stream: event.stream,
            version: *version,
            event_type: event.event_type.clone(),
            schema: event.schema,
            payload: event.payload.clone(),
            metadata: event.metadata.clone(),
            claims: event.claims.clone(),
            recorded_at,
            leaf_hash: Hash::default(),
        };
        recorded.leaf_hash = leaf_hash(&Leaf::of(&recorded));
        self.frontier.push(recorded.leaf_hash);
        recorded
    }

    fn keep_receipts(&mut self, append: &Append, last: &Recorded) {
        for receipt in &append.receipts {
            let kept = Receipt { receipt: receipt.clone(), position: last.position, recorded_at: last.recorded_at };
            self.receipts.insert((append.workspace, receipt.key.clone()), kept.clone());
            self.new_receipts.push((append.workspace, kept));
        }
    }
}
