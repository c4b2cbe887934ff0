//! Wake-ups: how far the journal and the read models got, from whoever moved them to whoever follows.
//!
//! A wake-up is a hint: it may be lost, doubled or late, and who follows asks the database. Who needs more than a hint
//! polls beside it.

use campanile_events::ids::Position;
use tokio::sync::watch;

/// What moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Moved {
    /// The journal got an event at this position.
    Journal,
    /// The read models are current up to this position.
    Projected,
}

impl Moved {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Journal, Self::Projected];

    /// Its name, as it stands in a subject.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Journal => "journal",
            Self::Projected => "projected",
        }
    }
}

/// Carries wake-ups between those that move something and those that follow.
pub trait Wakes: Send + Sync + std::fmt::Debug {
    /// Tells everybody, on this node and on others. Doesn't wait, and is not told whether anybody heard.
    fn tell(&self, moved: Moved, to: Position);

    /// What was told last, here or on another node, and every change of it. Positions may come out of order.
    fn listen(&self, moved: Moved) -> watch::Receiver<Position>;
}

/// Wake-ups within one process.
#[derive(Debug)]
pub struct WakesInProcess {
    journal: watch::Sender<Position>,
    projected: watch::Sender<Position>,
}

impl Default for WakesInProcess {
    fn default() -> Self {
        Self { journal: watch::Sender::new(Position(0)), projected: watch::Sender::new(Position(0)) }
    }
}

impl WakesInProcess {
    const fn sender(&self, moved: Moved) -> &watch::Sender<Position> {
        match moved {
            Moved::Journal => &self.journal,
            Moved::Projected => &self.projected,
        }
    }
}

impl Wakes for WakesInProcess {
    fn tell(&self, moved: Moved, to: Position) {
        self.sender(moved).send_if_modified(|last| std::mem::replace(last, to) != to);
    }

    fn listen(&self, moved: Moved) -> watch::Receiver<Position> {
        self.sender(moved).subscribe()
    }
}
