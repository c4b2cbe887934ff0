//! What the black-box tests stand on: the real program as a process, platforms that tell the truth, and waiting.
//!
//! - [`Engine`]: `campanile serve` on a folder of its own, killed, stopped and started again by its own pid.
//! - [`SandboxServer`]: `campanile sandbox` as a process; its journal is the ground truth.
//! - [`mastodon`]: a server that speaks enough of Mastodon's API, misbehaves when told to, and keeps its own truth.
//! - [`Client`] and [`Answer`]: requests to the API, and what came back.
//! - [`eventually`]: the one way to wait.
//!
//! It promises: nothing outside a test's own temporary folder is written, ports are free ones of the loopback, and when a
//! test fails, what its programs said is printed. It knows nothing of the program's inside.

mod answer;
mod chance;
mod client;
mod engine;
mod eventually;
pub mod mastodon;
mod picture;
mod process;
mod program;
mod reset;
mod sandbox;
mod targets;

pub use answer::Answer;
pub use chance::Chance;
pub use client::Client;
pub use engine::{Engine, Options, QUICK};
pub use eventually::{SOON, eventually, now, until};
pub use picture::png;
pub use process::Process;
pub use program::{Ran, campanile, campanile_in};
pub use sandbox::{SandboxServer, Truth};
pub use targets::{attempts, published, settled, target_of};
