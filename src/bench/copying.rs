//! The yardstick of what a database of its own kind can take in: rows by PostgreSQL's COPY, in its binary form.

use std::pin::pin;

use axum::body::Bytes;
use campanile_events::db::postgres::{Settings, connect};
use futures::SinkExt;
use tokio::sync::Mutex;
use uuid::Uuid;

const COPY: &str = "copy bench_rows (position, stream_id, version, payload) from stdin (format binary)";
/// What the form begins with: its signature, no flags, no more of a header.
const BEGIN: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const END: &[u8] = &(-1_i16).to_be_bytes();

/// A row of the table: its position, its stream, and its payload; it is of version 1.
pub(super) type CopiedRow = (i64, Uuid, Vec<u8>);

/// A connection that copies rows in.
#[derive(Debug)]
pub(super) struct Copying(Mutex<tokio_postgres::Client>);

impl Copying {
    pub(super) async fn open(settings: &Settings) -> anyhow::Result<Self> {
        Ok(Self(Mutex::new(connect(settings).await?)))
    }

    /// These rows, by one statement that is a transaction of its own.
    pub(super) async fn copy(&self, rows: impl Iterator<Item = CopiedRow>) -> anyhow::Result<()> {
        let mut all = BEGIN.to_vec();
        for (position, stream, payload) in rows {
            all.extend(4_i16.to_be_bytes());
            for field in [&position.to_be_bytes()[..], stream.as_bytes(), &1_i64.to_be_bytes(), &payload] {
                all.extend(i32::try_from(field.len())?.to_be_bytes());
                all.extend(field);
            }
        }
        all.extend(END);
        let client = self.0.lock().await;
        let mut sink = pin!(client.copy_in(COPY).await?);
        sink.send(Bytes::from(all)).await?;
        sink.finish().await?;
        Ok(())
    }
}
