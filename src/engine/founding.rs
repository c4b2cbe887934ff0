//! Who makes an engine where there is none: one at a time, by `campanile init` or from an export.
//!
//! A folder is one process's anyway. In a database the log itself takes one beginning alone; this keeps a second founder
//! from what stands beside it (keys, marks), and from leaving traces of an engine that never was.

use std::time::Duration;

use campanile_events::{db::postgres::Exclusive, journal::PostgresJournal};

use super::OpenError;
use crate::configuration::Folder;

const NAME: &str = "founding";
/// `init` takes less; a log that comes from an export may take long, and nobody should wait for it unknowing.
const PATIENCE: Duration = Duration::from_secs(5);

/// Leave to make an engine, until this is dropped.
#[derive(Debug)]
pub struct Founding {
    is_used: bool,
    _held: Option<Exclusive>,
}

impl Founding {
    /// Asks for leave, before anything is made.
    ///
    /// # Errors
    /// [`OpenError::Founded`] while another process makes one in the database.
    pub async fn begin(folder: &Folder) -> Result<Self, OpenError> {
        let Some(settings) = &folder.database else { return Ok(Self { is_used: false, _held: None }) };
        let held = Exclusive::take(settings, NAME, PATIENCE).await?.ok_or(OpenError::Founded)?;
        let is_used = PostgresJournal::is_begun(settings).await?;
        Ok(Self { is_used, _held: Some(held) })
    }

    /// Whether the database holds an engine already. A folder's is seen when it is opened.
    pub const fn is_used(&self) -> bool {
        self.is_used
    }
}
