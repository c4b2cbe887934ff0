//! The process dies at every point on a post's way, with every delivery class: afterwards every post is accounted for, none
//! stands twice, none is lost, and `unknown` is only said where nobody can know.
//!
//! - `cell`: a point, and the time for which it is met.
//! - `walk`: one class, from point to point; what one death leaves behind is on its way while the next comes.
//! - `judge`: what must be true at the end.
//! - `renewal`: the one point that the sandbox has none of.
//!
//! `CAMPANILE_CRASHES` says how often each point is gone to, and `CAMPANILE_CRASH_POINTS` to which (`after_send,mid_batch`).

mod cell;
mod judge;
mod renewal;
mod walk;

use walk::walk;

#[tokio::test(flavor = "multi_thread")]
async fn keyed() {
    walk("keyed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn searchable() {
    walk("searchable").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn blind() {
    walk("blind").await;
}
