//! A post, the workers that publish it and a platform that keeps to what its delivery promises, and to nothing more.

use std::collections::{BTreeMap, BTreeSet};

use campanile_events::{
    ids::{AccountId, WorkerId},
    post::{
        Content, ContentInHand, Delivery, Failure, FailureClass, Intent, Limits, LookUp, MediaRules, Phase, Post,
        PostAction, PostCommand, PostError, PostEvent, PostServices, Resolution, Rules, Step, Target, TargetRef,
        TargetRules, TextCount, Then, When,
    },
    seal::{Open, Sealed},
};
use chrono::{DateTime, Duration, Utc};
use cqrs_es::{Aggregate, event_sink::EventSink};
use futures::FutureExt;
use uuid::Uuid;

/// What becomes of a request.
#[derive(Debug, Clone)]
pub struct Fate {
    /// What the worker hears.
    pub answer: Answer,
    /// Whether a request without a clear answer had its effect.
    pub effect: bool,
    /// How many seconds after its intent it leaves.
    pub leaves: i64,
    /// How many seconds it then takes to have its effect.
    pub takes: i64,
    /// How many seconds after that the platform shows it to who asks.
    pub hidden: i64,
}

/// What a worker hears of its request.
#[derive(Debug, Clone, Copy)]
pub enum Answer {
    Live,
    Refused(FailureClass),
    Nothing,
}

/// A request that left, or will.
#[derive(Debug)]
struct Flight {
    number: u32,
    step: Step,
    marker: String,
    answer: Answer,
    leaves: DateTime<Utc>,
    effect_at: DateTime<Utc>,
    shown_at: DateTime<Utc>,
    /// What it made live.
    made: Option<String>,
    /// The name that its answer tells, made by it or by an earlier one under the same key.
    told: Option<String>,
}

pub struct World {
    pub post: Post,
    pub events: Vec<PostEvent>,
    pub now: DateTime<Utc>,
    delivery: Delivery,
    flights: Vec<Flight>,
    /// What was removed from the platform.
    gone: BTreeSet<String>,
}

fn account() -> AccountId {
    Uuid::from_u128(1).into()
}

fn worker(number: u32) -> WorkerId {
    Uuid::from_u128(number.into()).into()
}

fn content(word: &str) -> Box<ContentInHand> {
    let open = Content {
        body: Open::new(word),
        thread: vec![Open::new(format!("{word}, on"))],
        first_comment: Some(Open::new("by the way")),
        ..Content::default()
    };
    let sealed = open.try_map(|_, text| Ok::<_, ()>(Sealed::from_stored(text.as_str()))).expect("nothing fails");
    Box::new(ContentInHand { sealed, open, digests: BTreeMap::new(), media: Vec::new() })
}

fn targets() -> Vec<TargetRules> {
    let count = TextCount::default();
    let rules = Rules {
        max_text: 500,
        max_bytes: None,
        count,
        max_parts: 3,
        first_comment: true,
        max_media: 0,
        media: MediaRules::default(),
    };
    vec![TargetRules { target: TargetRef { account_id: account(), platform: "mastodon".to_owned() }, rules }]
}

impl World {
    /// A thread of two parts with a comment, due now.
    pub fn new(delivery: Delivery) -> Self {
        let now = "2026-03-01T12:00:00Z".parse().expect("an instant");
        let mut world = Self {
            post: Post::default(),
            events: Vec::new(),
            now,
            delivery,
            flights: Vec::new(),
            gone: BTreeSet::new(),
        };
        let (content, tags, limits) = (content("one"), Vec::new(), Limits::default());
        world.ask(PostAction::Draft { content, targets: targets(), tags, limits }).expect("a good draft");
        world.ask(PostAction::Schedule { when: When::instant(now) }).expect("a good time");
        world
    }

    pub fn target(&self) -> &Target {
        &self.post.targets[0]
    }

    /// Asks the post, and takes in what follows.
    pub fn ask(&mut self, action: PostAction) -> Result<Vec<PostEvent>, PostError> {
        let sink = EventSink::default();
        let command = PostCommand::new(self.now, 0.5, action);
        let outcome = self.post.handle(command, &PostServices::default(), &sink).now_or_never();
        let events = sink.collect().now_or_never().expect("a sink never waits");
        self.events.extend(events.iter().cloned());
        outcome.expect("a decision never waits").map(|()| events)
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
        let intent = fate.as_ref().and_then(|_| self.intent());
        let started = self.ask(PostAction::StartAttempt {
            account_id: account(),
            number,
            worker: worker(number),
            delivery: self.delivery,
            baseline: None,
            revision,
            intent: intent.clone(),
        });
        let intended = |events: &[PostEvent]| events.iter().any(|event| matches!(event, PostEvent::SendIntended(_)));
        if let (Ok(events), Some(fate), Some(intent)) = (started, fate, intent)
            && intended(&events)
        {
            self.fly(number, &intent, &fate);
        }
    }

    /// The worker of an attempt is about to send: of the newest, or of one so many before it, which only believes so.
    pub fn intend(&mut self, before: u32, fate: &Fate) {
        let number = self.target().next_number().saturating_sub(1 + before);
        let Some(intent) = self.intent() else { return };
        let action =
            PostAction::IntendSend { account_id: account(), number, worker: worker(number), intent: intent.clone() };
        if self.ask(action).is_ok() {
            self.fly(number, &intent, fate);
        }
    }

    fn intent(&self) -> Option<Intent> {
        let step = self.post.next_step(self.target())?;
        Some(Intent {
            step,
            marker: format!("{step}/r{}", self.post.revision),
            request_digest: "d".to_owned(),
            at: self.now,
            not_after: self.now + Duration::seconds(30),
        })
    }

    /// The platform makes one post of it, unless it knows the key already.
    fn fly(&mut self, number: u32, intent: &Intent, fate: &Fate) {
        let leaves = self.now + Duration::seconds(fate.leaves);
        let effect_at = leaves + Duration::seconds(fate.takes);
        let shown_at = effect_at + Duration::seconds(fate.hidden);
        let has_effect = match fate.answer {
            Answer::Live => true,
            Answer::Refused(_) => false,
            Answer::Nothing => fate.effect,
        };
        let known = self.flights.iter().find(|flight| {
            let Delivery::Keyed { window_ms, .. } = self.delivery else { return false };
            let kept = window_ms.is_none_or(|ms| leaves < flight.effect_at + Duration::milliseconds(ms as i64));
            flight.marker == intent.marker && flight.made.is_some() && flight.effect_at <= leaves && kept
        });
        let known = known.and_then(|flight| flight.made.clone());
        let made = (has_effect && known.is_none()).then(|| format!("remote-{}", self.flights.len()));
        let told = known.or_else(|| made.clone());
        let (step, marker, answer) = (intent.step, intent.marker.clone(), fate.answer);
        self.flights.push(Flight { number, step, marker, answer, leaves, effect_at, shown_at, made, told });
    }

    /// A worker tells what became of a request, be it late or once more.
    pub fn report(&mut self, which: usize) {
        if self.flights.is_empty() {
            return;
        }
        let flight = &self.flights[which % self.flights.len()];
        let (account_id, number, step) = (account(), flight.number, flight.step);
        let fail = |class| {
            let failure = Failure::of(class, "seen");
            PostAction::FailAttempt { account_id, number, step: Some(step), failure }
        };
        let action = match (flight.answer, flight.told.clone()) {
            _ if self.now < flight.leaves => return,
            (Answer::Live, Some(remote_id)) if flight.effect_at <= self.now => {
                PostAction::CompleteStep { account_id, number, step, remote_id, url: None, claim: true }
            }
            (Answer::Live, _) => return,
            (Answer::Refused(class), _) => fail(class),
            (Answer::Nothing, _) => fail(FailureClass::Uncertain),
        };
        self.ask(action).expect("a result is never dropped");
    }

    pub fn report_last(&mut self) {
        self.report(self.flights.len().wrapping_sub(1));
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
        if !self.delivery.can_look_up() {
            return;
        }
        let (step, number, asked_at) = (settling.step, self.newest(), self.now);
        let shown = self.flights.iter().find(|it| it.step == step && it.made.is_some() && it.shown_at <= self.now);
        let look_up = match shown.and_then(|flight| flight.made.clone()) {
            _ if !reachable => LookUp::Unavailable { failure: Failure::of(FailureClass::Transient, "503") },
            Some(remote_id) => LookUp::Present { remote_id, url: None },
            None => LookUp::Absent,
        };
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
            Some(step) if self.made(step) == 0 => Resolution::NotPublished { then },
            _ => Resolution::Published { url: None },
        };
        let _ = self.ask(PostAction::Resolve { account_id: account(), resolution });
    }

    pub fn edit(&mut self, word: &str) {
        let (content, targets) = (content(word), targets());
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
        self.flights.iter().filter_map(|flight| flight.made.as_ref()).filter(stands).count()
    }

    /// How many posts of this step are live on the platform, or will be.
    pub fn made(&self, step: Step) -> usize {
        self.flights.iter().filter(|flight| flight.step == step && flight.made.is_some()).count()
    }

    fn newest(&self) -> u32 {
        self.target().next_number() - 1
    }
}
