//! Posts as a log holds them: drafted, scheduled, sent, live.

use campanile_events::{
    commands::{decide, new_events},
    ids::{AccountId, PostId, Version, WorkerId},
    journal::{Actor, Append, Expected, Metadata, NewEvent, StreamId, StreamKind},
    post::{
        Content, ContentInHand, Delivery, Intent, Limits, MediaRules, Post, PostAction, PostCommand, PostServices,
        Rules, Step, TargetRef, TargetRules, TextCount, When,
    },
    seal::{DataKey, Open, fields},
};
use chrono::{DateTime, Duration, Utc};

use super::{Telling, house::House};
use crate::engine::Store;

/// Lives that go into one append.
const TOGETHER: usize = 80;

/// A draft of a post to one account of the sandbox.
pub(super) fn draft(key: &DataKey, body: &str, account: AccountId) -> PostAction {
    let (content, targets) = (content(key, body, account), targets(account));
    PostAction::Draft { content, targets, tags: Vec::new(), limits: Limits::default() }
}

/// The same with a due time.
pub(super) fn scheduled(key: &DataKey, body: &str, account: AccountId, at: DateTime<Utc>) -> PostAction {
    let (content, targets) = (content(key, body, account), targets(account));
    let when = When::instant(at);
    PostAction::DraftScheduled { content, targets, tags: Vec::new(), limits: Limits::default(), when }
}

fn content(key: &DataKey, body: &str, account: AccountId) -> Box<ContentInHand> {
    let open = Content { body: Open::new(body), ..Content::default() };
    let sealed = open.try_map(|field, text| Ok::<_, std::convert::Infallible>(key.seal(field, text)));
    let Ok(sealed) = sealed;
    let digests = [(account, key.digest("post.content", body.as_bytes()))].into();
    Box::new(ContentInHand { sealed, open, digests, media: Vec::new() })
}

fn targets(account_id: AccountId) -> Vec<TargetRules> {
    let rules = Rules {
        max_text: 5_000,
        max_bytes: None,
        count: TextCount::default(),
        max_parts: 1,
        first_comment: false,
        max_media: 0,
        media: MediaRules::default(),
    };
    vec![TargetRules { target: TargetRef { account_id, platform: "sandbox".to_owned() }, rules }]
}

/// A post's events as they are decided, one command after the other.
pub(super) struct Life {
    id: PostId,
    now: DateTime<Utc>,
    post: Post,
    events: Vec<NewEvent>,
}

impl Life {
    pub(super) fn new(now: DateTime<Utc>) -> Self {
        Self { id: PostId::fresh(now), now, post: Post::default(), events: Vec::new() }
    }

    pub(super) const fn id(&self) -> PostId {
        self.id
    }

    pub(super) async fn goes_on(&mut self, action: PostAction) -> anyhow::Result<()> {
        let command = PostCommand::new(self.now, 0.5, action);
        let (events, post) = decide(&self.post, command, &PostServices::default()).await?;
        self.events.extend(new_events::<Post>(self.id.uuid(), &events, &by(), self.now)?);
        self.post = post;
        Ok(())
    }

    /// From the draft to what stands on the platform.
    async fn whole(now: DateTime<Utc>, key: &DataKey, account_id: AccountId, worker: WorkerId) -> anyhow::Result<Self> {
        let mut life = Self::new(now);
        let id = life.id;
        let body =
            format!("Number {id} rings at the right moment, once, and says of itself as much as posts usually do.");
        life.goes_on(draft(key, &body, account_id)).await?;
        life.goes_on(PostAction::Schedule { when: When::instant(now) }).await?;
        let (number, step, revision) = (1, Step::Part(0), life.post.revision);
        let delivery = Delivery::Keyed { window_ms: None, quiet_ms: 60_000, searchable: true };
        let intent = Intent {
            step,
            marker: id.to_string(),
            request_digest: key.digest("request", body.as_bytes()),
            at: now,
            not_after: now + Duration::seconds(30),
        };
        let (baseline, intent) = (None, Some(intent));
        life.goes_on(PostAction::StartAttempt { account_id, number, worker, delivery, baseline, revision, intent })
            .await?;
        let url = Some(key.seal(fields::TARGET_URL, &Open::new(format!("https://sandbox.invalid/{id}"))));
        let remote_id = id.to_string();
        life.goes_on(PostAction::CompleteStep { account_id, number, step, remote_id, url, claim: false }).await?;
        Ok(life)
    }
}

/// Appends lives until the log has so many events more; answers how many it has more.
pub(super) async fn write(house: &House, store: &Store, events: usize, telling: &dyn Telling) -> anyhow::Result<usize> {
    telling.begins("writing a log", events as u64);
    let now = store.clock.now();
    let (account, worker) = (AccountId::fresh(now), WorkerId::fresh(now));
    let mut written = 0;
    while written < events {
        let mut lives = Vec::with_capacity(TOGETHER);
        let mut made = 0;
        while lives.len() < TOGETHER && written + made < events {
            let life = Life::whole(store.clock.now(), &house.key, account, worker).await?;
            made += life.events.len();
            lives.push(life);
        }
        append(house, store.journal.as_ref(), lives).await?;
        written += made;
        telling.at(written as u64);
    }
    Ok(written)
}

/// Appends new posts, all at once.
pub(super) async fn append(
    house: &House,
    journal: &dyn campanile_events::journal::Journal,
    lives: Vec<Life>,
) -> anyhow::Result<()> {
    let expected =
        |life: &Life| Expected { stream: StreamId::new(StreamKind::Post, life.id.uuid()), version: Version(0) };
    let expected = lives.iter().map(expected).collect();
    let events = lives.into_iter().flat_map(|life| life.events).collect();
    journal
        .append(Append { workspace: house.workspace, expected, events, receipts: Vec::new(), begins: false })
        .await?;
    Ok(())
}

pub(super) fn by() -> Metadata {
    Metadata::by(Actor::operator())
}
