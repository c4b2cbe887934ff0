//! The engine and the platform that the demo plays on.

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context, bail};
use axum::{Router, body::Body};
use campanile_events::{
    clock::{SharedClock, SystemClock},
    timing::Timing,
};
use campanile_workers::platforms::sandbox::{self, Sandbox};
use http::Request;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceExt;

use crate::{
    api,
    configuration::{Configuration, Folder},
    engine::{Engine, Opening, Owner, Store, initialize},
};

/// The demo settles doubts in seconds; the usual times are minutes.
const TIMING: &str = "lease=6,settle=2,lookup_gap=1,quiet=1,sweep=0.5,retry_first=0.8,retry_most=4";

/// An engine in a folder of its own, a sandbox on a port of its own, and a key.
pub(super) struct Stage {
    pub engine: Engine,
    pub sandbox: Arc<Sandbox>,
    pub clock: SharedClock,
    pub folder: PathBuf,
    pub sandbox_url: String,
    router: Router,
    secret: String,
}

impl Stage {
    pub async fn open(folder: PathBuf) -> anyhow::Result<Self> {
        let clock = SystemClock::shared();
        let sandbox = Sandbox::new(clock.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no free port on 127.0.0.1")?;
        let sandbox_url = format!("http://{}", listener.local_addr()?);
        tokio::spawn(sandbox::serve(listener, Arc::clone(&sandbox), std::future::pending()));

        let data = Folder::embedded(folder.clone());
        let owner = Owner { email: "demo@campanile.example".to_owned(), password: None };
        let secret = {
            let store = Store::open(&data, Opening::New, clock.clone()).await?;
            initialize(&store, owner).await?.secret.expose().to_owned()
        };
        let mut timing = Timing::default();
        timing.apply(TIMING)?;
        let allow_egress = vec!["127.0.0.0/8".parse()?];
        let configuration = Configuration { allow_egress, timing, ..Configuration::of(data) };
        let engine = Engine::open_with(&configuration, clock.clone()).await?;
        let router = api::router(engine.core());
        Ok(Self { engine, sandbox, clock, folder, sandbox_url, router, secret })
    }

    /// Asks the API as a client would.
    pub async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> anyhow::Result<Value> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {}", self.secret))
            .header("content-type", "application/json")
            .body(body.map_or_else(Body::empty, |body| Body::from(body.to_string())))?;
        let response = self.router.clone().oneshot(request).await?;
        let status = response.status();
        let bytes = response.into_body().collect().await?.to_bytes();
        let answer: Value = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes)? };
        if !status.is_success() {
            bail!("{method} {path} answered {status}: {answer}");
        }
        Ok(answer)
    }

    /// Connects an account of the sandbox.
    pub async fn connect(&self, handle: &str, delivery: &str) -> anyhow::Result<String> {
        let body = json!({"handle": handle, "delivery": delivery, "service_url": self.sandbox_url});
        let account = self.ask("POST", "/v1/connect/sandbox", Some(body)).await?;
        id(&account)
    }
}

/// The `id` of what was answered.
pub(super) fn id(answer: &Value) -> anyhow::Result<String> {
    let id = answer["id"].as_str().with_context(|| format!("an answer without an id: {answer}"))?;
    Ok(id.to_owned())
}

/// The secret is printed by no one here.
impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stage").field("folder", &self.folder).finish_non_exhaustive()
    }
}
