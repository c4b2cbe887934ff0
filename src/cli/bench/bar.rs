//! How far a measurement has come, on a terminal.

use std::sync::{Mutex, PoisonError};

use crate::{bench::Telling, cli::Progress};

/// One bar at a time.
#[derive(Default)]
pub(super) struct Bar(Mutex<Option<(Progress, u64)>>);

impl Bar {
    fn show(&self, steps: u64, bar: impl FnOnce() -> Progress) {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The one before clears its line first.
        *shown = None;
        *shown = Some((bar(), steps));
    }
}

impl Telling for Bar {
    fn begins(&self, what: &'static str, steps: u64) {
        self.show(steps, || Progress::start(what, steps));
    }

    fn lasts(&self, what: &'static str, length: u64) {
        self.show(length, || Progress::timed(what, length));
    }

    fn at(&self, done: u64) {
        if let Some((bar, steps)) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            bar.at(done.min(*steps), *steps);
        }
    }
}
