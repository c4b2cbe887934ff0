//! What the proofs about a post share: a post to publish, how it is asked, a platform that keeps to what its delivery
//! promises and to nothing more, and what would be a lie.

mod asked;
mod given;
mod platform;
mod truth;

pub use asked::*;
pub use given::*;
pub use platform::*;
pub use truth::*;
