//! The time constants that the promises rest on, as one value that is handed to whoever waits or decides.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What it may take to store an intent on a machine that has other things to do.
const LEAST_WINDOW: Duration = Duration::from_millis(500);

/// How long things may take. Every field is a duration in seconds in `campanile.toml` (`[timing]`) and in `CAMPANILE_TIMING`.
///
/// The values not set follow those that are: `heartbeat`, `send_window`, `request` and the leader's lease are parts of `lease`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// How long a silent worker's attempts stay its own.
    pub lease: Duration,
    /// How long after a request may have left its absence on the platform means nothing yet.
    pub settle: Duration,
    /// How far apart the two look-ups are that together prove an absence.
    pub lookup_gap: Duration,
    /// How long a platform with keys may take to store one.
    pub quiet: Duration,
    /// How often the sweeper looks for targets that nobody works on.
    pub sweep: Duration,
    /// The first pause after a failure; it doubles.
    pub retry_first: Duration,
    /// The longest pause between two attempts.
    pub retry_most: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(60),
            settle: Duration::from_secs(120),
            lookup_gap: Duration::from_secs(60),
            quiet: Duration::from_secs(60),
            sweep: Duration::from_secs(10),
            retry_first: Duration::from_secs(1),
            retry_most: Duration::from_secs(60),
        }
    }
}

impl Timing {
    /// How often a worker says that it lives.
    pub fn heartbeat(&self) -> Duration {
        self.lease / 6
    }

    /// How long after its intent a request may still begin to leave. It needs what storing the intent takes, which doesn't shrink
    /// with the lease; and no more, since what a dead worker left waits for it to end.
    pub fn send_window(&self) -> Duration {
        (self.lease / 6).max(LEAST_WINDOW).min(self.lease / 2)
    }

    /// How long a request to a platform may take, from its first byte to its answer.
    pub fn request(&self) -> Duration {
        self.lease / 2
    }

    /// How long the scheduler's leader may act without having been heard.
    pub fn leader_lease(&self) -> Duration {
        self.lease / 12
    }

    /// How often the leader is heard, and the others ask whether it still is.
    pub fn leader_renewal(&self) -> Duration {
        self.leader_lease() / 5
    }

    /// The names and values of all constants, in seconds.
    pub fn entries(&self) -> [(&'static str, Duration); 7] {
        [
            ("lease", self.lease),
            ("settle", self.settle),
            ("lookup_gap", self.lookup_gap),
            ("quiet", self.quiet),
            ("sweep", self.sweep),
            ("retry_first", self.retry_first),
            ("retry_most", self.retry_most),
        ]
    }

    /// Sets one constant by its name, in seconds.
    ///
    /// # Errors
    /// If there is no constant of that name, or the value is not a positive number of at most a day.
    pub fn set(&mut self, name: &str, seconds: f64) -> Result<(), InvalidTiming> {
        let slot = match name {
            "lease" => &mut self.lease,
            "settle" => &mut self.settle,
            "lookup_gap" => &mut self.lookup_gap,
            "quiet" => &mut self.quiet,
            "sweep" => &mut self.sweep,
            "retry_first" => &mut self.retry_first,
            "retry_most" => &mut self.retry_most,
            _ => return Err(InvalidTiming::UnknownName { name: name.to_owned() }),
        };
        if !(seconds > 0.0 && seconds <= 86_400.0) {
            return Err(InvalidTiming::OutOfRange { name: name.to_owned() });
        }
        *slot = Duration::from_secs_f64(seconds);
        Ok(())
    }

    /// Reads `lease=60,settle=120,…`; what isn't named keeps its value.
    ///
    /// # Errors
    /// If an entry is not `name=seconds`, or is refused by [`Timing::set`].
    pub fn apply(&mut self, text: &str) -> Result<(), InvalidTiming> {
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let (name, value) =
                entry.split_once('=').ok_or_else(|| InvalidTiming::NotAPair { entry: entry.to_owned() })?;
            let seconds =
                value.trim().parse().map_err(|_| InvalidTiming::OutOfRange { name: name.trim().to_owned() })?;
            self.set(name.trim(), seconds)?;
        }
        Ok(())
    }

    /// The constants that are shorter than their default: promises are weaker with them.
    pub fn below_default(&self) -> Vec<&'static str> {
        let defaults = Self::default().entries();
        self.entries().into_iter().zip(defaults).filter(|(own, usual)| own.1 < usual.1).map(|(own, _)| own.0).collect()
    }
}

/// A time constant that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTiming {
    /// No constant has that name.
    #[error("timing: unknown name `{name}`")]
    UnknownName {
        /// What was given.
        name: String,
    },
    /// Not a positive number of seconds of at most a day.
    #[error("timing: `{name}` must be a number of seconds above 0 and up to 86400")]
    OutOfRange {
        /// The constant's name.
        name: String,
    },
    /// Not of the form `name=seconds`.
    #[error("timing: `{entry}` is not of the form name=seconds")]
    NotAPair {
        /// What was given.
        entry: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_and_bad_ones_named() {
        let mut timing = Timing::default();
        timing.apply("lease=1.2, settle=2.4,").expect("good entries");
        assert_eq!(timing.lease, Duration::from_millis(1200));
        assert_eq!(timing.heartbeat(), Duration::from_millis(200));
        assert_eq!(timing.send_window(), Duration::from_millis(500));
        assert_eq!(Timing::default().send_window(), Duration::from_secs(10));
        assert_eq!(Timing::default().leader_lease(), Duration::from_secs(5));
        assert_eq!(Timing::default().leader_renewal(), Duration::from_secs(1));
        assert_eq!(timing.below_default(), ["lease", "settle"]);
        for (text, message) in [
            ("rent=1", "timing: unknown name `rent`"),
            ("lease", "timing: `lease` is not of the form name=seconds"),
            ("lease=-1", "timing: `lease` must be a number of seconds above 0 and up to 86400"),
            ("lease=NaN", "timing: `lease` must be a number of seconds above 0 and up to 86400"),
            ("lease=inf", "timing: `lease` must be a number of seconds above 0 and up to 86400"),
        ] {
            assert_eq!(timing.apply(text).expect_err(text).to_string(), message);
        }
    }
}
