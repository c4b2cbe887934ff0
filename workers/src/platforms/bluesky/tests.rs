//! Against a server on loopback that answers what it was told to and notes what it was asked.

mod deleting;
mod sending;
mod sessions;

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    response::Response,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use campanile_events::{
    clock::ManualClock,
    ids::AccountId,
    post::{Delivery, Step},
    timing::Timing,
};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::Bluesky;
use crate::{
    egress::{Egress, EgressLimits, EgressPolicy},
    platforms::{
        Access, ConnectError, ConnectRequest, Connected, CredentialKeeper, Credentials, InMemory, Message, Platform,
        RemoteRef, SendFailure, Sent,
    },
};

const DID: &str = "did:plc:ada";
const CREATE_SESSION: &str = "/xrpc/com.atproto.server.createSession";
const REFRESH_SESSION: &str = "/xrpc/com.atproto.server.refreshSession";
const GET_SESSION: &str = "/xrpc/com.atproto.server.getSession";
const PUT: &str = "/xrpc/com.atproto.repo.putRecord";
const GET: &str = "/xrpc/com.atproto.repo.getRecord";
const DELETE: &str = "/xrpc/com.atproto.repo.deleteRecord";
const RESOLVE: &str = "/xrpc/com.atproto.identity.resolveHandle";

fn start() -> DateTime<Utc> {
    "2026-12-01T09:00:00Z".parse().unwrap()
}

fn timing() -> Timing {
    Timing { lease: Duration::from_millis(800), ..Timing::default() }
}

/// A token that says when it ends.
fn token(name: &str, minutes: i64) -> String {
    let claims = json!({"jti": name, "exp": (start() + chrono::Duration::minutes(minutes)).timestamp()});
    format!("e30.{}.hush", URL_SAFE_NO_PAD.encode(claims.to_string()))
}

fn session(name: &str) -> Value {
    json!({"did": DID, "handle": "ada.example", "accessJwt": token(name, 120), "refreshJwt": format!("refresh-{name}")})
}

fn refusal(error: &str) -> Value {
    json!({"error": error, "message": format!("{error} it is")})
}

/// What was asked: method and address, the token that came with it, the body.
#[derive(Debug, Clone, PartialEq)]
struct Asked {
    line: String,
    token: Option<String>,
    body: Value,
}

#[derive(Default)]
struct Script {
    answers: HashMap<String, VecDeque<(u16, String)>>,
    asked: Vec<Asked>,
}

struct Bench {
    script: Arc<Mutex<Script>>,
    platform: Bluesky,
    url: String,
    keeper: InMemory,
}

impl Bench {
    /// A server, and an account on it whose access token holds for so many minutes.
    async fn start(minutes: i64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let script = Arc::new(Mutex::new(Script::default()));
        let shared = script.clone();
        let router = axum::Router::new().fallback(move |request: Request| answer(shared.clone(), request));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let policy = EgressPolicy { allow: vec!["127.0.0.0/8".parse().unwrap()] };
        let egress = Egress::new(policy, EgressLimits::from(&timing()));
        let platform = Bluesky::new(egress, ManualClock::starting_at(start()));
        let kept = json!({"service_url": url, "did": DID, "handle": "ada.example", "app_password": "hush-hush",
                          "access_jwt": token("first", minutes), "refresh_jwt": "refresh-first"});
        Self { script, platform, url, keeper: InMemory::of(Credentials::of(&kept)) }
    }

    /// The next answer to a path; the last one is given again.
    fn on(&self, path: &str, status: u16, body: &(impl ToString + ?Sized)) -> &Self {
        let mut script = self.script.lock().unwrap();
        script.answers.entry(path.to_owned()).or_default().push_back((status, body.to_string()));
        self
    }

    fn forget(&self, path: &str) -> &Self {
        self.script.lock().unwrap().answers.remove(path);
        self
    }

    fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.script.lock().unwrap().asked)
    }

    /// The paths that were asked, without their queries.
    fn paths(&self) -> Vec<String> {
        let path = |asked: Asked| asked.line.split(['?', ' ']).nth(1).unwrap().to_owned();
        self.asked().into_iter().map(path).collect()
    }

    async fn connect(&self, body: Value) -> Result<Connected, ConnectError> {
        self.platform.connect(ConnectRequest { body, timing: timing() }).await
    }

    async fn kept(&self) -> Value {
        self.keeper.claim().await.unwrap().current().read().unwrap()
    }

    async fn access(&self) -> Access {
        Access {
            account_id: AccountId::fresh(start()),
            server: self.url.clone(),
            remote_id: DID.to_owned(),
            credentials: Credentials::of(&self.kept().await),
            keeper: Arc::new(self.keeper.clone()),
            delivery: Delivery::Keyed { window_ms: None, quiet_ms: 0, searchable: true },
            timing: timing(),
        }
    }

    async fn send(&self, mut message: Message) -> Result<Sent, SendFailure> {
        let access = self.access().await;
        message.prepared = self.platform.prepare(&access, &message).await?;
        self.platform.open(&access).await?.send(message).await
    }
}

async fn answer(script: Arc<Mutex<Script>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 100_000).await.unwrap();
    let token = head.headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
    let asked = Asked {
        line: format!("{} {}", head.method, head.uri),
        token,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    };
    let mut script = script.lock().unwrap();
    script.asked.push(asked);
    let (status, body) = match script.answers.get_mut(head.uri.path()) {
        Some(answers) if answers.len() > 1 => answers.pop_front().unwrap(),
        Some(answers) => answers[0].clone(),
        None => (400, json!({"error": "RecordNotFound", "message": "Could not locate record"}).to_string()),
    };
    Response::builder().status(status).body(Body::from(body)).unwrap()
}

fn message(text: &str) -> Message {
    Message {
        step: Step::Part(0),
        text: text.into(),
        marker: "marker-1".to_owned(),
        intended_at: start(),
        is_repeat: false,
        reply_to: None,
        root: None,
        prepared: None,
        media: Vec::new(),
    }
}

fn remote(remote_id: &str) -> RemoteRef {
    RemoteRef { remote_id: remote_id.to_owned(), url: None }
}
