//! What an operator may say of limits.

use campanile_events::key::RateLimit;

use super::Windows;

/// How many requests are usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitSettings {
    /// What keys get that say nothing else, and every session.
    pub usual: RateLimit,
    /// How many requests that nobody answers for are taken from one address in a minute.
    pub unauthenticated_per_minute: u32,
    /// How long the windows are: for tests.
    pub windows: Windows,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self { usual: RateLimit::USUAL, unauthenticated_per_minute: 600, windows: Windows::default() }
    }
}

/// A setting that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLimit {
    /// None has that name.
    #[error("limits: unknown name `{name}`")]
    UnknownName {
        /// What was given.
        name: String,
    },
    /// Not a number that can be meant.
    #[error("limits: `{name}` must be {expected}")]
    OutOfRange {
        /// The setting's name.
        name: String,
        /// What it may be.
        expected: &'static str,
    },
    /// Not of the form `name=number`.
    #[error("limits: `{entry}` is not of the form name=number")]
    NotAPair {
        /// What was given.
        entry: String,
    },
}

impl LimitSettings {
    /// All of them with their values.
    pub fn entries(&self) -> [(&'static str, u32); 4] {
        let minute = self.windows.seconds(super::Window::Minute);
        [
            ("per_minute", self.usual.per_minute),
            ("per_day", self.usual.per_day),
            ("unauthenticated_per_minute", self.unauthenticated_per_minute),
            ("minute", u32::try_from(minute).unwrap_or(u32::MAX)),
        ]
    }

    /// Sets one by its name.
    ///
    /// # Errors
    /// If there is none of that name, or it can't be so many.
    pub fn set(&mut self, name: &str, number: u32) -> Result<(), InvalidLimit> {
        let refused = |expected| Err(InvalidLimit::OutOfRange { name: name.to_owned(), expected });
        let slot = match name {
            "per_minute" => &mut self.usual.per_minute,
            "per_day" => &mut self.usual.per_day,
            "unauthenticated_per_minute" => &mut self.unauthenticated_per_minute,
            "minute" => {
                let Some(windows) = Windows::with_minute(number) else {
                    return refused("a number of seconds that divides a day");
                };
                self.windows = windows;
                return Ok(());
            }
            _ => return Err(InvalidLimit::UnknownName { name: name.to_owned() }),
        };
        if number == 0 {
            return refused("a whole number from 1 on");
        }
        *slot = number;
        Ok(())
    }

    /// Reads `per_minute=60,per_day=10000,…`; what isn't named keeps its value.
    ///
    /// # Errors
    /// If an entry is not `name=number`, or is refused by [`LimitSettings::set`].
    pub fn apply(&mut self, text: &str) -> Result<(), InvalidLimit> {
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let not_a_pair = || InvalidLimit::NotAPair { entry: entry.to_owned() };
            let (name, number) = entry.split_once('=').ok_or_else(not_a_pair)?;
            self.set(name.trim(), number.trim().parse().map_err(|_| not_a_pair())?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_and_bad_ones_named() {
        let mut limits = LimitSettings::default();
        limits.apply("per_minute=600, minute=6,").expect("good entries");
        assert_eq!(limits.entries().map(|(_, number)| number), [600, 10_000, 600, 6]);
        for (text, message) in [
            ("per_hour=1", "limits: unknown name `per_hour`"),
            ("per_day", "limits: `per_day` is not of the form name=number"),
            ("per_day=-1", "limits: `per_day=-1` is not of the form name=number"),
            ("per_day=0", "limits: `per_day` must be a whole number from 1 on"),
            ("minute=7", "limits: `minute` must be a number of seconds that divides a day"),
            ("minute=0", "limits: `minute` must be a number of seconds that divides a day"),
        ] {
            assert_eq!(limits.apply(text).expect_err(text).to_string(), message);
        }
    }
}
