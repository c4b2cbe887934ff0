//! What goes into the journal and what comes out.

use std::{fmt, str::FromStr, sync::Arc};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Counted;
use crate::ids::{Epoch, EventId, LogPosition, Position, Version, WorkspaceId};

/// What kind of thing a stream tells the history of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StreamKind {
    /// The log itself: epochs.
    Log,
    /// An organization.
    Organization,
    /// A person.
    Person,
    /// A workspace.
    Workspace,
    /// An API key.
    Key,
    /// An account on a platform.
    Account,
    /// A post with its targets and their attempts.
    Post,
    /// A picture or film that posts show.
    Media,
    /// An invitation of a person into a workspace.
    Invitation,
}

impl StreamKind {
    /// Every kind there is.
    pub const ALL: [Self; 9] = [
        Self::Log,
        Self::Organization,
        Self::Person,
        Self::Workspace,
        Self::Key,
        Self::Account,
        Self::Post,
        Self::Media,
        Self::Invitation,
    ];

    /// The stored name. For ever.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Organization => "organization",
            Self::Person => "person",
            Self::Workspace => "workspace",
            Self::Key => "key",
            Self::Account => "account",
            Self::Post => "post",
            Self::Media => "media",
            Self::Invitation => "invitation",
        }
    }
}

impl fmt::Display for StreamKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for StreamKind {
    type Err = UnknownStreamKind;

    fn from_str(text: &str) -> Result<Self, UnknownStreamKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| UnknownStreamKind(text.to_owned()))
    }
}

/// A stream kind that this build doesn't know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown stream kind `{0}`")]
pub struct UnknownStreamKind(pub String);

/// One stream: the history of one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    /// What kind of thing.
    pub kind: StreamKind,
    /// Which one.
    pub id: Uuid,
}

impl StreamId {
    /// The stream of the thing `id` of `kind`.
    pub const fn new(kind: StreamKind, id: Uuid) -> Self {
        Self { kind, id }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.id)
    }
}

/// Who did it: an id in its text form, or the engine.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Actor(String);

impl Actor {
    /// The engine itself.
    pub fn engine() -> Self {
        Self("engine".to_owned())
    }

    /// An operator at the machine.
    pub fn operator() -> Self {
        Self("operator".to_owned())
    }

    /// A key, person or worker, by its id.
    pub fn of(id: impl fmt::Display) -> Self {
        Self(id.to_string())
    }

    /// The stored text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where an event came from. Stored in the open: nothing personal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// Who did it.
    pub actor: Actor,
    /// The request that asked for it, under the engine's own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The event that led to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation: Option<EventId>,
    /// What ties events of several streams together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<Uuid>,
    /// What it counts against its workspace's plan. Of the events of one command, the first alone says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<Box<Counted>>,
}

impl Metadata {
    /// Metadata that names the actor alone.
    pub const fn by(actor: Actor) -> Self {
        Self { actor, request_id: None, causation: None, correlation: None, counted: None }
    }
}

/// Whether a unique name is taken or given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimAction {
    /// Nobody else in the workspace may hold the name from here on.
    Take,
    /// The stream that holds the name lets go of it.
    Release,
}

/// A unique name in a workspace, taken or released in the same transaction as its event.
///
/// Stands in the event's stored header in the open: a value that is personal goes in as a keyed digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Take or release.
    pub action: ClaimAction,
    /// What sort of name, such as `account`.
    pub kind: String,
    /// The name.
    pub value: String,
}

impl Claim {
    /// Takes the name.
    pub fn take(kind: &str, value: impl Into<String>) -> Self {
        Self { action: ClaimAction::Take, kind: kind.to_owned(), value: value.into() }
    }

    /// Gives the name back.
    pub fn release(kind: &str, value: impl Into<String>) -> Self {
        Self { action: ClaimAction::Release, kind: kind.to_owned(), value: value.into() }
    }
}

/// A name that a stream holds, as the engine's table of claims says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldClaim {
    /// In which workspace.
    pub workspace: WorkspaceId,
    /// What sort of name.
    pub kind: String,
    /// The name.
    pub value: String,
    /// Who holds it.
    pub holder: StreamId,
    /// The event that took it.
    pub position: Position,
}

/// An event that is to be appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Its name, made by the caller: an append whose answer was lost is looked up by it.
    pub id: EventId,
    /// The workspace that it belongs to, where that is not its append's: nil for what belongs to the whole engine.
    pub workspace: Option<WorkspaceId>,
    /// The stream it belongs to.
    pub stream: StreamId,
    /// The stored name, such as `post.scheduled`.
    pub event_type: String,
    /// The version of the payload's shape.
    pub schema: u16,
    /// The exact bytes that are stored: JSON.
    pub payload: String,
    /// Where it came from.
    pub metadata: Metadata,
    /// Unique names that it takes or releases.
    pub claims: Vec<Claim>,
}

/// What a stream must look like for an append to go in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// The stream.
    pub stream: StreamId,
    /// Its version when the decision was made; 0 for a stream that must not exist yet.
    pub version: Version,
}

/// The proof that a request was carried out, kept so that the same request is answered and not done again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReceipt {
    /// The client's idempotency key.
    pub key: String,
    /// A digest of the request.
    pub request_digest: Vec<u8>,
    /// The HTTP status it was answered with.
    pub status: u16,
    /// The stream whose state is rendered again, as of the receipt's position.
    pub resource: StreamId,
    /// What can't be rendered again (a secret), sealed.
    pub sealed: Option<String>,
}

/// A receipt as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// What the request said of itself.
    pub receipt: NewReceipt,
    /// The last event of the append it stood in.
    pub position: Position,
    /// When it was kept.
    pub recorded_at: DateTime<Utc>,
}

/// One all-or-nothing append, to one or several streams.
#[derive(Debug, Clone)]
pub struct Append {
    /// The workspace of its receipts, and of all events that name no other; nil for what belongs to the whole engine.
    pub workspace: WorkspaceId,
    /// What must hold; every stream of `events` is named here once.
    pub expected: Vec<Expected>,
    /// The events, in order.
    pub events: Vec<NewEvent>,
    /// Receipts that are kept with them.
    pub receipts: Vec<NewReceipt>,
    /// It begins the log: it goes in only while nothing is recorded, by whomever, in whichever stream.
    pub begins: bool,
}

impl Append {
    /// The workspace that one of its events belongs to.
    pub fn workspace_of(&self, event: &NewEvent) -> WorkspaceId {
        event.workspace.unwrap_or(self.workspace)
    }
}

/// A SHA-256 hash of the tree.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Hash(pub [u8; 32]);

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// An event as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its place in the log.
    pub position: Position,
    /// Its name.
    pub id: EventId,
    /// The workspace it belongs to; nil for what belongs to the whole engine.
    pub workspace: WorkspaceId,
    /// Its dense place in that workspace, from 1.
    pub workspace_number: u64,
    /// The stream it belongs to.
    pub stream: StreamId,
    /// Its place in that stream.
    pub version: Version,
    /// The stored name.
    pub event_type: String,
    /// The version of the payload's shape.
    pub schema: u16,
    /// The exact bytes that were stored: JSON.
    pub payload: String,
    /// Where it came from.
    pub metadata: Metadata,
    /// Unique names that it took or released.
    pub claims: Vec<Claim>,
    /// When it was committed, never earlier than the event before it.
    pub recorded_at: DateTime<Utc>,
    /// Its leaf in the tree.
    pub leaf_hash: Hash,
}

/// Events of one's own: what others share is copied.
pub fn owned(events: Vec<Arc<Recorded>>) -> Vec<Recorded> {
    events.into_iter().map(Arc::unwrap_or_clone).collect()
}

/// Where the log ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The log's epoch.
    pub epoch: Epoch,
    /// The last event's position; 0 in an empty log.
    pub position: Position,
    /// When the last event was committed.
    pub recorded_at: Option<DateTime<Utc>>,
    /// The root of the tree over all events up to `position`.
    pub root: Hash,
}

impl Head {
    /// The position with its epoch.
    pub const fn log_position(&self) -> LogPosition {
        LogPosition { epoch: self.epoch, position: self.position }
    }
}
