//! What publishing tells whoever counts it.

use std::time::Duration;

/// Is told what publishing does; must not take long.
pub trait Observer: Send + Sync + std::fmt::Debug {
    /// The first request of an attempt is about to leave, so long after it was due.
    fn send_intended(&self, platform: &str, late: Duration);

    /// An attempt ended: `published`, or a failure's class.
    fn attempt_ended(&self, platform: &str, class: &'static str);
}

/// Nobody counts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn send_intended(&self, _platform: &str, _late: Duration) {}

    fn attempt_ended(&self, _platform: &str, _class: &'static str) {}
}
