//! How far long work has come, on a terminal; nothing where standard error is none.

use std::borrow::Cow;

use indicatif::{ProgressBar, ProgressStyle};

const LOOK: &str = "{msg} {wide_bar} {human_pos}/{human_len} {per_sec} {eta}";

/// A bar that is gone when the work is done.
#[derive(Debug)]
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Work of so many steps.
    pub(super) fn start(what: impl Into<Cow<'static, str>>, steps: u64) -> Self {
        let bar = ProgressBar::new(steps).with_message(what);
        if let Ok(style) = ProgressStyle::with_template(LOOK) {
            bar.set_style(style);
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
