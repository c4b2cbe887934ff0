//! Keys as they are now, on each of many nodes.
//!
//! A process that is alone has each key in its executor's memory, which moves by committed events: there is nothing to
//! keep up. One of many keeps keys in a cache of its own that follows the log ([`follower`]), and answers from it only
//! while it is sure of it: its last completed look at the log's end began less than [`FRESH`] ago, by its own monotonic
//! clock, and everything up to that end is in the cache. Else it asks the database, for this request.
//!
//! So what was committed [`SETTLED`] ago counts on every node, whether it can be reached, hears wake-ups, or stands still:
//! who takes rights away waits so long before it answers, or until every node has said that its cache is that far
//! ([`nodes`]). No clock of one machine is compared with another's.

mod cache;
mod follower;
mod keys;
mod nodes;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use cache::Cache;
use campanile_events::db::{Database, DbError};
use follower::Follower;
pub(super) use keys::CurrentKeys;
use nodes::Nodes;
use uuid::Uuid;

/// Whether any process serves the log that this database is beside, for who doesn't itself.
///
/// # Errors
/// If the database doesn't answer.
pub async fn somebody_serves(db: &Arc<dyn Database>) -> Result<bool, DbError> {
    Nodes::open(Arc::clone(db), Uuid::nil()).await?.does_any_live().await
}

/// For how long a look at the log's end is good.
const FRESH: Duration = Duration::from_millis(490);
/// After this, every node knows what was committed: longer than [`FRESH`], so that no two machines' seconds need be equal.
const SETTLED: Duration = Duration::from_millis(500);
