//! Whether the log is what it was signed as: everything is computed anew from the events.

use std::collections::{BTreeMap, HashMap};

use campanile_events::{
    catalog,
    ids::{Epoch, Position, Version, WorkspaceId},
    journal::{HeldClaim, Holders, Recorded, StreamId, StreamKind},
    log::LogEvent,
    merkle::{
        Frontier, Leaf,
        checkpoint::{Checkpoint, VerifyingKey, open, workspaces_root},
        leaf_hash,
    },
    stored::StoredEvent,
};
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{LogSource, LogState, SourceError, epoch::signed, export::ends_at, wrong::Wrong};

const PAGE: usize = 1_000;

/// What was checked, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was checked.
    pub check: &'static str,
    /// Whether it holds.
    pub ok: bool,
    /// What a person reads.
    pub text: String,
}

/// Everything that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether all of it holds.
    pub ok: bool,
    /// How many events were read.
    pub events: u64,
    /// The root over them.
    pub root: String,
    /// Check by check.
    pub findings: Vec<Finding>,
}

/// Reads the whole log and checks it. `copy` is a signed checkpoint that was kept elsewhere, if there is one.
///
/// # Errors
/// If the log can't be read to its end.
pub async fn verify(log: &dyn LogSource, copy: Option<String>) -> Result<Report, SourceError> {
    verify_telling(log, copy, |_, _| {}).await
}

/// The same; `seen` is told how many events were read, of how many.
///
/// # Errors
/// If the log can't be read to its end.
pub async fn verify_telling(
    log: &dyn LogSource,
    copy: Option<String>,
    seen: impl Fn(u64, u64),
) -> Result<Report, SourceError> {
    // Before the head: it may have moved on since, and the events then lead past this position.
    let claims = log.held_claims().await?;
    let state = log.state().await?;
    let mut reading = Reading::new(state.epoch, &state.verifying_key, &state.checkpoints);
    reading.hold_against(copy.as_deref());
    reading.compare_claims(claims);
    let mut after = Position(0);
    while after < state.position {
        let left = usize::try_from(state.position.0 - after.0).unwrap_or(PAGE);
        let events = match log.events(after, left.min(PAGE)).await {
            // What was read so far still has its findings.
            Err(SourceError::Read(reason)) => {
                reading.positions.note(|| format!("nothing could be read after {after}: {reason}"));
                break;
            }
            events => events?,
        };
        let Some(last) = events.last() else { break };
        after = last.position;
        for event in &events {
            reading.take(event);
        }
        seen(after.0, state.position.0);
    }
    Ok(reading.report(&state))
}

/// The log as far as it was read.
pub(super) struct Reading {
    epoch: Epoch,
    key: Option<VerifyingKey>,
    /// What stands before the first event that is read.
    before: u64,
    frontier: Frontier,
    numbers: BTreeMap<WorkspaceId, u64>,
    versions: HashMap<StreamId, Version>,
    recorded_at: Option<DateTime<Utc>>,
    /// The epoch that the last event to name one has begun.
    epoch_of_events: Epoch,
    holders: Holders,
    /// The table of claims, to be compared where the events reach its position.
    table: Option<(Position, Vec<HeldClaim>)>,
    has_table: bool,
    /// Signed, and not reached yet.
    ahead: BTreeMap<u64, Vec<Checkpoint>>,
    /// What was kept elsewhere and was signed in an epoch before, as long as that lasts.
    earlier: Option<(Epoch, Checkpoint)>,
    signed: u64,
    positions: Wrong,
    times: Wrong,
    leaves: Wrong,
    streams: Wrong,
    claims: Wrong,
    workspaces: Wrong,
    readable: Wrong,
    checkpoints: Wrong,
}

impl Reading {
    /// Nothing read yet. `notes` are signed checkpoints.
    pub(super) fn new<'a>(epoch: Epoch, key: &str, notes: impl IntoIterator<Item = &'a String>) -> Self {
        let mut reading = Self {
            epoch,
            key: key.parse().ok(),
            before: 0,
            frontier: Frontier::default(),
            numbers: BTreeMap::new(),
            versions: HashMap::new(),
            recorded_at: None,
            epoch_of_events: Epoch(1),
            holders: Holders::default(),
            table: None,
            has_table: false,
            ahead: BTreeMap::new(),
            earlier: None,
            signed: 0,
            positions: Wrong::default(),
            times: Wrong::default(),
            leaves: Wrong::default(),
            streams: Wrong::default(),
            claims: Wrong::default(),
            workspaces: Wrong::default(),
            readable: Wrong::default(),
            checkpoints: Wrong::default(),
        };
        let Some(key) = reading.key.clone() else {
            reading.checkpoints.note(|| "the verifying key doesn't read".to_owned());
            return reading;
        };
        let origin = format!("{}/epoch-{}", key.name(), epoch);
        for note in notes {
            match open(note, &key) {
                Ok(checkpoint) if checkpoint.origin.as_str() == origin => {
                    reading.signed += 1;
                    reading.ahead.entry(checkpoint.size).or_default().push(checkpoint);
                }
                // What was signed in an epoch before is a statement on another log.
                Ok(_) => {}
                Err(error) => reading.checkpoints.note(|| error.to_string()),
            }
        }
        reading
    }

    /// Holds the log against a checkpoint that was kept elsewhere. One of an epoch before is a statement on this log, too:
    /// on the part that it kept.
    fn hold_against(&mut self, copy: Option<&str>) {
        let Some((note, key)) = copy.zip(self.key.as_ref()) else { return };
        match signed(note, key) {
            Ok((epoch, _)) if epoch > self.epoch => {
                let own = self.epoch;
                self.checkpoints.note(|| format!("one was signed in epoch {epoch}, and the log is in epoch {own}"));
            }
            Ok((epoch, checkpoint)) => {
                self.signed += 1;
                if epoch < self.epoch {
                    self.earlier = Some((epoch, checkpoint));
                } else {
                    self.ahead.entry(checkpoint.size).or_default().push(checkpoint);
                }
            }
            Err(error) => self.checkpoints.note(|| error),
        }
    }

    /// An epoch begins at the end of what was read: what was signed of more in the one before was lost.
    fn begin_epoch(&mut self, began: Epoch) {
        let kept = self.frontier.size().saturating_sub(1);
        let lost = self.earlier.take_if(|(epoch, checkpoint)| *epoch < began && checkpoint.size > kept);
        if let Some((epoch, Checkpoint { size, .. })) = lost {
            self.checkpoints.note(|| {
                format!(
                    "{size} events were signed in epoch {epoch}; the log was put back from an older copy since, and epoch {began} \
                     began after {kept}"
                )
            });
        }
        self.epoch_of_events = began;
    }

    /// Begins after a part that is not read, of which tree and numbers are known.
    pub(super) fn begin_at(&mut self, frontier: Frontier, numbers: BTreeMap<WorkspaceId, u64>) {
        self.before = frontier.size();
        (self.frontier, self.numbers) = (frontier, numbers);
        // What was signed within that part says nothing of this one.
        self.ahead.retain(|size, _| *size > self.before);
    }

    /// Holds the table of claims against the events, too.
    fn compare_claims(&mut self, table: (Position, Vec<HeldClaim>)) {
        (self.table, self.has_table) = (Some(table), true);
        self.reach_table();
    }

    /// Compares the table of claims, if the events are where it was read.
    fn reach_table(&mut self) {
        let here = self.frontier.size();
        let Some((_, table)) = self.table.take_if(|(position, _)| position.0 == here) else { return };
        for difference in self.holders.differences(&table) {
            self.claims.note(|| difference);
        }
    }

    /// What an event says beside its stream's own story: names that it takes, an epoch that it begins.
    fn read_on(&mut self, event: &Recorded) {
        if let Err(error) = catalog::check_readable(event) {
            self.readable.note(|| format!("position {}: {error}", event.position));
        }
        // Where the beginning isn't read, nobody can tell who held what.
        if self.before == 0
            && let Err(kind) = self.holders.fold(event)
        {
            self.claims.note(|| format!("position {} takes the {kind} of another", event.position));
        }
        if event.stream.kind == StreamKind::Log
            && let Ok(LogEvent::EpochStarted(began)) = LogEvent::read(&event.event_type, event.schema, &event.payload)
        {
            self.begin_epoch(began.epoch);
        }
    }

    /// The next event.
    pub(super) fn take(&mut self, event: &Recorded) {
        let position = event.position;
        if position.0 != self.frontier.size() + 1 {
            let expected = self.frontier.size() + 1;
            self.positions.note(|| format!("position {position} where {expected} should be"));
        }
        if self.recorded_at.is_some_and(|before| event.recorded_at <= before) {
            self.times.note(|| format!("position {position} is not later than the one before"));
        }
        self.recorded_at = Some(event.recorded_at);
        let leaf = leaf_hash(&Leaf::of(event));
        if leaf != event.leaf_hash {
            self.leaves.note(|| format!("position {position} is not what its leaf says"));
        }
        self.frontier.push(leaf);
        // A stream that began before the part that is read may be at any version.
        let known = self.versions.insert(event.stream, event.version);
        let follows =
            known.map_or(self.before > 0 || event.version == Version(1), |known| known.next() == event.version);
        if !follows {
            self.streams.note(|| format!("position {position}: {} at version {}", event.stream, event.version));
        }
        let number = self.numbers.entry(event.workspace).or_default();
        *number += 1;
        if *number != event.workspace_number {
            let text = || format!("position {position}: number {} of {}", event.workspace_number, event.workspace);
            self.workspaces.note(text);
        }
        self.read_on(event);
        self.reach_table();
        if let Some(signed) = self.ahead.remove(&self.frontier.size()) {
            self.compare(&signed);
        }
        let here = self.frontier.size();
        if let Some((_, checkpoint)) = self.earlier.take_if(|(_, checkpoint)| checkpoint.size == here) {
            self.compare(&[checkpoint]);
        }
    }

    fn compare(&mut self, signed: &[Checkpoint]) {
        let root = self.frontier.root();
        let numbers: Vec<_> = self.numbers.iter().map(|(workspace, last)| (*workspace, *last)).collect();
        let workspaces = workspaces_root(&numbers);
        for checkpoint in signed {
            if checkpoint.root != root || checkpoint.workspaces_root != workspaces {
                self.checkpoints.note(|| format!("the log was another when its first {} were signed", checkpoint.size));
            }
        }
    }

    /// What comes of it, if the events should end where the log says that it ends.
    fn report(mut self, state: &LogState) -> Report {
        let events = self.frontier.size();
        let root = self.frontier.root().to_string();
        let mut head = Wrong::default();
        if events != state.position.0 {
            head.note(|| format!("the head says {} and there are {events} events", state.position));
        }
        if root != state.root {
            head.note(|| format!("the head's root is {} and the events' is {root}", state.root));
        }
        if state.recorded_at != self.recorded_at {
            head.note(|| "the head's time is not that of the last event".to_owned());
        }
        if state.epoch != self.epoch_of_events {
            head.note(|| format!("the head says epoch {} and the events epoch {}", state.epoch, self.epoch_of_events));
        }
        if let Some((position, _)) = &self.table {
            self.claims.note(|| format!("they were read at position {position}, where no event is"));
        }
        let numbers: BTreeMap<_, _> = state.workspaces.iter().copied().collect();
        if numbers != self.numbers {
            self.workspaces.note(|| "the workspaces' last numbers are not those of their events".to_owned());
        }
        self.findings(head, format!("epoch {}, root {root}", state.epoch))
    }

    /// What comes of it, if the events should end where this note was signed. `own_key` says whether the key that they
    /// name is the one that they are checked with.
    pub(super) fn report_at(mut self, note: &str, own_key: bool) -> Report {
        let (size, mut head) = (self.frontier.size(), Wrong::default());
        if !own_key {
            head.note(|| "it names another verifying key than the one that was given".to_owned());
        }
        // Where the beginning isn't read, an epoch may have begun in it.
        if self.before == 0 && self.epoch != self.epoch_of_events {
            head.note(|| format!("it names epoch {} and the events epoch {}", self.epoch, self.epoch_of_events));
        }
        match self.key.as_ref().map(|key| ends_at(note, key, self.epoch, size)) {
            Some(Ok(checkpoint)) => {
                self.signed += 1;
                self.compare(&[checkpoint]);
            }
            Some(Err(reason)) => head.note(|| format!("the checkpoint at its end: {reason}")),
            None => {}
        }
        let root = self.frontier.root();
        let well = format!("epoch {}, signed at position {size}, root {root}", self.epoch);
        self.findings(head, well)
    }

    fn findings(mut self, head: Wrong, well: String) -> Report {
        let (to, root) = (self.frontier.size(), self.frontier.root().to_string());
        let (from, events) = (self.before + 1, to - self.before);
        // What belongs to none counts for itself, too, and is no workspace.
        let workspaces = self.numbers.keys().filter(|id| **id != WorkspaceId::default()).count();
        for size in self.ahead.keys().chain(self.earlier.iter().map(|(_, checkpoint)| &checkpoint.size)) {
            self.checkpoints.note(|| format!("{size} events were signed and there are {to}"));
        }
        if self.signed == 0 && events > 0 {
            self.checkpoints
                .note(|| "none is signed: nobody can tell whether events are missing at the end".to_owned());
        }
        let mut findings = vec![
            self.positions.finding("positions", format!("{from} to {to}, without a hole")),
            self.times.finding("times", "each later than the one before".to_owned()),
            self.leaves.finding("leaves", format!("{events} hashes computed anew")),
            self.streams.finding("streams", format!("{} streams, every version once", self.versions.len())),
            self.workspaces.finding("workspaces", format!("{workspaces} workspaces, every number once")),
            self.readable.finding("events", "this build reads every one".to_owned()),
            head.finding("head", well),
            self.checkpoints.finding("checkpoints", format!("{} signed, all of this log", self.signed)),
        ];
        // An export holds events alone.
        if self.has_table {
            let well = format!("{} names, each held by who took it", self.holders.len());
            findings.insert(5, self.claims.finding("claims", well));
        }
        Report { ok: findings.iter().all(|finding| finding.ok), events, root, findings }
    }
}
