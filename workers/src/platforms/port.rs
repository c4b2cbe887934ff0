//! The port itself, and what goes through it.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use campanile_events::{
    account::Offer,
    ids::{AccountId, MediaId},
    media::{MediaKind, Size},
    post::{Delivery, FailureClass, Step},
    seal::Open,
    timing::Timing,
};
use chrono::{DateTime, Utc};
use hyper::body::Bytes;

use super::{ConnectError, CredentialKeeper, Credentials, Description, Fields, SendFailure, SignIn};

/// A platform that posts are published to.
#[async_trait]
pub trait Platform: Send + Sync + fmt::Debug {
    /// Its name in paths and events, such as `mastodon`; for ever.
    fn name(&self) -> &'static str;

    /// What it takes, for whoever lists the platforms. An account's own server may say otherwise.
    fn describe(&self) -> Description;

    /// Whether an account is another one on another server. Where it keeps its name when it moves, its server is no part
    /// of that name.
    fn names_by_server(&self) -> bool {
        true
    }

    /// Checks credentials against the platform; says whose they are and what the server offers.
    async fn connect(&self, request: ConnectRequest) -> Result<Connected, ConnectError>;

    /// How an account is connected on the platform's own page; `None` where only [`Self::connect`] does it.
    /// [`Description::sign_in`] says the same.
    fn sign_in(&self) -> Option<&dyn SignIn> {
        None
    }

    /// Asks anew, in the account's name, what its server offers; credentials that no longer hold are
    /// [`FailureClass::AuthExpired`](campanile_events::post::FailureClass::AuthExpired).
    async fn observe(&self, access: &Access) -> Result<Offer, SendFailure>;

    /// What the account shows newest now, as the platform names it: look-ups go back to it. `None` where it shows nothing
    /// yet, or can't be asked. Shows nothing itself.
    async fn baseline(&self, access: &Access) -> Result<Option<String>, SendFailure>;

    /// Brings a picture or film to the platform, where nobody sees it until a post names it. However it fails, nothing was
    /// sent; `rejected` says that the platform will never take it.
    async fn upload(&self, access: &Access, media: &Media) -> Result<RemoteMedia, SendFailure> {
        let _ = (access, media);
        Err(SendFailure::of(FailureClass::Rejected, "media_not_supported"))
    }

    /// Makes ready what a message needs beside its text, for [`Message::prepared`]: names that are resolved, what stands
    /// already. Shows nothing, so it may be done ahead of time and again. What fails here was not sent.
    async fn prepare(&self, _access: &Access, _message: &Message) -> Result<Option<Open>, SendFailure> {
        Ok(None)
    }

    /// Opens a fresh connection (DNS, TCP, TLS) for one request. What fails here was not sent.
    async fn open(&self, access: &Access) -> Result<Box<dyn Line>, SendFailure>;

    /// Asks whether what was intended is live.
    async fn look_up(&self, access: &Access, search: &Search) -> Result<Found, SendFailure>;

    /// Removes something that was published; gone already is as good. Safe to repeat, so a failure that leaves its effect
    /// open is tried again; only `rejected` and `outdated_adapter` are for good. [`Description::can_delete`] says whether a
    /// platform can.
    async fn remove(&self, _access: &Access, _remote_id: &str) -> Result<(), SendFailure> {
        Err(SendFailure::of(FailureClass::Rejected, "removal_not_supported"))
    }
}

/// A fresh connection that carries one message.
#[async_trait]
pub trait Line: Send {
    /// Whether the other side still listens; asked right before the intent.
    fn is_open(&mut self) -> bool;

    /// The bytes that a keyed digest of the request is made of. They hold the text and no credential, and of
    /// media our own ids: a repeat brings them anew, under other names.
    fn digest_input(&self, message: &Message) -> Vec<u8>;

    /// Writes the request and reads the answer. An error's class is decided here.
    async fn send(self: Box<Self>, message: Message) -> Result<Sent, SendFailure>;
}

/// An account as an adapter needs it.
#[derive(Debug, Clone)]
pub struct Access {
    /// Ours.
    pub account_id: AccountId,
    /// The server that it lives on; empty where there is just one, or it is in process.
    pub server: String,
    /// The platform's name of it.
    pub remote_id: String,
    /// What the platform asks for.
    pub credentials: Credentials,
    /// Where those are kept, should they have to be renewed.
    pub keeper: Arc<dyn CredentialKeeper>,
    /// What its server's delivery is worth, as last read.
    pub delivery: Delivery,
    /// How long things may take.
    pub timing: Timing,
}

/// What one request is to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Which part of the post it is.
    pub step: Step,
    /// What it says.
    pub text: Open,
    /// The name under which the platform is asked to take it once.
    pub marker: String,
    /// When it was first intended under this marker: the same for every repeat.
    pub intended_at: DateTime<Utc>,
    /// Whether it was intended before under this marker, so that it may stand already.
    pub is_repeat: bool,
    /// The part that it follows.
    pub reply_to: Option<RemoteRef>,
    /// The first part, where it isn't that itself.
    pub root: Option<RemoteRef>,
    /// What [`Platform::prepare`] gave for it, in the adapter's own form.
    pub prepared: Option<Open>,
    /// What it shows, in order.
    pub media: Vec<Attachment>,
}

impl Message {
    /// The same with our own names for what it shows: alike on every attempt.
    #[must_use]
    pub fn with_own_names(&self) -> Self {
        let own = |it: &Attachment| Attachment { remote: RemoteMedia { remote_id: it.id.to_string() }, ..it.clone() };
        Self { media: self.media.iter().map(own).collect(), ..self.clone() }
    }
}

/// A picture or film with its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// Ours.
    pub id: MediaId,
    /// What it is.
    pub kind: MediaKind,
    /// Width and height, where they are known.
    pub size: Option<Size>,
    /// What somebody reads who can't see it.
    pub alt_text: Option<Open>,
    /// The bytes.
    pub bytes: Bytes,
}

/// A picture or film that is on the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Ours: the same on every attempt, which `remote` is not.
    pub id: MediaId,
    /// Width and height, where they are known.
    pub size: Option<Size>,
    /// What somebody reads who can't see it.
    pub alt_text: Option<Open>,
    /// The platform's own.
    pub remote: RemoteMedia,
}

/// What a platform calls a picture or film that it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteMedia {
    /// Its name, or whatever a post must hold to show it, as text.
    pub remote_id: String,
}

/// Something that stands on the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteRef {
    /// The platform's name of it.
    pub remote_id: String,
    /// Where people see it.
    pub url: Option<String>,
}

/// What a request has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The platform's name of it.
    pub remote_id: String,
    /// Where people see it.
    pub url: Option<String>,
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// Which part of the post it is.
    pub step: Step,
    /// The name under which it was sent.
    pub marker: String,
    /// When it was first intended under this marker, be it that the platform refused it then.
    pub intended_at: DateTime<Utc>,
    /// What it says.
    pub text: Open,
    /// The part that it follows.
    pub reply_to: Option<RemoteRef>,
    /// The newest thing that the account showed before; what is older is another post.
    pub baseline: Option<String>,
    /// When the first attempt that is in doubt intended it.
    pub since: DateTime<Utc>,
    /// Remote ids that are known to be other posts'.
    pub exclude: Vec<String>,
}

/// What a look-up saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It is live.
    Present(Sent),
    /// Everything back to the baseline (without one: to the first intent) was seen, and it isn't there.
    Absent,
    /// Not everything could be seen.
    Incomplete(SendFailure),
}

/// What a client gave to connect an account.
#[derive(Clone)]
pub struct ConnectRequest {
    /// The fields, as the API passed them on. They hold secrets.
    pub body: serde_json::Value,
    /// How long things may take.
    pub timing: Timing,
}

impl ConnectRequest {
    /// The fields, to be taken out one by one.
    pub fn fields(&self) -> Result<Fields<'_>, ConnectError> {
        Fields::of(&self.body)
    }
}

impl fmt::Debug for ConnectRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectRequest").finish_non_exhaustive()
    }
}

/// An account whose credentials hold.
#[derive(Debug, Clone)]
pub struct Connected {
    /// The server that it was reached by (`https://mastodon.example`); empty where it is in process.
    pub server: String,
    /// The platform's name of it.
    pub remote_id: String,
    /// What people call it.
    pub handle: String,
    /// Its displayed name.
    pub display_name: Option<String>,
    /// What to keep for later.
    pub credentials: Credentials,
    /// What its server takes and offers.
    pub offer: Offer,
}
