//! One process at a time, among all that use a database.

use std::time::Duration;

use tokio_postgres::{Client, error::SqlState};

use super::{
    connect,
    settings::{Limits, Settings},
};
use crate::db::DbError;

/// A name that is this process's until this is dropped, or its connection is lost: it keeps others from beginning, and is
/// no fence against who has begun.
pub struct Exclusive {
    /// The name goes with the session.
    _session: Client,
}

impl std::fmt::Debug for Exclusive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exclusive").finish_non_exhaustive()
    }
}

impl Exclusive {
    /// Takes a name of ours, once whoever has it lets go of it; `None` if that takes longer than `patience`.
    ///
    /// # Errors
    /// [`DbError::Unavailable`] if the server can't be reached.
    pub async fn take(settings: &Settings, name: &str, patience: Duration) -> Result<Option<Self>, DbError> {
        let limits = Limits { lock: Some(patience), ..Limits::NONE };
        let session = connect(&settings.clone().named(name).limited(limits)).await?;
        let name = format!("campanile.{name}");
        match session.execute("select pg_advisory_lock(hashtext($1))", &[&name]).await {
            Ok(_) => Ok(Some(Self { _session: session })),
            Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
