//! The same promises in process and over HTTP, through the adapter.

mod accounts;
mod deleting;
mod keeping;
mod look_ups;
mod sending;

use std::{sync::Arc, time::Duration};

use campanile_events::{
    clock::ManualClock,
    ids::AccountId,
    post::{FailureClass, Step},
    timing::Timing,
};
use chrono::{DateTime, Utc};
use serde_json::json;
use tokio::{net::TcpListener, task::JoinHandle};

use super::*;
use crate::{
    egress::{Egress, EgressLimits, EgressPolicy},
    platforms::{
        Access, ConnectError, ConnectRequest, Connected, Found, InMemory, Message, Platform, RemoteRef, Search,
        SendFailure, Sent,
    },
};

fn start() -> DateTime<Utc> {
    "2026-12-01T09:00:00Z".parse().unwrap()
}

fn timing() -> Timing {
    // A request may take 300 ms.
    Timing { lease: Duration::from_millis(600), ..Timing::default() }
}

struct Bench {
    clock: Arc<ManualClock>,
    sandbox: Arc<Sandbox>,
    platform: SandboxPlatform,
    service_url: Option<String>,
    server: Option<JoinHandle<()>>,
}

impl Drop for Bench {
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            server.abort();
        }
    }
}

impl Bench {
    fn in_process() -> Self {
        let clock = ManualClock::starting_at(start());
        let sandbox = Sandbox::new(clock.clone());
        let policy = EgressPolicy { allow: vec!["127.0.0.0/8".parse().unwrap()] };
        let platform = SandboxPlatform::new(Egress::new(policy, EgressLimits::from(&timing())), sandbox.clone());
        Self { clock, sandbox, platform, service_url: None, server: None }
    }

    async fn over_http() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut bench = Self::in_process();
        bench.service_url = Some(format!("http://{}", listener.local_addr().unwrap()));
        bench.server = Some(tokio::spawn(serve(listener, bench.sandbox.clone(), std::future::pending())));
        bench
    }

    async fn both() -> [Self; 2] {
        [Self::in_process(), Self::over_http().await]
    }

    async fn connect(&self, handle: &str, delivery: &str) -> Result<Connected, ConnectError> {
        let mut body = json!({"handle": handle, "delivery": delivery});
        if let Some(url) = &self.service_url {
            body["service_url"] = json!(url);
        }
        self.platform.connect(ConnectRequest { body, timing: timing() }).await
    }

    async fn access(&self, delivery: &str) -> Access {
        let connected = self.connect("demo", delivery).await.unwrap();
        Access {
            account_id: AccountId::fresh(start()),
            server: connected.server,
            remote_id: connected.remote_id,
            keeper: Arc::new(InMemory::of(connected.credentials.clone())),
            credentials: connected.credentials,
            delivery: connected.offer.delivery,
            timing: timing(),
        }
    }

    async fn send(&self, access: &Access, marker: &str, text: &str) -> Result<Sent, SendFailure> {
        let mut line = self.platform.open(access).await.unwrap();
        assert!(line.is_open());
        line.send(message(marker, text)).await
    }

    async fn look_up(&self, access: &Access, text: &str, baseline: Option<&str>) -> Found {
        self.platform.look_up(access, &search(text, baseline)).await.unwrap()
    }

    fn fault(&self, kind: FaultKind) {
        self.sandbox.add_fault(Fault::next(Some("demo"), kind, 1));
    }

    fn texts(&self) -> Vec<String> {
        self.sandbox.visible().into_iter().map(|post| post.text).collect()
    }
}

fn message(marker: &str, text: &str) -> Message {
    Message {
        step: Step::Part(0),
        text: text.into(),
        marker: marker.to_owned(),
        intended_at: start(),
        is_repeat: false,
        reply_to: None,
        root: None,
        prepared: None,
        media: Vec::new(),
    }
}

fn search(text: &str, baseline: Option<&str>) -> Search {
    Search {
        step: Step::Part(0),
        marker: "m".to_owned(),
        intended_at: start(),
        text: text.into(),
        reply_to: None,
        baseline: baseline.map(str::to_owned),
        since: start(),
        exclude: Vec::new(),
    }
}

fn class(sent: Result<Sent, SendFailure>) -> FailureClass {
    sent.unwrap_err().class
}

fn remote(sent: &Sent) -> RemoteRef {
    RemoteRef { remote_id: sent.remote_id.clone(), url: sent.url.clone() }
}
