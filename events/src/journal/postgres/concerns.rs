//! What a batch asks of the log, as arrays that statements take.

use std::collections::HashSet;

use uuid::Uuid;

use crate::journal::{StreamId, queue::Waiting};

/// The streams, workspaces, names and keys that a batch's decisions rest on, each once.
#[derive(Debug, Default)]
pub(super) struct Concerns<'a> {
    pub(super) streams: Vec<StreamId>,
    pub(super) workspaces: Vec<Uuid>,
    pub(super) claims: Pairs<'a>,
    pub(super) receipts: Pairs<'a>,
    /// What is counted against plans.
    pub(super) quotas: Pairs<'a>,
    /// How much there is to store, if all of it is.
    pub(super) events: usize,
    /// Of payload.
    pub(super) bytes: usize,
}

/// Rows of a workspace and its texts, a column each. Receipts and quotas have one text.
#[derive(Debug, Default)]
pub(super) struct Pairs<'a> {
    pub(super) workspaces: Vec<Uuid>,
    pub(super) first: Vec<&'a str>,
    pub(super) second: Vec<&'a str>,
}

impl<'a> Concerns<'a> {
    pub(super) fn of(batch: &'a [Waiting]) -> Self {
        let mut concerns = Self::default();
        let (mut streams, mut workspaces) = (HashSet::new(), HashSet::new());
        let (mut claims, mut receipts, mut quotas) = (HashSet::new(), HashSet::new(), HashSet::new());
        for append in batch.iter().map(|waiting| &waiting.append) {
            for expected in &append.expected {
                if streams.insert(expected.stream) {
                    concerns.streams.push(expected.stream);
                }
            }
            concerns.events += append.events.len();
            for event in &append.events {
                concerns.bytes += event.payload.len();
                let workspace = append.workspace_of(event).uuid();
                if workspaces.insert(workspace) {
                    concerns.workspaces.push(workspace);
                }
                if let Some(counted) = &event.metadata.counted
                    && quotas.insert((workspace, &counted.quota))
                {
                    concerns.quotas.push(workspace, &counted.quota, "");
                }
                for claim in &event.claims {
                    if claims.insert((workspace, &claim.kind, &claim.value)) {
                        concerns.claims.push(workspace, &claim.kind, &claim.value);
                    }
                }
            }
            let workspace = append.workspace.uuid();
            for receipt in &append.receipts {
                if receipts.insert((workspace, &receipt.key)) {
                    concerns.receipts.push(workspace, &receipt.key, "");
                }
            }
        }
        concerns
    }
}

impl<'a> Pairs<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.workspaces.is_empty()
    }

    fn push(&mut self, workspace: Uuid, first: &'a str, second: &'a str) {
        self.workspaces.push(workspace);
        self.first.push(first);
        self.second.push(second);
    }
}
