//! Posts whose story is told command by command, on a clock whose zero is their due time.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use cqrs_es::{Aggregate, event_sink::EventSink, test::TestFramework};
use futures::FutureExt;
use uuid::Uuid;

use super::super::*;
use crate::{
    ids::{AccountId, WorkerId},
    seal::{Open, Sealed},
    stored::StoredEvent,
};

pub(super) const HOUR: u64 = 3_600_000;

/// As Mastodon: an hour's keys, stored late.
pub(super) const KEYED: Delivery = Delivery::Keyed { window_ms: Some(HOUR), quiet_ms: 60_000, searchable: true };
/// Keys alone: once they are forgotten, nothing can be asked.
pub(super) const KEYS_ALONE: Delivery = Delivery::Keyed { window_ms: Some(HOUR), quiet_ms: 60_000, searchable: false };
pub(super) const SEARCHABLE: Delivery = Delivery::Searchable;
pub(super) const BLIND: Delivery = Delivery::Blind;

pub(super) const POST: Step = Step::Part(0);

/// The instant so many seconds after the due time.
pub(super) fn at(seconds: i64) -> DateTime<Utc> {
    let due: DateTime<Utc> = "2026-03-01T12:00:00Z".parse().expect("an instant");
    due + Duration::seconds(seconds)
}

pub(super) fn account(number: u128) -> AccountId {
    Uuid::from_u128(number).into()
}

/// The account of stories with just one.
pub(super) fn own() -> AccountId {
    account(1)
}

pub(super) fn worker(number: u128) -> WorkerId {
    Uuid::from_u128(number).into()
}

pub(super) fn marker(step: Step) -> String {
    format!("{step}/r2")
}

/// What the read models' copy of a state reads as. What is empty isn't written.
fn kept(post: &Post) -> Post {
    let text = serde_json::to_string(post).expect("a state is written");
    for empty in ["null", "[]", "{}"] {
        assert!(!text.contains(&format!(":{empty}")), "{empty} in {text}");
    }
    serde_json::from_str(&text).expect("what was written reads")
}

/// What happened to a post so far.
#[derive(Clone, Default)]
pub(super) struct Story {
    events: Vec<PostEvent>,
}

impl Story {
    /// A draft for one account.
    pub(super) fn drafted(content: ContentInHand) -> Self {
        Self::default().and(-600, draft(content, &[1]))
    }

    /// A draft for one account that is due at 0.
    pub(super) fn scheduled(content: ContentInHand) -> Self {
        Self::drafted(content).and(-500, schedule(0))
    }

    /// A post of one part whose first attempt is about to send, by this kind of delivery.
    pub(super) fn sending(delivery: Delivery) -> Self {
        Self::scheduled(text(1)).and(0, begin(1, delivery)).and(1, intend(1, POST, 1))
    }

    /// What follows. Holds the decision, and what is kept of it, to the laws.
    pub(super) fn when(&self, seconds: i64, action: PostAction) -> Result<Vec<PostEvent>, PostError> {
        let services = PostServices::default();
        let command = PostCommand::new(at(seconds), 0.5, action);
        let framework = TestFramework::<Post>::with(services).given(self.events.clone());
        let decided = framework.when_async(command.clone()).now_or_never().expect("a decision never waits");
        let decided = decided.inspect_result();

        let (mut handled, sink) = (self.post(), EventSink::default());
        let outcome = handled.handle(command, &services, &sink).now_or_never().expect("a decision never waits");
        assert_eq!(outcome.err().as_ref(), decided.as_ref().err(), "the same question has the same answer");
        let produced = sink.collect().now_or_never().expect("a sink never waits");
        assert_eq!(&produced, decided.as_ref().unwrap_or(&Vec::new()), "the same question has the same answer");
        let told = Self { events: self.events.iter().cloned().chain(produced).collect() };
        assert_eq!(told.post(), handled, "folding the given and the produced equals what `handle` left");
        assert_eq!(kept(&handled), handled, "the read models' copy says as much");
        decided
    }

    /// Something more that happened.
    pub(super) fn and(self, seconds: i64, action: PostAction) -> Self {
        let case = format!("{action:?} at {seconds}");
        let followed = self.when(seconds, action).unwrap_or_else(|error| panic!("{case}: {error}"));
        assert!(!followed.is_empty(), "nothing followed from {case}");
        self.with(followed)
    }

    /// Events that no command is asked for.
    pub(super) fn with(mut self, events: impl IntoIterator<Item = PostEvent>) -> Self {
        self.events.extend(events);
        self
    }

    pub(super) fn post(&self) -> Post {
        let mut post = Post::default();
        self.events.iter().cloned().for_each(|event| post.apply(event));
        post
    }

    /// The target of stories with just one.
    pub(super) fn target(&self) -> Target {
        self.post().target(own()).expect("the story's target").clone()
    }

    pub(super) fn status(&self) -> TargetStatus {
        self.target().status()
    }

    /// What is waited for, in seconds after the due time.
    pub(super) fn next_at(&self) -> Option<i64> {
        self.target().next_at().map(|next| (next - at(0)).num_seconds())
    }

    /// The names of what followed, or why nothing did.
    pub(super) fn tell(&self, seconds: i64, action: PostAction) -> String {
        match self.when(seconds, action) {
            Ok(events) if events.is_empty() => "nothing".to_owned(),
            Ok(events) => events.iter().map(|it| it.name().trim_start_matches("post.")).collect::<Vec<_>>().join(", "),
            Err(error) => format!("refused: {error}"),
        }
    }
}

/// A text of so many parts.
pub(super) fn text(parts: usize) -> ContentInHand {
    content(parts, false, "one")
}

/// A text and a comment under it.
pub(super) fn commented() -> ContentInHand {
    content(1, true, "one")
}

pub(super) fn content(parts: usize, comment: bool, word: &str) -> ContentInHand {
    let open = Content {
        body: Open::new(word),
        thread: (1..parts).map(|index| Open::new(format!("{word} {index}"))).collect(),
        first_comment: comment.then(|| Open::new("a comment")),
        media_ids: Vec::new(),
        overrides: BTreeMap::new(),
    };
    let sealed = open.try_map(|field, text| Ok::<_, ()>(Sealed::from_stored(format!("s1.{field}.{}", text.as_str()))));
    let digests = BTreeMap::from([(own(), format!("digest of {word}"))]);
    ContentInHand { sealed: sealed.expect("nothing fails"), open, digests, media: Vec::new() }
}

pub(super) fn rules(number: u128) -> TargetRules {
    let count = TextCount::default();
    TargetRules {
        target: TargetRef { account_id: account(number), platform: "mastodon".to_owned() },
        rules: Rules {
            max_text: 500,
            max_bytes: None,
            count,
            max_parts: 5,
            first_comment: true,
            max_media: 4,
            media: MediaRules::default(),
        },
    }
}

pub(super) fn draft(content: ContentInHand, accounts: &[u128]) -> PostAction {
    PostAction::Draft {
        content: Box::new(content),
        targets: accounts.iter().copied().map(rules).collect(),
        tags: Vec::new(),
        limits: Limits::default(),
    }
}

pub(super) fn edit(content: ContentInHand) -> PostAction {
    PostAction::Edit {
        if_revision: None,
        content: Box::new(content),
        targets: vec![rules(1)],
        tags: None,
        limits: None,
    }
}

pub(super) fn schedule(seconds: i64) -> PostAction {
    PostAction::Schedule { when: When::instant(at(seconds)) }
}

pub(super) const fn cancel() -> PostAction {
    PostAction::Cancel { account_ids: Vec::new() }
}

pub(super) const fn retry() -> PostAction {
    PostAction::Retry { account_ids: Vec::new() }
}

pub(super) fn resolve(resolution: Resolution) -> PostAction {
    PostAction::Resolve { account_id: own(), resolution }
}

pub(super) const fn delete() -> PostAction {
    PostAction::Delete { if_revision: None, on_platforms: false }
}

pub(super) const fn delete_everywhere() -> PostAction {
    PostAction::Delete { if_revision: None, on_platforms: true }
}

/// An attempt of the worker of the same number.
pub(super) fn begin(number: u32, delivery: Delivery) -> PostAction {
    begin_as(number, delivery, 2, None)
}

pub(super) fn begin_as(number: u32, delivery: Delivery, revision: u32, intent: Option<Intent>) -> PostAction {
    PostAction::StartAttempt {
        account_id: own(),
        number,
        worker: worker(number.into()),
        delivery,
        baseline: None,
        revision,
        intent,
    }
}

/// An intent made at this second, that holds for thirty.
pub(super) fn intent(step: Step, seconds: i64) -> Intent {
    Intent { step, marker: marker(step), request_digest: "d1".to_owned(), at: at(seconds), not_after: at(seconds + 30) }
}

pub(super) fn intend(number: u32, step: Step, seconds: i64) -> PostAction {
    intend_so(number, intent(step, seconds))
}

pub(super) fn intend_so(number: u32, intent: Intent) -> PostAction {
    PostAction::IntendSend { account_id: own(), number, worker: worker(number.into()), intent }
}

pub(super) fn complete(number: u32, step: Step, remote_id: &str) -> PostAction {
    let remote_id = remote_id.to_owned();
    PostAction::CompleteStep { account_id: own(), number, step, remote_id, url: None, claim: true }
}

pub(super) fn fail(number: u32, class: FailureClass) -> PostAction {
    PostAction::FailAttempt { account_id: own(), number, step: None, failure: Failure::of(class, "seen") }
}

pub(super) fn lapse(number: u32) -> PostAction {
    PostAction::LapseAttempt { account_id: own(), number }
}

pub(super) fn present(remote_id: &str) -> LookUp {
    LookUp::Present { remote_id: remote_id.to_owned(), url: None }
}

pub(super) fn unavailable() -> LookUp {
    LookUp::Unavailable { failure: Failure::of(FailureClass::Transient, "503") }
}

/// The platform was asked for the post at this second.
pub(super) fn asked(number: u32, step: Step, seconds: i64, look_up: LookUp) -> PostAction {
    PostAction::RecordLookUp { account_id: own(), number, step, asked_at: at(seconds), look_up, claim: true }
}

pub(super) fn leave(number: u32) -> PostAction {
    PostAction::LeaveUnknown { account_id: own(), number, account_gone: false }
}
