//! Moves committed pages from the write-ahead log into the file, on a thread beside the writer's. Left to SQLite, the commit
//! that fills the log moves all of it, and everybody who waits for the writer waits for that.

use std::{path::Path, sync::mpsc, thread};

use rusqlite::Connection;

use crate::db::DbError;

/// Pages of the log from which they are moved beside the writer: 4 MiB.
const BESIDE: i32 = 1_000;
/// The most pages that the log may grow to before the writer itself moves what is left, and begins it anew: 32 MiB. Beside a
/// writer that never pauses it would not come to its end.
const MOST: i32 = 8_000;

/// Begins to look after the file at `path`, which `writer` writes. It ends with the writer's connection.
pub(super) fn start(path: &Path, writer: &mut Connection) -> Result<(), DbError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(super::engine::BUSY)?;
    // The writer's own, so that what is moved is as lasting as what was committed.
    let synchronous: i64 = writer.pragma_query_value(None, "synchronous", |row| row.get(0))?;
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "cache_size", 0)?;
    let (tell, told) = mpsc::sync_channel(1);
    let mut moved_at = 0;
    writer.wal_hook(Some(move |wal: &mut rusqlite::hooks::Wal, pages: i32| {
        if pages < moved_at {
            moved_at = 0;
        }
        // What goes wrong here must not look as if the commit had.
        if pages >= MOST {
            moved_at = pages;
            let _tried_with_the_next = wal.checkpoint();
        } else if pages >= moved_at + BESIDE {
            moved_at = pages;
            let _told_already = tell.try_send(());
        }
        Ok(())
    }))?;
    thread::Builder::new()
        .name("sqlite-checkpoint".to_owned())
        .spawn(move || {
            while told.recv().is_ok() {
                let moved = connection.query_row("pragma wal_checkpoint(passive)", [], |_| Ok(()));
                if let Err(error) = moved {
                    tracing::warn!(%error, "committed pages stay in the write-ahead log for now");
                }
            }
        })
        .map_err(|error| DbError::Unavailable(format!("the checkpointing thread can't be started: {error}")))?;
    Ok(())
}
