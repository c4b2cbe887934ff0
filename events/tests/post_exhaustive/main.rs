//! Every way that two workers, a network and a person can bring a post to its end, within bounds: no sample, all of them.
//!
//! The search asks the real aggregate (`handle`, `apply`); only what stands around it is a model: two workers that do as
//! `workers/src/publishing` does, one small action at a time, and a platform. From each state that is reached it makes every
//! move that is possible there. Bounds: three attempts, two crashes (a worker dies, or falls silent and goes on later), one
//! fault of the network (an answer or a request is lost, an effect comes late, a connection fails, a look-up fails, the
//! journal's answer is lost).
//!
//! - [`state`]: what a state is; [`same`]: when two are the same.
//! - [`moves`]: what may happen next; [`hands`]: what a worker does; [`time`]: which moments matter.
//! - [`search`]: breadth first, with the way to what is wrong.
//! - [`promises`]: what is searched, and what must hold in each state.
//!
//! Time goes from one moment that matters to the next; what happens between two of them happens at the first.

mod hands;
mod moves;
#[path = "../post_world/mod.rs"]
mod post_world;
mod promises;
mod same;
mod search;
mod state;
mod time;
