//! Against a server on loopback that answers what it was told to and notes what it was asked.

mod deleting;
mod looking_up;
mod sign_in;

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
use campanile_events::{
    clock::ManualClock,
    ids::AccountId,
    post::{Delivery, FailureClass, Step},
    timing::Timing,
};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::Mastodon;
use crate::{
    egress::{Egress, EgressLimits, EgressPolicy},
    platforms::{
        Access, ConnectError, ConnectRequest, Found, InMemory, Message, Platform, RemoteRef, Search, SendFailure, Sent,
    },
};

fn start() -> DateTime<Utc> {
    "2026-12-01T09:00:00Z".parse().unwrap()
}

fn timing() -> Timing {
    Timing { lease: Duration::from_millis(800), ..Timing::default() }
}

/// What was asked: method and address, the key and token that came with it, the body.
#[derive(Debug, Clone, PartialEq)]
struct Asked {
    line: String,
    key: Option<String>,
    token: Option<String>,
    body: Value,
}

#[derive(Default)]
struct Script {
    /// How far the server's clock is behind.
    behind: chrono::Duration,
    answers: HashMap<String, VecDeque<(u16, String)>>,
    asked: Vec<Asked>,
}

struct Bench {
    script: Arc<Mutex<Script>>,
    platform: Mastodon,
    url: String,
}

impl Bench {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let script = Arc::new(Mutex::new(Script::default()));
        let shared = script.clone();
        let router = axum::Router::new().fallback(move |request: Request| answer(shared.clone(), request));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let policy = EgressPolicy { allow: vec!["127.0.0.0/8".parse().unwrap()] };
        let egress = Egress::new(policy, EgressLimits::from(&timing()));
        let platform = Mastodon::new(egress, ManualClock::starting_at(start()));
        Self { script, platform, url }
    }

    /// The next answer to a path; the last one is given again.
    fn on(&self, path: &str, status: u16, body: &(impl ToString + ?Sized)) -> &Self {
        let mut script = self.script.lock().unwrap();
        script.answers.entry(path.to_owned()).or_default().push_back((status, body.to_string()));
        self
    }

    fn forget(&self, path: &str) {
        self.script.lock().unwrap().answers.remove(path);
    }

    fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.script.lock().unwrap().asked)
    }

    async fn connect(&self, body: Value) -> Result<crate::platforms::Connected, ConnectError> {
        self.platform.connect(ConnectRequest { body, timing: timing() }).await
    }

    fn access(&self) -> Access {
        let kept = json!({"instance_url": self.url, "access_token": "hush"});
        let credentials = crate::platforms::Credentials::of(&kept);
        Access {
            account_id: AccountId::fresh(start()),
            server: self.url.clone(),
            remote_id: "7".to_owned(),
            keeper: Arc::new(InMemory::of(credentials.clone())),
            credentials,
            delivery: Delivery::Searchable,
            timing: timing(),
        }
    }

    async fn send(&self, message: Message) -> Result<Sent, SendFailure> {
        let mut line = self.platform.open(&self.access()).await.unwrap();
        assert!(line.is_open());
        line.send(message).await
    }

    async fn look_up(&self, search: Search) -> Found {
        self.platform.look_up(&self.access(), &search).await.unwrap()
    }
}

async fn answer(script: Arc<Mutex<Script>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 100_000).await.unwrap();
    let header =
        |name| head.headers.get(name).map(|value: &axum::http::HeaderValue| value.to_str().unwrap().to_owned());
    let asked = Asked {
        line: format!("{} {}", head.method, head.uri),
        key: header("idempotency-key"),
        token: header("authorization"),
        body: serde_json::from_slice(&body).unwrap_or_else(|_| sign_in::form(&body)),
    };
    let mut script = script.lock().unwrap();
    script.asked.push(asked);
    let answers = script.answers.get_mut(head.uri.path());
    let (status, body) = match answers {
        Some(answers) if answers.len() > 1 => answers.pop_front().unwrap(),
        Some(answers) => answers[0].clone(),
        None => (404, r#"{"error":"Record not found"}"#.to_owned()),
    };
    let date = (start() - script.behind).format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    Response::builder().status(status).header("date", date).body(Body::from(body)).unwrap()
}

const WHO: &str = "/api/v1/accounts/verify_credentials";
const V1: &str = "/api/v1/instance";
const V2: &str = "/api/v2/instance";
const STATUSES: &str = "/api/v1/statuses";
const LISTING: &str = "/api/v1/accounts/7/statuses";

fn genuine() -> Value {
    json!({"domain": "m.example", "version": "4.3.0", "source_url": "https://github.com/mastodon/mastodon",
           "configuration": {"statuses": {"max_characters": 1000}}})
}

fn status(id: &str, content: &str) -> Value {
    json!({"id": id, "url": format!("https://m.example/@a/{id}"), "content": content,
           "created_at": "2026-12-01T09:00:00.000Z", "in_reply_to_id": null, "account": {"id": "7"}})
}

fn message(text: &str, reply_to: Option<&str>) -> Message {
    let reply_to = reply_to.map(|id| RemoteRef { remote_id: id.to_owned(), url: None });
    Message {
        step: Step::Part(0),
        text: text.into(),
        marker: "marker-1".to_owned(),
        intended_at: start(),
        is_repeat: false,
        root: reply_to.clone(),
        reply_to,
        prepared: None,
        media: Vec::new(),
    }
}

fn search(text: &str, baseline: Option<&str>) -> Search {
    Search {
        step: Step::Part(0),
        marker: "marker-1".to_owned(),
        intended_at: start(),
        text: text.into(),
        reply_to: None,
        baseline: baseline.map(str::to_owned),
        since: start(),
        exclude: Vec::new(),
    }
}

#[tokio::test]
async fn connecting_asks_who_it_is_and_what_the_server_offers() {
    let bench = Bench::start().await;
    bench.on(WHO, 200, &json!({"id": "7", "acct": "alice", "display_name": "Alice"})).on(V2, 200, &genuine());
    let given = json!({"instance_url": format!("{}/", bench.url), "access_token": "hush"});
    let connected = bench.connect(given.clone()).await.unwrap();
    assert_eq!((connected.server.as_str(), connected.remote_id.as_str()), (bench.url.as_str(), "7"));
    assert_eq!((connected.handle.as_str(), connected.display_name.as_deref()), ("@alice@m.example", Some("Alice")));
    assert_eq!(connected.offer.rules.max_text, 1000);
    let expected = Delivery::Keyed { window_ms: Some(3_600_000), quiet_ms: 60_000, searchable: true };
    assert_eq!(connected.offer.delivery, expected);
    assert!(!format!("{connected:?}").contains("hush"));
    let asked = bench.asked();
    assert_eq!((asked[0].line.as_str(), asked[0].token.as_deref()), (&*format!("GET {WHO}"), Some("Bearer hush")));
    assert_eq!(asked[1].token, None, "the server's description is public");

    // An older server has the first form alone, and then nothing proves what it is.
    bench.forget(V2);
    bench.on(V1, 200, &json!({"uri": "old.example", "version": "3.5.0"}));
    let connected = bench.connect(given).await.unwrap();
    assert_eq!(connected.handle, "@alice@old.example");
    assert_eq!(connected.offer.delivery, Delivery::Searchable);
    bench.forget(V1);
    bench.on(V2, 503, "");
    let failure = bench.platform.observe(&bench.access()).await.unwrap_err();
    assert_eq!((failure.class, failure.status), (FailureClass::NotSent, Some(503)));
}

#[tokio::test]
async fn a_server_that_refuses_is_quoted() {
    let bench = Bench::start().await;
    let given = json!({"instance_url": bench.url, "access_token": "hush"});
    for (status, body, message) in [
        (401, r#"{"error":"The access token is invalid"}"#, "The access token is invalid"),
        (
            403,
            r#"{"error":"This action is outside the authorized scopes"}"#,
            "This action is outside the authorized scopes",
        ),
        (400, "Invalid Bearer token", "Invalid Bearer token"),
        (
            422,
            r#"{"error":"This method requires an authenticated user"}"#,
            "This method requires an authenticated user",
        ),
    ] {
        bench.forget(WHO);
        bench.on(WHO, status, body);
        let refused = bench.connect(given.clone()).await.unwrap_err();
        assert_eq!(refused, ConnectError::Refused { message: message.to_owned(), status: Some(status) });
    }
    for (status, body, code) in [(404, "", "not_mastodon"), (200, "<html>", "not_mastodon")] {
        bench.forget(WHO);
        bench.on(WHO, status, body);
        let refused = bench.connect(given.clone()).await.unwrap_err();
        assert!(matches!(&refused, ConnectError::Invalid { code: found, .. } if *found == code), "{refused}");
    }
    bench.forget(WHO);
    bench.on(WHO, 502, "");
    assert!(matches!(bench.connect(given).await, Err(ConnectError::Unreachable(_))));
}

#[tokio::test]
async fn a_wrong_address_is_named_before_anything_leaves() {
    let bench = Bench::start().await;
    for (given, message) in [
        (json!({"access_token": "x"}), "`instance_url`: is required"),
        (json!({"instance_url": "https://a.example"}), "`access_token`: is required"),
        (
            json!({"instance_url": "http://1.1.1.1", "access_token": "x"}),
            "`instance_url`: must begin with https://; plain http goes only to servers that this engine's operator named \
             with `--allow-egress`",
        ),
        (
            json!({"instance_url": "https://a.example/path", "access_token": "x"}),
            "`instance_url`: must be an address such as https://mastodon.example",
        ),
        (
            json!({"instance_url": "https://u:hush@a.example", "access_token": "x"}),
            "`instance_url`: must be an address such as https://mastodon.example",
        ),
        (
            json!({"instance_url": bench.url, "access_token": "hu\nsh"}),
            "`access_token`: must hold no spaces or control characters",
        ),
        (
            json!({"instance_url": "https://192.168.0.1", "access_token": "x"}),
            "the server's address is not one that outgoing requests may reach",
        ),
    ] {
        let refused = bench.connect(given).await.unwrap_err();
        assert_eq!(refused.to_string(), message);
    }
    assert_eq!(bench.asked(), []);
}

#[tokio::test]
async fn a_status_goes_out_once_with_its_key() {
    let bench = Bench::start().await;
    bench.on(STATUSES, 200, &status("12", "<p>Guten Morgen</p>"));
    let sent = bench.send(message("Guten Morgen", Some("11"))).await.unwrap();
    assert_eq!(sent, Sent { remote_id: "12".into(), url: Some("https://m.example/@a/12".into()) });
    let asked = bench.asked();
    let expected = Asked {
        line: format!("POST {STATUSES}"),
        key: Some("marker-1".into()),
        token: Some("Bearer hush".into()),
        body: json!({"status": "Guten Morgen", "in_reply_to_id": "11"}),
    };
    assert_eq!(asked, [expected]);

    let line = bench.platform.open(&bench.access()).await.unwrap();
    let digest = line.digest_input(&message("a", None));
    assert_ne!(digest, line.digest_input(&message("b", None)));
    assert!(!String::from_utf8(digest).unwrap().contains("hush"));
}

#[tokio::test]
async fn an_answer_that_is_none_is_uncertain() {
    let bench = Bench::start().await;
    for (status, body) in [(502, "<html>"), (503, ""), (200, "<html>"), (302, "")] {
        bench.forget(STATUSES);
        bench.on(STATUSES, status, body);
        let failure = bench.send(message("a", None)).await.unwrap_err();
        assert_eq!((failure.class, failure.status), (FailureClass::Uncertain, Some(status)));
        assert_eq!(bench.asked().len(), 1, "nothing is sent twice");
    }
    bench.forget(STATUSES);
    bench.on(STATUSES, 422, r#"{"error":"Text can't be blank"}"#);
    let failure = bench.send(message("a", None)).await.unwrap_err();
    assert_eq!((failure.class, failure.message.unwrap().as_str()), (FailureClass::Rejected, "Text can't be blank"));
}

#[tokio::test]
async fn nobody_there_means_not_sent() {
    let bench = Bench::start().await;
    let (mut access, gone) = (bench.access(), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let kept = json!({"instance_url": format!("http://{}", gone.local_addr().unwrap()), "access_token": "hush"});
    drop(gone);
    access.credentials = crate::platforms::Credentials::of(&kept);
    let Err(failure) = bench.platform.open(&access).await else { panic!("nobody listens") };
    assert_eq!((failure.class, failure.code.as_deref()), (FailureClass::NotSent, Some("connect")));
    let found = bench.platform.look_up(&access, &search("a", None)).await.unwrap();
    assert!(matches!(found, Found::Incomplete(failure) if failure.class == FailureClass::NotSent));
}
