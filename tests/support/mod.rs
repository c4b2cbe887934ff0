//! What the black-box tests stand on: the real program as a process, platforms that tell the truth, and waiting.
//!
//! - [`Engine`]: `campanile serve` on a folder of its own, killed, stopped and started again by its own pid.
//! - [`Cluster`]: many such nodes on one PostgreSQL and one NATS, each with the roles that it has.
//! - [`Place`]: where an engine lives. One variable says on what the engines of a whole run stand.
//! - [`SandboxServer`]: `campanile sandbox` as a process; its journal is the ground truth.
//! - [`mastodon`]: a server that speaks enough of Mastodon's API, misbehaves when told to, and keeps its own truth.
//! - [`proxy`]: what stands between two parts and misbehaves as networks do.
//! - [`Client`] and [`Answer`]: requests to the API, and what came back.
//! - [`eventually`]: the one way to wait.
//! - [`handed`]: secrets that a test was handed; no engine of its process may have written one when it ends.
//!
//! It promises: nothing outside a test's own temporary folder is written, ports are free ones of the loopback, and when a
//! test fails, what its programs said is printed. It knows nothing of the program's inside.

mod answer;
mod chance;
mod client;
mod cluster;
mod engine;
mod eventually;
pub mod handed;
pub mod mastodon;
mod node;
mod picture;
mod place;
mod process;
mod program;
pub mod proxy;
mod reset;
mod sandbox;
mod servers;
mod targets;

pub use answer::Answer;
pub use chance::Chance;
pub use client::Client;
pub use cluster::{API, Cluster, SCHEDULERS, THREE, WORKERS};
pub use engine::{Engine, Options, QUICK};
pub use eventually::{SOON, eventually, now, until};
pub use node::Node;
pub use picture::png;
pub use place::Place;
pub use process::Process;
pub use program::{Ran, campanile, campanile_in};
pub use sandbox::{SandboxServer, Truth, Visible};
pub use servers::{Environment, PASSWORDS, Servers};
pub use targets::{attempts, published, settled, target_of};
