//! What happens, as it happens: the log, followed and told.

use std::{collections::HashMap, sync::Arc};

use campanile_events::{
    clock::SharedClock,
    ids::{AccountId, Position, PostId},
    journal::{Journal, Recorded, StreamKind},
    post::{Evidence, Failure, FailureClass, LookUp, PostEvent, Resolution, Step},
    stored::StoredEvent,
};
use chrono::{DateTime, Utc};
use chrono_tz::{America::New_York, Europe::Berlin};

use super::paint::{Paint, Tone};

/// Follows the log and tells what happens to the posts of the demo.
pub(super) struct Timeline {
    pub journal: Arc<dyn Journal>,
    pub clock: SharedClock,
    pub paint: Paint,
    /// Short names of posts and accounts.
    pub posts: HashMap<PostId, String>,
    pub accounts: HashMap<AccountId, String>,
    due: HashMap<PostId, DateTime<Utc>>,
    told: Position,
}

impl Timeline {
    pub fn new(journal: Arc<dyn Journal>, clock: SharedClock, paint: Paint) -> Self {
        Self {
            journal,
            clock,
            paint,
            posts: HashMap::new(),
            accounts: HashMap::new(),
            due: HashMap::new(),
            told: Position(0),
        }
    }

    pub fn heading(&self) {
        say!("  {}", self.paint.text(Tone::Faint, "Berlin         New York"));
    }

    /// Tells what was appended since the last look.
    pub async fn tell(&mut self) -> anyhow::Result<()> {
        loop {
            let batch = self.journal.tail(self.told, 200).await?;
            let Some(last) = batch.last() else { return Ok(()) };
            self.told = last.position;
            for recorded in &batch {
                self.tell_one(recorded)?;
            }
        }
    }

    /// Passes over what was appended up to now.
    pub async fn skip(&mut self) -> anyhow::Result<()> {
        self.told = self.journal.head().await?.position;
        Ok(())
    }

    /// A line that says when the next post is due, written over by the next.
    pub fn countdown(&self) {
        let now = self.clock.now();
        let next = self.due.values().filter(|due| **due > now).min();
        if let Some(next) = next.filter(|_| self.paint.live) {
            let left = (*next - now).num_milliseconds();
            let line = format!("  {}  next bell in {:.1} s ", clocks(now), left as f64 / 1000.0);
            print!("\r{}", self.paint.text(Tone::Faint, &line));
            // Where it can't be shown, it isn't missed.
            let _ = std::io::Write::flush(&mut std::io::stdout());
        }
    }

    fn tell_one(&mut self, recorded: &Recorded) -> anyhow::Result<()> {
        if recorded.stream.kind != StreamKind::Post {
            return Ok(());
        }
        let post = PostId::from_uuid(recorded.stream.id);
        let event = PostEvent::read(&recorded.event_type, recorded.schema, &recorded.payload)?;
        if let PostEvent::Scheduled(event) = &event {
            self.due.insert(post, event.when.at);
        }
        let Some((tone, symbol, account, text)) = self.story(post, &event) else { return Ok(()) };
        let name = self.posts.get(&post).map_or("…", String::as_str);
        let place = account.and_then(|account| self.accounts.get(&account)).map_or("", String::as_str);
        let clear = if self.paint.live { "\r\u{1b}[2K" } else { "" };
        say!(
            "{clear}  {}  {} {:<10} {:<12} {text}",
            self.paint.text(Tone::Faint, &clocks(recorded.recorded_at)),
            self.paint.text(tone, symbol),
            name,
            place,
        );
        Ok(())
    }

    fn story(&self, post: PostId, event: &PostEvent) -> Option<(Tone, &'static str, Option<AccountId>, String)> {
        Some(match event {
            PostEvent::Drafted(_) => (Tone::Faint, "✎", None, "drafted".to_owned()),
            PostEvent::Scheduled(event) => {
                let said = event.when.local.as_ref().map_or_else(
                    || "now".to_owned(),
                    |local| format!("for {} in {}", local.local_time.time(), local.time_zone.name()),
                );
                (Tone::Busy, "◷", None, format!("scheduled {said}"))
            }
            PostEvent::AttemptStarted(event) => {
                let due = self.due.get(&post).filter(|_| event.number == 1);
                let late = due.map(|due| format!(", {} ms after the bell", (event.at - *due).num_milliseconds()));
                let text = format!("attempt {} begins{}", event.number, late.unwrap_or_default());
                (Tone::Busy, "▶", Some(event.account_id), text)
            }
            PostEvent::SendIntended(event) => {
                (Tone::Faint, "✓", Some(event.account_id), format!("intent on record: {}", step(event.intent.step)))
            }
            PostEvent::StepCompleted(event) if event.step != Step::Part(0) => {
                (Tone::Faint, "│", Some(event.account_id), format!("{} is live", step(event.step)))
            }
            PostEvent::TargetPublished(event) => {
                let how = match event.evidence {
                    Evidence::Answered => "published",
                    Evidence::LookedUp => "published: found on the platform, not sent again",
                    Evidence::Resolved => "published: a person looked and said so",
                };
                (Tone::Good, "●", Some(event.account_id), how.to_owned())
            }
            PostEvent::TargetRetryScheduled(event) => {
                let pause = (event.retry_at - event.at).num_milliseconds().max(0);
                let why = event.failure.as_ref().map_or_else(|| "goes on".to_owned(), failure);
                let text = format!("{why}; again in {:.1} s", pause as f64 / 1000.0);
                (Tone::Warn, "↻", Some(event.account_id), text)
            }
            PostEvent::TargetUncertain(event) => {
                let text = format!("{}: it may be live; asking before anything is sent again", failure(&event.failure));
                (Tone::Warn, "?", Some(event.account_id), text)
            }
            PostEvent::TargetLookedUp(event) => {
                let found = match event.look_up {
                    LookUp::Present { .. } => "asked the platform: it is there",
                    LookUp::Absent => "asked the platform: not there (yet)",
                    LookUp::Unavailable { .. } => "the platform can't be asked now",
                };
                (Tone::Busy, "⌕", Some(event.account_id), found.to_owned())
            }
            PostEvent::TargetUnknown(event) => {
                let text = format!("unknown: {}, and this platform can't be asked", failure(&event.failure));
                (Tone::Warn, "?", Some(event.account_id), text)
            }
            PostEvent::TargetResolved(event) => {
                let text = match event.resolution {
                    Resolution::Published { .. } => "settled by a person: it is live",
                    Resolution::NotPublished { .. } => "settled by a person: it is not live",
                };
                (Tone::Good, "✔", Some(event.account_id), text.to_owned())
            }
            PostEvent::TargetFailed(event) => {
                (Tone::Bad, "✗", Some(event.account_id), format!("failed: {}", failure(&event.failure)))
            }
            PostEvent::TargetMissed(event) => (Tone::Bad, "✗", Some(event.account_id), "missed".to_owned()),
            PostEvent::DuplicateObserved(event) => {
                (Tone::Bad, "✗", Some(event.account_id), "a second post was seen".to_owned())
            }
            _ => return None,
        })
    }
}

fn clocks(at: DateTime<Utc>) -> String {
    let berlin = at.with_timezone(&Berlin).format("%H:%M:%S%.3f");
    let new_york = at.with_timezone(&New_York).format("%H:%M:%S");
    format!("{berlin}   {new_york}")
}

fn step(step: Step) -> String {
    match step {
        Step::Part(0) => "the post".to_owned(),
        Step::Part(index) => format!("part {} of the thread", index + 1),
        Step::Comment => "the first comment".to_owned(),
    }
}

fn failure(failure: &Failure) -> String {
    let what = match failure.class {
        FailureClass::Uncertain => "the answer was lost",
        FailureClass::Transient => "the platform refused for now",
        FailureClass::RateLimited => "too many requests",
        _ => "it went wrong",
    };
    failure.status.map_or_else(|| what.to_owned(), |status| format!("{what} ({status})"))
}
