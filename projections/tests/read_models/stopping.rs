//! What this build doesn't know, and a log with a hole, stop it where it stands.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use campanile_events::{
    db::Engine,
    ids::{Position, Version, WorkspaceId},
    journal::{
        Append, AppendError, Head, HeldClaim, Journal, Moved, ReadError, Receipt, Recorded, RestoreError, Restoring,
        StreamId, StreamKind,
    },
};
use campanile_projections::{
    Runner,
    runner::{ProjectionState, RunnerError},
};
use chrono::{DateTime, Utc};
use tokio::sync::watch;

use crate::support::{House, dump};

/// Runs until the runner gives up by itself, as it must.
async fn run(runner: &Runner) -> Result<(), RunnerError> {
    let ends = runner.run(std::future::pending());
    tokio::time::timeout(Duration::from_secs(10), ends).await.expect("the runner stops")
}

#[tokio::test]
async fn an_event_of_a_newer_build_stops_the_runner_and_is_not_passed_over() {
    for (event_type, schema) in [("post.sung", 1), ("post.deleted", 2)] {
        let house = House::new(Engine::Sqlite).await;
        let mut town = house.town(50);
        let db = house.tables("a").await;
        let runner = house.runner(&db).await;
        let before = town.live(60).await.pop().unwrap().position;
        runner.catch_up().await.unwrap();
        let rows = dump(db.as_ref()).await;

        let id = *town.posts.keys().next().unwrap();
        town.append_raw(id, event_type, schema, "{}").await;
        town.live(10).await;
        let stopped = run(&runner).await;
        assert!(matches!(&stopped, Err(RunnerError::NewerBuildNeeded { reason }) if reason.contains(event_type)));
        assert!(runner.run_once().await.is_err(), "it stays so");
        assert_eq!(runner.position(), before);
        assert_eq!(dump(db.as_ref()).await, rows);
        for status in runner.status().await.unwrap() {
            assert_eq!((status.position, status.parked), (before, 0));
            assert!(status.state.to_string().starts_with("stopped: newer build needed"), "{}", status.state);
        }
    }
}

/// A log that has lost an event.
#[derive(Debug)]
struct Holed {
    inner: Arc<dyn Journal>,
    lost: Position,
}

#[async_trait]
impl Journal for Holed {
    async fn append(&self, append: Append) -> Result<Vec<Arc<Recorded>>, AppendError> {
        self.inner.append(append).await
    }

    async fn read_stream(&self, stream: StreamId, after: Version, limit: usize) -> Result<Vec<Recorded>, ReadError> {
        self.inner.read_stream(stream, after, limit).await
    }

    async fn read(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, ReadError> {
        let mut events = self.inner.read(after, limit).await?;
        events.retain(|event| event.position != self.lost);
        Ok(events)
    }

    async fn restore(&self) -> Result<Box<dyn Restoring>, RestoreError> {
        self.inner.restore().await
    }

    async fn moved(&self, kind: StreamKind, after: Position, to: Position) -> Result<Vec<Moved>, ReadError> {
        self.inner.moved(kind, after, to).await
    }

    async fn head(&self) -> Result<Head, ReadError> {
        self.inner.head().await
    }

    async fn receipt(&self, workspace: WorkspaceId, key: &str) -> Result<Option<Receipt>, ReadError> {
        self.inner.receipt(workspace, key).await
    }

    async fn forget_receipts(&self, before: DateTime<Utc>, limit: usize) -> Result<usize, ReadError> {
        self.inner.forget_receipts(before, limit).await
    }

    async fn holder(&self, workspace: WorkspaceId, kind: &str, value: &str) -> Result<Option<StreamId>, ReadError> {
        self.inner.holder(workspace, kind, value).await
    }

    async fn held_claims(&self) -> Result<(Position, Vec<HeldClaim>), ReadError> {
        self.inner.held_claims().await
    }

    async fn workspace_numbers(&self) -> Result<Vec<(WorkspaceId, u64)>, ReadError> {
        self.inner.workspace_numbers().await
    }

    fn watch(&self) -> watch::Receiver<Position> {
        self.inner.watch()
    }
}

#[tokio::test]
async fn a_hole_in_the_log_stops_the_runner() {
    let house = House::new(Engine::Sqlite).await;
    let mut town = house.town(51);
    town.live(80).await;
    let db = house.tables("a").await;
    let holed = Arc::new(Holed { inner: Arc::clone(&house.journal), lost: Position(40) });
    let runner = Runner::open(holed, Arc::clone(&db), campanile_projections::all()).await.unwrap();
    let stopped = run(&runner).await;
    assert!(matches!(&stopped, Err(RunnerError::Damaged { reason }) if reason.contains("40")), "{stopped:?}");
    let status = runner.status().await.unwrap();
    assert!(matches!(&status[0].state, ProjectionState::Stopped { reason } if reason.contains("damaged")));
    assert!(dump(db.as_ref()).await.iter().all(|(_, rows)| rows.is_empty()));
}
