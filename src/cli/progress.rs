//! How far long work has come, on a terminal; nothing where standard error is none.

use std::{borrow::Cow, fmt, io, time::Duration};

use indicatif::{HumanDuration, ProgressBar, ProgressState, ProgressStyle};
use rustix::termios::tcgetwinsize;

/// How it looks where there is room for a bar, and where there is little.
struct Looks {
    wide: &'static str,
    narrow: &'static str,
}

const STEPS: Looks =
    Looks { wide: "{msg} {wide_bar} {human_pos}/{human_len} {rate} {eta}", narrow: "{wide_msg} {percent}% {eta}" };
/// Of what goes by time, whose steps mean nothing.
const TIMED: Looks = Looks { wide: "{msg} {wide_bar} {left}", narrow: "{wide_msg} {left}" };
/// So many columns hold everything but the bar, and a bar worth looking at.
const WIDE: u16 = 80;

/// A bar that is gone when the work is done.
#[derive(Debug)]
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Work of so many steps.
    pub(super) fn start(what: impl Into<Cow<'static, str>>, steps: u64) -> Self {
        Self::of(what, steps, &STEPS)
    }

    /// Work that takes so long, in milliseconds, whatever is done in them.
    pub(super) fn timed(what: impl Into<Cow<'static, str>>, length: u64) -> Self {
        Self::of(what, length, &TIMED)
    }

    fn of(what: impl Into<Cow<'static, str>>, length: u64, looks: &Looks) -> Self {
        let bar = ProgressBar::new(length).with_message(what);
        let narrow = tcgetwinsize(io::stderr()).is_ok_and(|size| size.ws_col < WIDE);
        if let Ok(style) = ProgressStyle::with_template(if narrow { looks.narrow } else { looks.wide }) {
            let rate = |state: &ProgressState, out: &mut dyn fmt::Write| {
                write!(out, "{:.0}/s", state.per_sec()).unwrap_or_default();
            };
            // No rate tells it: what goes by time takes what is left of it.
            let left = |state: &ProgressState, out: &mut dyn fmt::Write| {
                let left = state.len().unwrap_or_default().saturating_sub(state.pos());
                let left = Duration::from_secs(left.div_ceil(1_000));
                write!(out, "{:#}", HumanDuration(left)).unwrap_or_default();
            };
            bar.set_style(style.with_key("rate", rate).with_key("left", left));
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
