//! The yardstick of everything over HTTP: a server of axum that does nothing but ask the database.

use std::{net::SocketAddr, sync::Arc};

use axum::{Router, extract::State, routing};
use campanile_events::{
    db::{Database, Value},
    random,
};
use http::StatusCode;
use tokio::{net::TcpListener, task::JoinHandle};
use uuid::Uuid;

use super::rows::Rows;

/// What its `GET /` is called.
pub(super) const SELECT: &str = "a route of axum with one indexed SELECT";
/// What its `/static` is called.
pub(super) const STATIC: &str = "a route of axum that answers at once";

/// Such a server, until it is dropped.
#[derive(Debug)]
pub(super) struct Bare {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

/// What its routes are answered with.
#[derive(Clone)]
struct Stored {
    read: Arc<dyn Database>,
    posts: Arc<[Uuid]>,
    rows: Option<Rows>,
}

impl Bare {
    /// `GET /` reads the state of any of the posts, `POST /` puts in a row, if there is a table; `/static` does nothing.
    pub(super) async fn serve(read: Arc<dyn Database>, posts: Arc<[Uuid]>, rows: Option<Rows>) -> anyhow::Result<Self> {
        let router = Router::new()
            .route("/", routing::get(select).post(insert))
            .route("/static", routing::any(async || "{}"))
            .with_state(Stored { read, posts, rows });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let serving = tokio::spawn(async move {
            // It serves until it is ended.
            drop(axum::serve(listener, router).await);
        });
        Ok(Self { address, serving })
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn select(State(stored): State<Stored>) -> Result<String, StatusCode> {
    let post = *random::one_of(&stored.posts).ok_or(StatusCode::NOT_FOUND)?;
    let sql = "select state from posts where post_id = $1";
    let rows = stored.read.query(sql, vec![Value::from(post)]).await;
    let row = rows.ok().and_then(|rows| rows.into_iter().next()).ok_or(StatusCode::NOT_FOUND)?;
    row.text("state").map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

async fn insert(State(stored): State<Stored>) -> Result<&'static str, StatusCode> {
    let rows = stored.rows.ok_or(StatusCode::NOT_FOUND)?;
    rows.insert().await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok("{}")
}
