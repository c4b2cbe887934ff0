//! How posts become visible, once for each key.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    io,
};

use campanile_events::random;
use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::{
    AccountClass, Answer, Listing, Received, Removed, SandboxAccount, Submission, Uploaded, Visible,
    answer::BEFORE_EFFECT,
    fault::Faults,
    record::{Key, Late, Record, Records},
    state::PAGE,
};

/// How long a key is kept.
pub(super) const WINDOW: Duration = Duration::seconds(3600);
/// The longest text.
pub(super) const MAX_TEXT: usize = 500;

/// Everything that the sandbox's lock guards.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) accounts: BTreeMap<String, SandboxAccount>,
    pub(super) visible: Vec<Visible>,
    pub(super) requests: Vec<Received>,
    pub(super) uploads: Vec<Uploaded>,
    pub(super) removed: Vec<Removed>,
    keys: HashMap<(String, String), Key>,
    late: Vec<Late>,
    pub(super) faults: Faults,
    pub(super) records: Option<Records>,
}

impl State {
    /// What the file says.
    pub(super) fn take_in(&mut self, record: Record) {
        match record {
            Record::Account(account) => {
                self.accounts.insert(account.handle.clone(), account);
            }
            Record::Received(request) => self.requests.push(request),
            Record::Uploaded(medium) => self.uploads.push(medium),
            Record::Visible(post) => self.visible.push(post),
            Record::Removed(post) => self.removed.push(post),
            Record::Key(key) => {
                self.keys.insert((key.account.clone(), key.marker.clone()), key);
            }
            Record::Late(late) => self.late.push(late),
            Record::Settled { request_seq } => self.late.retain(|late| late.request_seq != request_seq),
        }
    }

    /// Written before it counts: an engine that dies with its sandbox finds again what it was told.
    pub(super) fn keep(&mut self, records: Vec<Record>) -> io::Result<()> {
        if let Some(file) = &mut self.records {
            file.append(&records)?;
        }
        for record in records {
            self.take_in(record);
        }
        Ok(())
    }

    pub(super) fn note(&mut self, request: Received) {
        if let Err(error) = self.keep(vec![Record::Received(request)]) {
            tracing::error!(%error, "the sandbox's file can't be written");
        }
    }

    pub(super) fn by_token(&self, token: &str) -> Option<SandboxAccount> {
        self.accounts.values().find(|account| account.token == token).cloned()
    }

    pub(super) fn account(&mut self, handle: &str, delivery: AccountClass) -> io::Result<SandboxAccount> {
        let known = self.accounts.get(handle);
        if let Some(account) = known.filter(|account| account.delivery == delivery) {
            return Ok(account.clone());
        }
        let token = known.map_or_else(|| hex::encode(random::bytes::<16>()), |account| account.token.clone());
        let account = SandboxAccount { handle: handle.to_owned(), delivery, token };
        self.keep(vec![Record::Account(account.clone())])?;
        Ok(account)
    }

    /// Notes an effect that is to come.
    pub(super) fn delay(&mut self, now: DateTime<Utc>, seconds: f64, request_seq: u64, account: &str, it: &Submission) {
        let due = now + Duration::microseconds((seconds * 1e6) as i64);
        let late = Late { due, request_seq, account: account.to_owned(), submission: it.clone() };
        if let Err(error) = self.keep(vec![Record::Late(late)]) {
            tracing::error!(%error, "the sandbox's file can't be written");
        }
    }

    /// Lets the effects come that are due.
    pub(super) fn settle(&mut self, now: DateTime<Utc>) {
        let mut due: Vec<_> = self.late.iter().filter(|late| late.due <= now).cloned().collect();
        due.sort_by_key(|late| late.due);
        for late in due {
            if let Some(account) = self.accounts.get(&late.account).cloned() {
                // A refusal, too, is an end of it.
                let _ = self.publish(late.due, late.request_seq, &account, &late.submission, None);
            }
            if self.keep(vec![Record::Settled { request_seq: late.request_seq }]).is_err() {
                self.late.retain(|other| other.request_seq != late.request_seq);
            }
        }
    }

    /// Makes a post visible, or finds the one that its key made.
    pub(super) fn publish(
        &mut self,
        now: DateTime<Utc>,
        request_seq: u64,
        account: &SandboxAccount,
        submission: &Submission,
        key_delay: Option<f64>,
    ) -> Result<Visible, Answer> {
        let marker = submission.marker.clone().filter(|_| account.delivery == AccountClass::Keyed);
        let place = marker.as_ref().map(|marker| (account.handle.clone(), marker.clone()));
        let kept = place.as_ref().and_then(|place| self.keys.get(place)).filter(|key| now < key.until);
        if let Some(key) = kept.filter(|key| key.from <= now)
            && let Some(post) = self.visible.iter().find(|post| post.remote_id == key.remote_id)
        {
            return Ok(post.clone());
        }
        let is_new_key = kept.is_none();
        self.check(account, submission)?;
        let seq = self.visible.len() as u64 + 1;
        let post = Visible {
            seq,
            account: account.handle.clone(),
            remote_id: seq.to_string(),
            url: format!("/@{}/{seq}", account.handle),
            text: submission.text.clone(),
            marker: submission.marker.clone(),
            reply_to: submission.reply_to.clone(),
            media_ids: submission.media_ids.clone(),
            visible_at: now,
            request_seq,
        };
        let mut records = vec![Record::Visible(post.clone())];
        if let Some(marker) = marker.filter(|_| is_new_key) {
            let from = now + Duration::microseconds((key_delay.unwrap_or(0.0) * 1e6) as i64);
            let (account, remote_id) = (account.handle.clone(), post.remote_id.clone());
            records.push(Record::Key(Key { account, marker, remote_id, from, until: now + WINDOW }));
        }
        match self.keep(records) {
            Ok(()) => Ok(post),
            Err(_) => Err(Answer::error(503, BEFORE_EFFECT, "the sandbox's file can't be written")),
        }
    }

    /// What stands now: a post's name is its own for ever.
    pub(super) fn standing(&self) -> impl Iterator<Item = &Visible> {
        let gone: HashSet<_> = self.removed.iter().map(|post| post.remote_id.as_str()).collect();
        self.visible.iter().filter(move |post| !gone.contains(post.remote_id.as_str()))
    }

    fn check(&self, account: &SandboxAccount, submission: &Submission) -> Result<(), Answer> {
        let own = |id: &String| self.uploads.iter().any(|it| it.id == *id && it.account == account.handle);
        if !submission.media_ids.iter().all(own) {
            return Err(Answer::error(422, "unknown_media", "there is no such media"));
        }
        if submission.text.trim().is_empty() && submission.media_ids.is_empty() {
            return Err(Answer::error(422, "empty", "the text is empty"));
        }
        let length = submission.text.chars().count();
        if length > MAX_TEXT {
            let message = format!("the text has {length} characters, at most {MAX_TEXT}");
            return Err(Answer::error(422, "too_long", &message));
        }
        let stands = |id: &String| self.standing().any(|post| post.remote_id == *id);
        if submission.reply_to.iter().chain(&submission.root).all(stands) {
            Ok(())
        } else {
            Err(Answer::error(422, "unknown_post", "there is no such post to reply to"))
        }
    }

    /// An account's posts after a place, oldest first.
    pub(super) fn page(&self, listing: &Listing) -> Value {
        let after = listing.after.as_ref().and_then(|id| id.parse().ok()).unwrap_or(0);
        let limit = listing.limit.unwrap_or(PAGE).min(PAGE);
        let own = || self.standing().filter(|post| post.account == listing.account);
        let mut rest = own().filter(|post| post.seq > after);
        let posts: Vec<_> = rest
            .by_ref()
            .take(limit)
            .map(|post| {
                json!({
                    "id": post.remote_id, "url": post.url, "text": post.text, "reply_to": post.reply_to,
                    "created_at": post.visible_at,
                })
            })
            .collect();
        let more = rest.next().is_some();
        json!({"posts": posts, "more": more, "newest": own().last().map(|post| &post.remote_id)})
    }
}
