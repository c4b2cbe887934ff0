//! What everybody else has: nothing.

use super::{CrashPoint, Mutant};

/// Does nothing.
#[inline]
pub const fn crash_at(_: CrashPoint) {}

/// Gives the question back, to be waited for.
#[inline]
pub const fn crash_unanswered<F: Future>(_: CrashPoint, asking: F) -> F {
    asking
}

/// It doesn't.
#[inline]
pub const fn mutated(_: Mutant) -> bool {
    false
}
