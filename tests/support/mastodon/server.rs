//! The server's state and truth.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};

use super::{App, DeleteMood, MediaMood, Mood, oauth::OAuth, routes};
use crate::support::{now, reset};

/// What lets one post.
pub const TOKEN: &str = "mastodon-token-3f9c1e7ab5";
/// How long a key is kept.
const WINDOW: Duration = Duration::from_hours(1);
/// The id of the first status: they grow, and sort by their number.
const FIRST_ID: u64 = 114_000_000_000_000_001;

/// What kind of server it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// Mastodon itself: keeps keys.
    Genuine,
    /// Another that speaks its API: takes keys and ignores them.
    Compatible,
}

/// A status that stands.
#[derive(Debug, Clone)]
pub struct Status {
    /// The server's name of it.
    pub id: u64,
    /// What it says.
    pub text: String,
    /// What it follows.
    pub reply_to: Option<String>,
    /// What it shows.
    pub media: Vec<Medium>,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

/// A picture or film that was brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Medium {
    /// The server's name of it.
    pub id: String,
    /// What its form called it.
    pub content_type: String,
    /// What somebody reads who can't see it.
    pub description: Option<String>,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// How often the server says that it isn't done with it.
    pub in_process: usize,
}

/// A request to post.
#[derive(Debug, Clone)]
pub struct Heard {
    /// The key that came with it.
    pub key: Option<String>,
    /// When it came.
    pub at: DateTime<Utc>,
}

/// A server that is published to. Clones share it.
#[derive(Debug, Clone)]
pub struct MastodonStandIn {
    /// Where it answers.
    pub address: String,
    state: Shared,
}

/// What the routes work on.
#[derive(Debug, Clone)]
pub(super) struct Shared(Arc<Mutex<State>>);

#[derive(Debug)]
pub(super) struct State {
    pub flavour: Flavour,
    pub address: String,
    pub statuses: Vec<Status>,
    pub heard: Vec<Heard>,
    pub lookups: usize,
    /// What was brought, in order.
    pub media: Vec<Medium>,
    /// How the next media are answered: a status, or in process for so many questions.
    pub media_moods: VecDeque<MediaMood>,
    /// The ids that were asked to be deleted, and when.
    pub deletions: Vec<(String, DateTime<Utc>)>,
    pub delete_moods: VecDeque<DeleteMood>,
    pub oauth: OAuth,
    /// Counts what was made.
    made: u64,
    moods: VecDeque<Mood>,
    keys: HashMap<String, (u64, Instant)>,
}

impl MastodonStandIn {
    /// Starts one on a free port.
    pub async fn start(flavour: Flavour) -> Self {
        let state = State {
            flavour,
            address: String::new(),
            statuses: Vec::new(),
            heard: Vec::new(),
            lookups: 0,
            media: Vec::new(),
            media_moods: VecDeque::new(),
            deletions: Vec::new(),
            delete_moods: VecDeque::new(),
            oauth: OAuth::default(),
            made: 0,
            moods: VecDeque::new(),
            keys: HashMap::new(),
        };
        let state = Shared(Arc::new(Mutex::new(state)));
        let address = reset::serve(routes::router(state.clone())).await;
        state.lock().address.clone_from(&address);
        Self { address, state }
    }

    /// What it does with the next posts, one each.
    pub fn next(&self, moods: &[Mood]) {
        self.state.lock().moods.extend(moods);
    }

    /// The apps that were registered with it and that it still knows.
    pub fn apps(&self) -> Vec<App> {
        self.state.lock().oauth.apps.clone()
    }

    /// Forgets every app, as servers do that tidy up.
    pub fn forget_apps(&self) {
        self.state.lock().oauth.apps.clear();
    }

    /// The tokens that it gave, beside [`TOKEN`].
    pub fn granted(&self) -> Vec<String> {
        self.state.lock().oauth.tokens.keys().filter(|token| *token != TOKEN).cloned().collect()
    }

    /// Its owner takes a token back.
    pub fn revoke(&self, token: &str) {
        self.state.lock().oauth.revoked.insert(token.to_owned());
    }

    /// Its owner thinks better of it.
    pub fn grant(&self, token: &str) {
        self.state.lock().oauth.revoked.remove(token);
    }

    /// What stands on it.
    pub fn statuses(&self) -> Vec<Status> {
        self.state.lock().statuses.clone()
    }

    /// How often a text stands on it.
    pub fn count(&self, text: &str) -> usize {
        self.state.lock().statuses.iter().filter(|status| status.text == text).count()
    }

    /// The requests to post that came.
    pub fn heard(&self) -> Vec<Heard> {
        self.state.lock().heard.clone()
    }

    /// What it does with the next media, one each.
    pub fn next_media(&self, moods: &[MediaMood]) {
        self.state.lock().media_moods.extend(moods);
    }

    /// What it does with the next requests to delete, one each.
    pub fn next_deletions(&self, moods: &[DeleteMood]) {
        self.state.lock().delete_moods.extend(moods);
    }

    /// The ids that were asked to be deleted, and when.
    pub fn deletions(&self) -> Vec<(String, DateTime<Utc>)> {
        self.state.lock().deletions.clone()
    }

    /// How often it was asked for the account's statuses.
    pub fn lookups(&self) -> usize {
        self.state.lock().lookups
    }
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Notes a request to post, and tells what is done with it.
    pub fn hear(&mut self, key: Option<&str>) -> Option<Mood> {
        let mood = self.moods.pop_front();
        self.heard.push(Heard { key: key.map(str::to_owned), at: now() });
        mood
    }

    /// Makes a status, or finds the one that its key made.
    pub fn publish(
        &mut self,
        key: Option<&str>,
        text: &str,
        media: Vec<Medium>,
        reply_to: Option<String>,
        stored_after: Duration,
    ) -> Status {
        let key = key.filter(|_| self.flavour == Flavour::Genuine);
        let at = Instant::now();
        if let Some((id, from)) = key.and_then(|key| self.keys.get(key))
            && *from <= at
            && at < *from + WINDOW
            && let Some(status) = self.statuses.iter().find(|status| status.id == *id)
        {
            return status.clone();
        }
        let id = FIRST_ID + self.made;
        self.made += 1;
        let status = Status { id, text: text.to_owned(), reply_to, media, created_at: now() };
        self.statuses.push(status.clone());
        if let Some(key) = key {
            self.keys.entry(key.to_owned()).or_insert((id, at + stored_after));
        }
        status
    }
}
