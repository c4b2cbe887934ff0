//! How long ago something was.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Counts on while the machine sleeps, which a process's own `Instant` doesn't.
#[cfg(target_os = "linux")]
const CLOCK: ClockId = ClockId::Boottime;
/// Elsewhere there is no such clock by that name.
#[cfg(not(target_os = "linux"))]
const CLOCK: ClockId = ClockId::Monotonic;

/// A moment of this machine since its start: nobody can set it, and time that the machine or the process slept through
/// counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Duration);

impl Moment {
    /// This moment.
    pub fn now() -> Self {
        let now = clock_gettime(CLOCK);
        // Since the machine's start: never negative.
        Self(Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec.unsigned_abs() as u32))
    }

    /// How long ago it was; nothing for one that lies ahead.
    pub fn elapsed(self) -> Duration {
        Self::now().since(self)
    }

    /// How long after `earlier` it is; nothing if it is before.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// So long after it.
    #[must_use]
    pub fn after(self, pause: Duration) -> Self {
        Self(self.0.saturating_add(pause))
    }

    /// Whether it is over.
    pub fn is_over(self) -> bool {
        Self::now() >= self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_and_is_over_in_its_time() {
        let first = Moment::now();
        let pause = Duration::from_micros(200);
        let end = first.after(pause);
        assert!(!first.after(Duration::from_secs(60)).is_over());
        while !end.is_over() {
            assert!(Moment::now() >= first, "it never runs back");
        }
        assert!(first.elapsed() >= pause);
        assert_eq!(first.since(end), Duration::ZERO);
        assert_eq!(end.since(first), pause);
    }
}
