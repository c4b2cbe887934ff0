//! A post, the workers that publish it and the platform that they publish it on.

use std::collections::BTreeSet;

use campanile_events::post::{
    ContentInHand, Delivery, Failure, FailureClass, Phase, Post, PostAction, PostError, PostEvent, Resolution, Target,
    Then, When,
};
use chrono::{DateTime, Duration, Utc};

use crate::post_world::{Fate, Platform, account, ask, content, intended, intent, scheduled, start, targets, worker};

pub struct World {
    pub post: Post,
    pub events: Vec<PostEvent>,
    pub now: DateTime<Utc>,
    pub platform: Platform,
    /// What was removed from the platform.
    gone: BTreeSet<String>,
}

/// A thread of two parts with a comment.
fn thread(word: &str) -> Box<ContentInHand> {
    content(word, &[&format!("{word}, on")], Some("by the way"))
}

impl World {
    /// A thread that is due now.
    pub fn new(delivery: Delivery) -> Self {
        let (post, events) = scheduled(thread("one"));
        Self { post, events, now: start(), platform: Platform::new(delivery), gone: BTreeSet::new() }
    }

    pub fn target(&self) -> &Target {
        &self.post.targets[0]
    }

    /// Asks the post, and takes in what follows.
    fn ask(&mut self, action: PostAction) -> Result<Vec<PostEvent>, PostError> {
        let events = ask(&mut self.post, self.now, action)?;
        self.events.extend(events.iter().cloned());
        Ok(events)
    }

    pub fn wait(&mut self, seconds: i64) {
        self.now += Duration::seconds(seconds);
    }

    pub fn wait_until_next(&mut self) {
        self.now = self.target().next_at().unwrap_or(self.now).max(self.now);
    }

    /// A worker takes the job; where the post lets it, it intends at once.
    pub fn start(&mut self, fate: Option<Fate>) {
        let (number, revision) = (self.target().next_number(), self.post.revision);
        let intent = fate.as_ref().and_then(|_| intent(&self.post, self.now));
        let started = self.ask(PostAction::StartAttempt {
            account_id: account(),
            number,
            worker: worker(number),
            delivery: self.platform.delivery,
            baseline: None,
            revision,
            intent: intent.clone(),
        });
        if let (Ok(events), Some(fate), Some(intent)) = (started, fate, intent)
            && intended(&events)
        {
            self.platform.take(self.now, number, &intent, &fate);
        }
    }

    /// The worker of an attempt is about to send: of the newest, or of one so many before it, which only believes so.
    pub fn intend(&mut self, before: u32, fate: &Fate) {
        let number = self.target().next_number().saturating_sub(1 + before);
        let Some(intent) = intent(&self.post, self.now) else { return };
        let action =
            PostAction::IntendSend { account_id: account(), number, worker: worker(number), intent: intent.clone() };
        if self.ask(action).is_ok() {
            self.platform.take(self.now, number, &intent, fate);
        }
    }

    /// A worker tells what became of a request, be it late or once more.
    pub fn report(&mut self, which: usize) {
        let flights = &self.platform.flights;
        let action = flights.get(which % flights.len().max(1)).and_then(|flight| flight.report(self.now));
        if let Some(action) = action {
            self.ask(action).expect("a result is never dropped");
        }
    }

    pub fn report_last(&mut self) {
        self.report(self.platform.flights.len().wrapping_sub(1));
    }

    /// A worker that has sent nothing yet fails.
    pub fn fail_before_sending(&mut self, class: FailureClass) {
        let idle = self.target().newest().filter(|attempt| attempt.is_running() && attempt.open_intent().is_none());
        if let Some(number) = idle.map(|attempt| attempt.number) {
            let failure = Failure::of(class, "seen");
            self.ask(PostAction::FailAttempt { account_id: account(), number, step: None, failure }).expect("it runs");
        }
    }

    pub fn lapse(&mut self) {
        let number = self.newest();
        let _ = self.ask(PostAction::LapseAttempt { account_id: account(), number });
    }

    pub fn look_up(&mut self, reachable: bool) {
        let Phase::Settling(settling) = &self.target().phase else { return };
        if !self.platform.delivery.can_look_up() {
            return;
        }
        let (step, number, asked_at) = (settling.step, self.newest(), self.now);
        let look_up = self.platform.look_up(self.now, step, reachable);
        let (account_id, claim) = (account(), true);
        let action = PostAction::RecordLookUp { account_id, number, step, asked_at, look_up, claim };
        self.ask(action).expect("an answer about what is in doubt is taken");
    }

    pub fn leave(&mut self) {
        let number = self.newest();
        let _ = self.ask(PostAction::LeaveUnknown { account_id: account(), number, account_gone: false });
    }

    /// A person looks, and says the truth.
    pub fn resolve(&mut self, then: Then) {
        let resolution = match self.post.next_step(self.target()) {
            Some(step) if self.platform.made(step) == 0 => Resolution::NotPublished { then },
            _ => Resolution::Published { url: None },
        };
        let _ = self.ask(PostAction::Resolve { account_id: account(), resolution });
    }

    pub fn edit(&mut self, word: &str) {
        let (content, targets) = (thread(word), targets());
        let _ = self.ask(PostAction::Edit { if_revision: None, content, targets, tags: None, limits: None });
    }

    pub fn reschedule(&mut self) {
        let _ = self.ask(PostAction::Schedule { when: When::instant(self.now) });
    }

    pub fn cancel(&mut self) {
        let _ = self.ask(PostAction::Cancel { account_ids: Vec::new() });
    }

    pub fn retry(&mut self) {
        let _ = self.ask(PostAction::Retry { account_ids: Vec::new() });
    }

    pub fn delete(&mut self, on_platforms: bool) {
        let _ = self.ask(PostAction::Delete { if_revision: None, on_platforms });
    }

    /// A worker removes what is to be removed; or the platform refuses the last of it.
    pub fn remove(&mut self, works: bool) {
        if self.target().removal_at().is_none_or(|at| self.now < at) {
            return;
        }
        let mut removed: Vec<_> = self.target().standing().into_iter().map(str::to_owned).collect();
        let account_id = account();
        let action = if works {
            PostAction::CompleteRemoval { account_id, removed: removed.clone() }
        } else {
            removed.pop();
            let failure = Failure::of(FailureClass::Transient, "503");
            PostAction::FailRemoval { account_id, removed: removed.clone(), failure }
        };
        self.ask(action).expect("what a due removal came to is taken");
        self.gone.extend(removed);
    }

    pub fn wait_until_removal(&mut self) {
        self.now = self.target().removal_at().unwrap_or(self.now).max(self.now);
    }

    pub fn gone(&self) -> usize {
        self.gone.len()
    }

    /// How many posts stand on the platform.
    pub fn standing(&self) -> usize {
        let stands = |id: &&String| !self.gone.contains(*id);
        self.platform.flights.iter().filter_map(|flight| flight.made.as_ref()).filter(stands).count()
    }

    fn newest(&self) -> u32 {
        self.target().next_number() - 1
    }
}
