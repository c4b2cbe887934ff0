//! The log as a file: a header, its events, and the signed checkpoint that they end at, one JSON object a line.

use std::{
    collections::BTreeMap,
    io::{self, BufRead, Write},
};

use campanile_events::{
    ids::{Epoch, Position, WorkspaceId},
    journal::Recorded,
    merkle::{
        Frontier,
        checkpoint::{Checkpoint, VerifyingKey, open},
    },
};
use serde::{Deserialize, Serialize};

use super::{LogEvent, LogSource, SourceError, verify::Reading, verify::Report};

/// The name and version of the form.
const FORMAT: &str = "campanile-log";
const VERSION: u32 = 1;
const PAGE: usize = 1_000;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    format: String,
    version: u32,
    pub(super) epoch: Epoch,
    /// What the checkpoint is checked with.
    pub(super) verifying_key: String,
    /// The first event stands after this position.
    pub(super) after: Position,
    /// The tree over what stands before, so that the events of a part lead to the signed root, too.
    frontier: String,
    /// Each workspace's last number before.
    workspaces: Vec<(WorkspaceId, u64)>,
}

/// The last line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Trailer {
    checkpoint: String,
}

/// How an export went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// How many events it holds.
    pub events: u64,
    /// The position that it ends at, which is the one that is signed.
    pub to: Position,
}

/// Why there is no export, or none that reads.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The log can't be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The file can't be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The log ends before the position that was asked for.
    #[error("the log ends at position {0}")]
    Beyond(Position),
    /// A line doesn't read.
    #[error("line {line}: {reason}")]
    Line {
        /// Which, from 1.
        line: u64,
        /// What is wrong.
        reason: String,
    },
}

/// Writes the events after a position, up to where the log ends now, which is signed for it. `seen` is told how many
/// events were read, of how many.
///
/// # Errors
/// If the log can't be read or the output can't be written.
pub async fn export(
    log: &dyn LogSource,
    after: Position,
    output: &mut (dyn Write + Send),
    seen: &(dyn Fn(u64, u64) + Sync),
) -> Result<Exported, ExportError> {
    let state = log.sign().await?;
    let note = state.checkpoints.last().cloned().ok_or_else(|| failed("nothing was signed"))?;
    let key: VerifyingKey = state.verifying_key.parse().map_err(|_| failed("the verifying key doesn't read"))?;
    let end = open(&note, &key).map_err(|error| failed(&error.to_string()))?.size;
    if after.0 > end {
        return Err(ExportError::Beyond(Position(end)));
    }
    let (mut frontier, mut numbers) = (Frontier::default(), BTreeMap::new());
    let (mut at, mut header) = (Position(0), false);
    while at.0 < end || !header {
        if at == after && !header {
            let workspaces = numbers.iter().map(|(id, last)| (*id, *last)).collect();
            write(output, &head(&state.verifying_key, state.epoch, after, &frontier, workspaces))?;
            header = true;
            continue;
        }
        let stop = if header { end } else { after.0 };
        let wanted = usize::try_from(stop - at.0).unwrap_or(PAGE).min(PAGE);
        let events = log.events(at, wanted).await?;
        let Some(last) = events.last() else { return Err(failed("the log ends early").into()) };
        at = last.position;
        for event in &events {
            if header {
                write(output, &LogEvent::of(event))?;
            } else {
                frontier.push(event.leaf_hash);
                numbers.insert(event.workspace, event.workspace_number);
            }
        }
        seen(at.0, end);
    }
    write(output, &Trailer { checkpoint: note })?;
    output.flush()?;
    Ok(Exported { events: end - after.0, to: Position(end) })
}

fn head(key: &str, epoch: Epoch, after: Position, frontier: &Frontier, workspaces: Vec<(WorkspaceId, u64)>) -> Header {
    let frontier = hex::encode(frontier.to_bytes());
    let (format, verifying_key) = (FORMAT.to_owned(), key.to_owned());
    Header { format, version: VERSION, epoch, verifying_key, after, frontier, workspaces }
}

fn write(output: &mut dyn Write, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *output, line)?;
    output.write_all(b"\n")
}

fn failed(reason: &str) -> SourceError {
    SourceError::Read(reason.to_owned())
}

/// Checks an export with nothing but itself: that its events lead to what was signed. `key` is a verifying key that was
/// kept elsewhere, without which the file's own word is taken for it; `copy` a checkpoint that was.
///
/// # Errors
/// If a line doesn't read, or the file is no export.
pub fn verify_export(
    input: impl BufRead,
    key: Option<String>,
    copy: Option<&String>,
    seen: impl Fn(u64),
) -> Result<Report, ExportError> {
    let (header, mut lines) = lines(input)?;
    let invalid = || ExportError::Line { line: 1, reason: "the frontier doesn't read".to_owned() };
    let frontier = hex::decode(&header.frontier).map_err(|_| invalid())?;
    let frontier = Frontier::from_bytes(&frontier).map_err(|_| invalid())?;
    if frontier.size() != header.after.0 {
        return Err(invalid());
    }
    let same_key = key.as_ref().is_none_or(|key| key.trim() == header.verifying_key);
    let key = key.map_or_else(|| header.verifying_key.clone(), |key| key.trim().to_owned());
    // What is signed comes last, and is compared where the events end.
    let mut reading = Reading::new(header.epoch, &key, copy);
    reading.begin_at(frontier, header.workspaces.into_iter().collect());
    while let Some((event, bytes)) = lines.next_event()? {
        reading.take(&event);
        seen(bytes);
    }
    Ok(reading.report_at(&lines.checkpoint()?, same_key))
}

/// What follows an export's header.
pub(super) struct Lines<R> {
    rest: io::Lines<R>,
    line: u64,
    trailer: Option<Trailer>,
}

/// Reads an export's header.
pub(super) fn lines<R: BufRead>(input: R) -> Result<(Header, Lines<R>), ExportError> {
    let mut lines = input.lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    let header: Header = parse(&first, 1)?;
    if header.format != FORMAT || header.version != VERSION {
        let reason =
            format!("it has the form {} {}, and this build reads {FORMAT} {VERSION}", header.format, header.version);
        return Err(ExportError::Line { line: 1, reason });
    }
    Ok((header, Lines { rest: lines, line: 1, trailer: None }))
}

impl<R: BufRead> Lines<R> {
    /// The next event, with how many bytes it took; none at the checkpoint.
    pub(super) fn next_event(&mut self) -> Result<Option<(Recorded, u64)>, ExportError> {
        let Some(text) = self.rest.next().transpose()? else { return Ok(None) };
        self.line += 1;
        if text.starts_with("{\"checkpoint\"") {
            self.trailer = Some(parse(&text, self.line)?);
            return Ok(None);
        }
        let event = parse::<LogEvent>(&text, self.line)?.recorded();
        let event = event.map_err(|error| ExportError::Line { line: self.line, reason: error.to_string() })?;
        Ok(Some((event, text.len() as u64 + 1)))
    }

    /// The checkpoint that the events end at, after which nothing may stand.
    pub(super) fn checkpoint(&mut self) -> Result<String, ExportError> {
        let wrong = |line, reason: &str| ExportError::Line { line, reason: reason.to_owned() };
        let trailer = self.trailer.take().ok_or_else(|| wrong(self.line, "the export ends without its checkpoint"))?;
        if self.rest.next().transpose()?.is_some() {
            return Err(wrong(self.line + 1, "it stands after the checkpoint"));
        }
        Ok(trailer.checkpoint)
    }
}

fn parse<'a, T: Deserialize<'a>>(text: &'a str, line: u64) -> Result<T, ExportError> {
    serde_json::from_str(text).map_err(|error| ExportError::Line { line, reason: error.to_string() })
}

/// A signed note that ends an export must be over exactly its events.
pub(super) fn ends_at(note: &str, key: &VerifyingKey, epoch: Epoch, size: u64) -> Result<Checkpoint, String> {
    let checkpoint = open(note, key).map_err(|error| error.to_string())?;
    let origin = format!("{}/epoch-{epoch}", key.name());
    if checkpoint.origin.as_str() != origin {
        return Err(format!("it was signed over {}, and this is {origin}", checkpoint.origin.as_str()));
    }
    if checkpoint.size != size {
        return Err(format!("{} events were signed and this ends at {size}", checkpoint.size));
    }
    Ok(checkpoint)
}
