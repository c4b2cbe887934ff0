//! The sandbox itself.

use std::{
    io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use campanile_events::clock::SharedClock;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::watch;

use super::{
    AccountClass, Answer, Fault, FaultKind, Handling, Point, Received, SandboxAccount, SandboxJournal, Visible,
    answer::handle, effect::State, record::Records,
};

/// How many posts one listing shows.
pub(super) const PAGE: usize = 40;

/// What is asked to become visible.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    /// What it says.
    pub text: String,
    /// What it follows.
    #[serde(default)]
    pub reply_to: Option<String>,
    /// The first part of its thread.
    #[serde(default)]
    pub root: Option<String>,
    /// What it shows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media_ids: Vec<String>,
    /// The key that came with it.
    #[serde(default)]
    pub marker: Option<String>,
}

/// Which posts are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Listing {
    /// Whose.
    pub account: String,
    /// Only what is newer than this.
    #[serde(default)]
    pub after: Option<String>,
    /// At most so many.
    #[serde(default)]
    pub limit: Option<usize>,
}

/// A platform in this process. It goes by its clock.
#[derive(Debug)]
pub struct Sandbox {
    clock: SharedClock,
    state: Mutex<State>,
    changes: watch::Sender<u64>,
}

impl Sandbox {
    /// An empty one, in memory.
    pub fn new(clock: SharedClock) -> Arc<Self> {
        Self::with(clock, State::default())
    }

    /// One that a file stands behind, with what it knew before.
    pub fn open(clock: SharedClock, path: &Path) -> io::Result<Arc<Self>> {
        let (records, read) = Records::open(path)?;
        let mut state = State::default();
        for record in read {
            state.take_in(record);
        }
        state.records = Some(records);
        Ok(Self::with(clock, state))
    }

    fn with(clock: SharedClock, state: State) -> Arc<Self> {
        Arc::new(Self { clock, state: Mutex::new(state), changes: watch::Sender::new(0) })
    }

    /// The account of that handle, made if need be; a known one gets this delivery.
    pub fn account(&self, handle: &str, delivery: AccountClass) -> io::Result<SandboxAccount> {
        self.state().account(handle, delivery)
    }

    /// Makes something go wrong.
    pub fn add_fault(&self, fault: Fault) {
        self.state().faults.add(fault);
    }

    /// Takes all faults away.
    pub fn clear_faults(&self) {
        self.state().faults.clear();
    }

    /// The truth, up to now.
    pub fn journal(&self) -> SandboxJournal {
        let state = self.state();
        SandboxJournal {
            visible: state.visible.clone(),
            requests: state.requests.clone(),
            uploads: state.uploads.clone(),
            removed: state.removed.clone(),
        }
    }

    /// What became visible, in order.
    pub fn visible(&self) -> Vec<Visible> {
        self.state().visible.clone()
    }

    /// Counts up with each request that came; for who waits for one.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Takes a request to post.
    pub fn receive(&self, token: &str, submission: &Submission) -> Handling {
        let handling = self.receive_locked(token, submission);
        self.changes.send_modify(|count| *count += 1);
        handling
    }

    fn receive_locked(&self, token: &str, submission: &Submission) -> Handling {
        let now = self.clock.now();
        let mut state = self.state();
        let Some(account) = state.by_token(token) else {
            return Handling::now(super::Outcome::Answer(unknown_token()));
        };
        let fault = state.faults.take(&account.handle, Point::Send);
        let key_delay = state.faults.take_key_delay(&account.handle);
        let seq = state.requests.len() as u64 + 1;
        let mut remote_id = None;
        if let Some(FaultKind::EffectLate { seconds }) = fault {
            state.delay(now, seconds, seq, &account.handle, submission);
        }
        let handling = handle(fault, || match state.publish(now, seq, &account, submission, key_delay) {
            Ok(post) => {
                remote_id = Some(post.remote_id.clone());
                Answer::ok(&json!({"id": post.remote_id, "url": post.url}))
            }
            Err(answer) => answer,
        });
        let fault = fault.map(|kind| kind.name().to_owned());
        state.note(Received {
            seq,
            account: account.handle,
            marker: submission.marker.clone(),
            received_at: now,
            fault: fault.or_else(|| key_delay.map(|_| "key_stored_late".to_owned())),
            answered: handling.status(),
            remote_id,
        });
        handling
    }

    /// Lists an account's posts, oldest first, and names its newest.
    pub fn list(&self, token: &str, listing: &Listing) -> Handling {
        let mut state = self.state();
        let Some(account) = state.by_token(token).filter(|account| account.handle == listing.account) else {
            return Handling::now(super::Outcome::Answer(unknown_token()));
        };
        let fault = state.faults.take(&account.handle, Point::LookUp);
        handle(fault, || match account.delivery {
            AccountClass::Blind => Answer::error(403, "not_listed", "this account's posts can't be asked for"),
            AccountClass::Keyed | AccountClass::Searchable => Answer::ok(&state.page(listing)),
        })
    }

    /// Checks who may be connected.
    pub fn verify(&self, handle_given: &str, delivery: AccountClass) -> Handling {
        let mut state = self.state();
        let fault = state.faults.take(handle_given, Point::Connect);
        handle(fault, || match state.account(handle_given, delivery) {
            Ok(account) => Answer::ok(&json!({
                "id": account.handle, "handle": account.handle, "delivery": account.delivery, "token": account.token,
            })),
            Err(_) => Answer::error(503, super::answer::BEFORE_EFFECT, "the sandbox's file can't be written"),
        })
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.settle(self.clock.now());
        state
    }
}

pub(super) fn unknown_token() -> Answer {
    Answer::error(401, "unknown_token", "the sandbox doesn't know this token")
}
