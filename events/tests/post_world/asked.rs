//! How the aggregate is asked, and what a worker is about to ask.

use campanile_events::{
    post::{
        ContentInHand, Intent, Limits, Post, PostAction, PostCommand, PostError, PostEvent, PostServices, Step, When,
    },
    timing::Timing,
};
use chrono::{DateTime, Duration, Utc};
use cqrs_es::{Aggregate, event_sink::EventSink};
use futures::FutureExt;

use super::{start, targets};

/// Asks the post itself, which takes in what follows.
pub fn ask(post: &mut Post, now: DateTime<Utc>, action: PostAction) -> Result<Vec<PostEvent>, PostError> {
    let sink = EventSink::default();
    let command = PostCommand::new(now, 0.5, action);
    let outcome = post.handle(command, &PostServices::default(), &sink).now_or_never();
    let events = sink.collect().now_or_never().expect("a sink never waits");
    outcome.expect("a decision never waits").map(|()| events)
}

/// A post that is due at [`start`], and how it came to be.
pub fn scheduled(content: Box<ContentInHand>) -> (Post, Vec<PostEvent>) {
    let mut post = Post::default();
    let (tags, limits, when) = (Vec::new(), Limits::default(), When::instant(start()));
    let action = PostAction::DraftScheduled { content, targets: targets(), tags, limits, when };
    let events = ask(&mut post, start(), action).expect("a good draft and a good time");
    (post, events)
}

/// What a worker that looks at the post now would intend to send.
pub fn intent(post: &Post, now: DateTime<Utc>) -> Option<Intent> {
    let step = post.next_step(&post.targets[0])?;
    Some(intent_to_send(step, format!("{step}/r{}", post.revision), now))
}

/// Whether the events let a worker send.
pub fn intended(events: &[PostEvent]) -> bool {
    events.iter().any(|event| matches!(event, PostEvent::SendIntended(_)))
}

/// The intent to send a step now, as a worker's: it may leave for as long as the aggregate reckons with.
pub fn intent_to_send(step: Step, marker: String, now: DateTime<Utc>) -> Intent {
    let not_after = now + Duration::seconds(send_window());
    Intent { step, marker, request_digest: "d".to_owned(), at: now, not_after }
}

/// How many seconds after its intent a request may still begin to leave.
pub fn send_window() -> i64 {
    Timing::default().send_window().as_secs().try_into().expect("a few seconds")
}
