//! How far long work has come, on a terminal; nothing where standard error is none.

use std::{borrow::Cow, fmt};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

const LOOK: &str = "{msg} {wide_bar} {human_pos}/{human_len} {rate} {eta}";
/// Of what goes by time, whose steps mean nothing.
const TIMED: &str = "{msg} {wide_bar} {eta}";

/// A bar that is gone when the work is done.
#[derive(Debug)]
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Work of so many steps.
    pub(super) fn start(what: impl Into<Cow<'static, str>>, steps: u64) -> Self {
        Self::of(what, steps, LOOK)
    }

    /// Work that takes so long, in milliseconds, whatever is done in them.
    pub(super) fn timed(what: impl Into<Cow<'static, str>>, length: u64) -> Self {
        Self::of(what, length, TIMED)
    }

    fn of(what: impl Into<Cow<'static, str>>, length: u64, look: &str) -> Self {
        let bar = ProgressBar::new(length).with_message(what);
        if let Ok(style) = ProgressStyle::with_template(look) {
            let rate = |state: &ProgressState, out: &mut dyn fmt::Write| {
                write!(out, "{:.0}/s", state.per_sec()).unwrap_or_default();
            };
            bar.set_style(style.with_key("rate", rate));
        }
        Self(bar)
    }

    /// That it has come so far, of so many steps.
    pub(super) fn at(&self, done: u64, steps: u64) {
        self.0.set_length(steps);
        self.0.set_position(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
