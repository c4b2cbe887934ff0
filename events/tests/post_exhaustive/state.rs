//! A moment of the world: the post, two workers, the platform, and what may still go wrong.

use campanile_events::{
    ids::WorkerId,
    post::{Intent, LookUp, Phase, Post, PostAction, PostError, PostEvent, Step, Target},
};
use chrono::{DateTime, Utc};

use crate::post_world::{Platform, ask, worker};

/// What may happen at most.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    pub attempts: u32,
    pub crashes: u8,
    pub faults: u8,
    /// How often a client calls it off, or asks for what failed once more.
    pub wishes: u8,
    /// How many seconds after it left a request may have its effect.
    pub takes: i64,
}

/// What a worker has in hand.
#[derive(Debug, Clone)]
pub enum Hands {
    /// Nothing.
    Idle,
    /// A target that it looked at, and would begin an attempt at.
    Looked { number: u32, revision: u32, step: Step, marker: String },
    /// An attempt that can't be sent: its platform can't be reached.
    Unready { number: u32 },
    /// A durable intent, and nothing sent.
    Intended { number: u32, intent: Intent },
    /// A request on its way, or its answer, by its place in the platform's list.
    Sent(usize),
    /// A running attempt whose next step is to be intended.
    GoingOn { number: u32 },
    /// What a look-up gave, and not on record.
    Asked { number: u32, step: Step, asked_at: DateTime<Utc>, look_up: LookUp },
}

/// One of the workers. Who dies comes back as another.
#[derive(Debug, Clone)]
pub struct Slot {
    pub id: u32,
    /// Nobody hears it any more, though it goes on.
    pub silent: bool,
    pub hands: Hands,
}

impl Slot {
    pub fn worker(&self) -> WorkerId {
        worker(self.id)
    }

    pub const fn is_idle(&self) -> bool {
        matches!(self.hands, Hands::Idle)
    }

    /// Has nothing in hand, and is heard again.
    pub fn rest(&mut self) {
        self.hands = Hands::Idle;
        self.silent = false;
    }
}

#[derive(Debug, Clone)]
pub struct State {
    pub post: Post,
    pub now: DateTime<Utc>,
    pub platform: Platform,
    pub slots: [Slot; 2],
    pub crashes: u8,
    pub faults: u8,
    pub wishes: u8,
    /// How often the target became unknown.
    pub unknowns: u8,
    /// Sent without a durable intent of the newest attempt.
    pub unintended: bool,
}

impl State {
    pub fn new(post: Post, now: DateTime<Utc>, platform: Platform) -> Self {
        let slot = |id| Slot { id, silent: false, hands: Hands::Idle };
        let (crashes, faults, wishes, unknowns, unintended) = (0, 0, 0, 0, false);
        Self { post, now, platform, slots: [slot(0), slot(1)], crashes, faults, wishes, unknowns, unintended }
    }

    pub fn target(&self) -> &Target {
        &self.post.targets[0]
    }

    /// Asks the post itself.
    pub fn ask(&mut self, action: PostAction) -> Result<Vec<PostEvent>, PostError> {
        let events = ask(&mut self.post, self.now, action)?;
        self.unknowns += events.iter().filter(|it| matches!(it, PostEvent::TargetUnknown(_))).count() as u8;
        Ok(events)
    }

    /// Nothing more happens by itself: the target is at its end, and nobody has it in hand.
    pub fn is_final(&self) -> bool {
        let ended = matches!(self.target().phase, Phase::Published | Phase::Failed | Phase::Missed | Phase::Canceled);
        ended && self.slots.iter().all(Slot::is_idle)
    }
}
