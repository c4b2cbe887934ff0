//! The bus of many nodes, on NATS JetStream.
//!
//! Each target has a subject of its own in one work-queue stream, and the stream holds one message for a subject and
//! refuses a second: so a target waits once, however often and by however many nodes it is put. A message stays in the
//! stream while its job is in hand, under acks that say so; a node that dies lets go of it after [`Settings::ack_wait`].
//! Each platform has a durable pull consumer, which bounds how much is in hand on all nodes together.
//!
//! All names on the server have the engine's own in them, which is its log's: two engines on one server never meet.
//!
//! The server may lose what it took, or never deliver it: it acks before it syncs. So nothing here is trusted to last. A
//! watchdog makes anew what is missing or deaf, a canary goes round through the stream, and the sweeper puts back what is
//! due: a lost message is gone from its subject, which therefore takes the next one at once.
//!
//! - `settings`, `connect`: where the servers are and as whom; secrets stay out of every text.
//! - `layout`: names, and the stream's and the consumers' configurations.
//! - `server`: requests to the server, which give up soon.
//! - `desk`: the jobs in hand and the workers that wait, on this node.
//! - `pull`: from a consumer to the desk. `release`: from a worker's hand back to the stream.
//! - `watchdog`, `state`: what is made anew, and what is known of the server.
//! - `reach`: whether the servers are there, for who doesn't wait for them.
//! - `remove`: an engine's stream, taken away.
//! - `wakes`: wake-ups between nodes, by plain messages.

mod connect;
mod desk;
mod engine;
mod layout;
mod pull;
mod reach;
mod release;
mod remove;
mod server;
mod settings;
mod state;
mod wakes;
mod watchdog;

pub use connect::ConnectError;
pub use engine::Nats;
pub use reach::reach;
pub use remove::{RemoveError, remove};
pub use settings::{InvalidSettings, REPLICAS, Settings};
pub use wakes::WakesOverNats;
