//! The schema that holds everything of ours.

use tokio_postgres::Client;

use super::settings::SCHEMA;
use crate::db::DbError;

/// Makes the schema if it isn't there. Nodes that start together wait for one another: PostgreSQL's own `if not exists`
/// fails for all but one of them.
///
/// # Errors
/// If it is missing and the user may not make it.
pub async fn create_schema(client: &Client) -> Result<(), DbError> {
    let there = client.query_one("select to_regnamespace($1) is not null", &[&SCHEMA]).await?;
    if there.get(0) {
        return Ok(());
    }
    Ok(client.batch_execute(&make()).await?)
}

/// Sent as one, which makes it one transaction: the lock is held until the schema can be seen.
pub(super) fn make() -> String {
    format!("select pg_advisory_xact_lock(hashtext('campanile.schema')); create schema if not exists {SCHEMA}")
}
