//! What clients asked for and what they were answered: the journal on their side.
//!
//! Each request has an idempotency key, and goes on under it until it is answered, as a client's does that has to know;
//! some give up at the first silence, as a client's does that crashes.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, SecondsFormat, SubsecRound, Utc};
use futures::{StreamExt, stream};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    size::Size,
    tenants::{Account, Tenant},
};
use crate::support::{Answer, Chance, Client, now, until};

/// How long a client waits for an answer before it asks again.
const PATIENCE: Duration = Duration::from_secs(5);
/// How soon it does, at first; then twice as late each time.
const AGAIN: Duration = Duration::from_millis(100);
/// And then as late as this.
const MOST: Duration = Duration::from_secs(2);
/// How long it goes on.
const GIVEN_UP: Duration = Duration::from_secs(60);
/// How many requests are under way at once.
const AT_ONCE: usize = 32;
/// One of so many is given up at the first silence.
const IMPATIENT: u64 = 4;
/// One of so many posts is written and not to be published.
const DRAFTS: usize = 10;

/// What is wanted of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    Draft,
    Now,
    At(DateTime<Utc>),
}

/// A request under its key, with what became of it as far as its client knows.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub key: String,
    pub tenant: usize,
    pub account: Account,
    /// No other request has it.
    pub text: String,
    pub wish: Wish,
    pub body: Value,
    pub asked_at: DateTime<Utc>,
    /// How often it was sent.
    pub tries: u32,
    pub fate: Fate,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    Answered(Given),
    Refused(u16, String),
    /// No answer, ever: it may have been carried out or not.
    Silence,
}

/// An answer, as far as it must be the same again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Given {
    pub status: u16,
    pub text: String,
    etag: String,
    position: String,
}

impl Given {
    pub fn of(answer: &Answer) -> Self {
        let header = |name: &str| answer.header(name).to_owned();
        let (etag, position) = (header("etag"), header("campanile-position"));
        Self { status: answer.status, text: answer.text.clone(), etag, position }
    }

    /// One with this body.
    #[cfg(test)]
    pub fn with(body: &Value) -> Self {
        Self { status: 201, text: body.to_string(), etag: String::new(), position: String::new() }
    }

    /// The id of what was made.
    pub fn id(&self) -> String {
        let made: Value = serde_json::from_str(&self.text).expect("an answer is JSON");
        made["id"].as_str().expect("an id").to_owned()
    }
}

impl Entry {
    fn of(size: Size, number: usize, tenants: &[Tenant], first: DateTime<Utc>, chance: &mut Chance) -> Self {
        let tenant = number % tenants.len();
        let own = &tenants[tenant].accounts;
        let account = own[number / tenants.len() % own.len()].clone();
        let step = size.window() / size.posts.max(1) as u32;
        let asked_at = first + step * number as u32;
        let wish = match chance.below(2) {
            0 => Wish::Now,
            // As far ahead as a restart takes, or not.
            _ => Wish::At((asked_at + Duration::from_millis(300 + chance.below(4_000))).trunc_subsecs(3)),
        };
        Self::new(format!("post {number}"), tenant, account, wish, asked_at)
    }

    fn new(text: String, tenant: usize, account: Account, wish: Wish, asked_at: DateTime<Utc>) -> Self {
        let mut body = json!({"body": text, "account_ids": [account.id]});
        match wish {
            Wish::Draft => {}
            Wish::Now => body["publish"] = json!(true),
            Wish::At(due) => body["schedule"] = json!({"at": due.to_rfc3339_opts(SecondsFormat::Millis, true)}),
        }
        let key = format!("key of {text}");
        Self { key, tenant, account, text, wish, body, asked_at, tries: 0, fate: Fate::Silence }
    }

    /// Sends it once.
    pub async fn ask(&self, client: &Client) -> Result<Answer, reqwest::Error> {
        let request = client.request(Method::POST, "/v1/posts").header("Idempotency-Key", &self.key);
        client.try_send(request.timeout(PATIENCE).json(&self.body)).await
    }

    /// Sends it until it is answered, to one process after the other, or until its client has enough.
    async fn go_on(&mut self, clients: &[Client], impatient: bool) {
        self.asked_at = now();
        let (end, mut pause) = (self.asked_at + GIVEN_UP, AGAIN);
        while now() < end {
            let client = &clients[self.tries as usize % clients.len()];
            self.tries += 1;
            match self.ask(client).await {
                Ok(answer) if answer.status == 201 => {
                    self.fate = Fate::Answered(Given::of(&answer));
                    return;
                }
                Ok(answer) if is_passing(&answer) => {}
                Ok(answer) => {
                    self.fate = Fate::Refused(answer.status, answer.text);
                    return;
                }
                Err(_) if impatient => return,
                Err(_) => {}
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(MOST);
        }
    }

    /// Whether it was asked for a time that was over when somebody heard it.
    fn came_late(&self) -> bool {
        matches!(&self.fate, Fate::Refused(_, text) if text.contains("in_the_past"))
    }
}

/// Whether it is worth asking again.
pub(super) fn is_passing(answer: &Answer) -> bool {
    answer.status == 503 || answer.text.contains("idempotency_in_progress")
}

/// Writes all posts, from `first` on; gives the journal.
pub(super) async fn write_all(
    tenants: Arc<Vec<Tenant>>,
    clients: Arc<Vec<Vec<Client>>>,
    size: Size,
    first: DateTime<Utc>,
) -> Vec<Entry> {
    let mut chance = Chance::of(size.seed ^ 0x0077_7269_7465);
    let all: Vec<_> = (0..size.posts)
        .map(|number| {
            let post = Entry::of(size, number, &tenants, first, &mut chance);
            (post, number % DRAFTS == 0, chance.below(IMPATIENT) == 0)
        })
        .collect();
    let write = |(mut post, and_draft, impatient): (Entry, bool, bool)| {
        let clients = Arc::clone(&clients);
        async move {
            until(post.asked_at).await;
            let clients = &clients[post.tenant];
            post.go_on(clients, impatient).await;
            let with = |text: String, wish| Entry::new(text, post.tenant, post.account.clone(), wish, now());
            let late = post.came_late().then(|| with(format!("{} at once", post.text), Wish::Now));
            // Whoever crashed and doesn't know writes another one; so there is a target for each number at least.
            let anew = (post.fate == Fate::Silence).then(|| with(format!("{} anew", post.text), Wish::Now));
            let draft = and_draft.then(|| with(format!("kept beside {}", post.text), Wish::Draft));
            let mut written = Vec::new();
            for mut more in late.into_iter().chain(anew).chain(draft) {
                more.go_on(clients, false).await;
                written.push(more);
            }
            written.push(post);
            written
        }
    };
    let written: Vec<_> = stream::iter(all).map(write).buffer_unordered(AT_ONCE).collect().await;
    written.concat()
}

/// What is answered when each request that was answered is sent again: the requests, and those answered otherwise.
pub(super) async fn ask_again(journal: &[Entry], clients: &[Client]) -> (usize, Vec<String>) {
    let answered = journal.iter().filter_map(|entry| match &entry.fate {
        Fate::Answered(given) => Some((entry, given)),
        _ => None,
    });
    let again = answered.map(async |(entry, given)| {
        let answer = entry.ask(&clients[entry.tenant]).await;
        let answer = answer.map_err(|error| error.to_string());
        let same = answer.as_ref().is_ok_and(|answer| Given::of(answer) == *given);
        (!same).then(|| format!("{}: first {given:?}, then {answer:?}", entry.key))
    });
    let found: Vec<_> = stream::iter(again).buffer_unordered(8).collect().await;
    (found.len(), found.into_iter().flatten().collect())
}
