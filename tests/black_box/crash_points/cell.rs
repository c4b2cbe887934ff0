//! A point at which the process dies, and the time for which it comes to it.

use campanile_events::sabotage::CrashPoint;

/// A death that is to come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    pub point: CrashPoint,
    pub round: usize,
}

/// What may become of a post that was the only one in hand, on an account that can't be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Something may have been on its way: nobody can know.
    Unknown,
    /// Nothing was.
    Published,
    /// The worker was anywhere.
    Either,
}

/// How often each point is gone to.
pub(super) fn rounds() -> usize {
    std::env::var("CAMPANILE_CRASHES").map_or(2, |text| text.parse().expect("CAMPANILE_CRASHES is a whole number"))
}

/// Every cell of a class, but for the point that no account of the sandbox comes to.
pub(super) fn cells() -> Vec<Cell> {
    let chosen = std::env::var("CAMPANILE_CRASH_POINTS").ok();
    let known = |name: &str| CrashPoint::ALL.iter().any(|point| point.name() == name);
    for name in chosen.iter().flat_map(|names| names.split(',')) {
        assert!(known(name), "CAMPANILE_CRASH_POINTS: there is no point `{name}`");
    }
    let is_chosen = |point: &&CrashPoint| match &chosen {
        Some(names) => names.split(',').any(|name| name == point.name()),
        None => **point != CrashPoint::AfterTokenRefresh,
    };
    let points: Vec<_> = CrashPoint::ALL.iter().filter(is_chosen).copied().collect();
    (0..rounds()).flat_map(|round| points.iter().map(move |point| Cell { point: *point, round })).collect()
}

impl Cell {
    /// The time for which the point is met when the process dies: another one each round, where one post comes to it more
    /// often than once. In the first round it is the first, which may be the client's own request.
    pub fn time(self) -> u32 {
        use CrashPoint as P;
        let times: &[u32] = match self.point {
            P::MidBatch | P::AfterAppend => &[1, 3, 2, 5],
            // Each read model comes to it once a batch.
            P::AfterProjectionRows => &[1, 4, 2, 5],
            P::BeforeSend | P::AfterAnswer | P::AfterOutcome => &[1, 2, 3],
            P::AfterStep => &[1, 2],
            _ => &[1],
        };
        times[self.round % times.len()]
    }

    /// Which request to the platform is answered late, so that the process can die while it waits.
    pub fn late_answer(self) -> Option<usize> {
        (self.point == CrashPoint::AfterSend).then_some(self.round % 3)
    }

    /// In even rounds the process is told to die before the post is written, in odd ones after, and the post falls due.
    pub const fn falls_due(self) -> bool {
        self.round % 2 == 1
    }

    /// What may become of its post on an account that can't be asked.
    pub const fn fate(self) -> Fate {
        use CrashPoint as P;
        match self.point {
            P::BeforeSend | P::AfterSend | P::AfterAnswer => Fate::Unknown,
            P::MidBatch | P::AfterAppend | P::AfterProjectionRows | P::AfterDispatch => Fate::Either,
            _ => Fate::Published,
        }
    }

    /// What each part of its post says on an account of this class.
    pub fn texts(self, class: &str) -> [String; 3] {
        ["one", "two", "and then"].map(|part| format!("{class}: {}, round {}: {part}", self.point, self.round))
    }
}
