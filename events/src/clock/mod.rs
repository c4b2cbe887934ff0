//! Time: the clock that decisions go by, and how long something takes.
//!
//! - [`Clock`]: what everybody asks. It never runs back, and says whether it is to be trusted.
//! - [`SystemClock`]: the machine's, for the only process on its data. [`DatabaseClock`]: the database's, for many nodes.
//! - [`ManualClock`]: tests move it by hand.
//! - [`Moment`]: how long ago something was; also while the machine slept, whatever the clocks are set to.

mod database;
mod manual;
mod moment;
mod port;
mod system;

pub use database::DatabaseClock;
pub use manual::ManualClock;
pub use moment::Moment;
pub use port::{Clock, ClockTrouble, SharedClock};
pub use system::SystemClock;
