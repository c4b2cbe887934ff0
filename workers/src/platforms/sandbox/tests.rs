//! The same promises in process and over HTTP, through the adapter.

mod deleting;

use std::{sync::Arc, time::Duration};

use campanile_events::{
    clock::ManualClock,
    ids::AccountId,
    post::{Delivery, FailureClass, Step},
    timing::Timing,
};
use chrono::{DateTime, Utc};
use serde_json::json;
use tokio::{io::AsyncReadExt, io::AsyncWriteExt, net::TcpListener, task::JoinHandle};

use super::*;
use crate::{
    egress::{Egress, EgressLimits, EgressPolicy},
    platforms::{
        Access, ConnectError, ConnectRequest, Connected, Found, InMemory, Message, Platform, Search, SendFailure, Sent,
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

#[tokio::test]
async fn an_account_offers_what_it_was_connected_with() {
    for bench in Bench::both().await {
        let keyed = bench.connect("@Demo", "keyed").await.unwrap();
        assert_eq!((keyed.remote_id.as_str(), keyed.handle.as_str()), ("demo", "@demo"));
        assert_eq!(keyed.server, bench.service_url.clone().unwrap_or_default());
        let expected = Delivery::Keyed { window_ms: Some(3_600_000), quiet_ms: 60_000, searchable: true };
        assert_eq!(keyed.offer.delivery, expected);
        assert_eq!(keyed.offer.rules.max_text, 500);
        let access = bench.access("searchable").await;
        assert_eq!(bench.platform.observe(&access).await.unwrap().delivery, Delivery::Searchable);
        assert_eq!(bench.connect("demo", "blind").await.unwrap().offer.delivery, Delivery::Blind);
    }
}

#[tokio::test]
async fn a_wrong_request_to_connect_names_its_field() {
    let bench = Bench::in_process();
    for (body, message) in [
        (json!({}), "`handle`: is required"),
        (json!({"handle": "a b"}), "`handle`: must be 1 to 64 letters, digits, `_`, `-` or `.`"),
        (json!({"handle": "a", "delivery": "x"}), "`delivery`: must be `keyed`, `searchable` or `blind`"),
        (json!({"handle": "a", "token": "x"}), "`token`: is not a field of this request"),
        (
            json!({"handle": "a", "service_url": "http://u@h/"}),
            "`service_url`: must be an address such as http://127.0.0.1:4000",
        ),
        (
            json!({"handle": "a", "service_url": "http://10.0.0.1:9"}),
            "the server's address is not one that outgoing requests may reach",
        ),
    ] {
        let refused = bench.platform.connect(ConnectRequest { body, timing: timing() }).await.unwrap_err();
        assert_eq!(refused.to_string(), message);
    }
    bench.sandbox.add_fault(Fault::next(None, FaultKind::TokenExpired, 1).on(Point::Connect));
    let refused = bench.connect("demo", "keyed").await.unwrap_err();
    assert_eq!(refused, ConnectError::Refused { message: "the token has expired".into(), status: Some(401) });
}

#[tokio::test]
async fn a_key_makes_one_post_and_its_absence_many() {
    for bench in Bench::both().await {
        let keyed = bench.access("keyed").await;
        let (first, second) = tokio::join!(bench.send(&keyed, "m", "a"), bench.send(&keyed, "m", "a"));
        let first = first.unwrap();
        assert_eq!(first, second.unwrap());
        assert_eq!(first, bench.send(&keyed, "m", "a").await.unwrap());
        let other = bench.send(&keyed, "n", "a").await.unwrap();
        assert_ne!(first.remote_id, other.remote_id);
        assert_eq!(bench.texts(), ["a", "a"]);

        bench.clock.advance(chrono::Duration::seconds(3600));
        assert_ne!(bench.send(&keyed, "m", "a").await.unwrap(), first, "the key is kept for an hour");

        let searchable = bench.access("searchable").await;
        let (first, second) = tokio::join!(bench.send(&searchable, "s", "b"), bench.send(&searchable, "s", "b"));
        assert_ne!(first.unwrap().remote_id, second.unwrap().remote_id);
        assert_eq!(bench.texts().len(), 5);
    }
}

#[tokio::test]
async fn each_fault_has_its_effect_and_its_class() {
    use FailureClass::{AuthExpired, RateLimited, Rejected, Transient, Uncertain};
    let cases = [
        (FaultKind::Refuse, Rejected, 0, "refused"),
        (FaultKind::RateLimit { retry_after: 7 }, RateLimited, 0, "rate_limited"),
        (FaultKind::ErrorBefore { status: 503 }, Transient, 0, "before_effect"),
        (FaultKind::ErrorBefore { status: 502 }, Uncertain, 0, "error"),
        (FaultKind::ErrorAfter { status: 503 }, Uncertain, 1, "error"),
        (FaultKind::LoseAnswer, Uncertain, 1, "closed"),
        (FaultKind::AnswerLate { seconds: 1.0 }, Uncertain, 1, "timeout"),
        (FaultKind::Reset, Uncertain, 0, "reset"),
        (FaultKind::ResetAfter, Uncertain, 1, "reset"),
        (FaultKind::Hang { seconds: 1.0 }, Uncertain, 0, "timeout"),
        (FaultKind::TokenExpired, AuthExpired, 0, "token_expired"),
        (FaultKind::Nonsense, Uncertain, 1, "unreadable_answer"),
    ];
    for bench in Bench::both().await {
        let access = bench.access("searchable").await;
        for (kind, expected, effects, code) in cases {
            let before = bench.texts().len();
            bench.fault(kind);
            let failure = bench.send(&access, "m", "a").await.unwrap_err();
            assert_eq!((failure.class, failure.code.as_deref()), (expected, Some(code)), "{kind:?}");
            assert_eq!(bench.texts().len() - before, effects, "{kind:?}");
            let noted = bench.sandbox.journal().requests.pop().unwrap();
            assert_eq!(noted.fault.as_deref(), Some(kind.name()));
            if let FaultKind::RateLimit { .. } = kind {
                assert_eq!(failure.retry_after, Some(Duration::from_secs(7)));
            }
            bench.send(&access, "m", "a").await.expect("the fault met one request");
        }
    }
}

#[tokio::test]
async fn an_effect_may_come_late_and_still_counts_once_for_its_key() {
    for bench in Bench::both().await {
        let keyed = bench.access("keyed").await;
        bench.fault(FaultKind::EffectLate { seconds: 10.0 });
        assert_eq!(class(bench.send(&keyed, "m", "a").await), FailureClass::Uncertain);
        assert_eq!(bench.look_up(&keyed, "a", None).await, Found::Absent);
        bench.clock.advance(chrono::Duration::seconds(10));
        let Found::Present(late) = bench.look_up(&keyed, "a", None).await else { panic!("it came") };
        assert_eq!(bench.send(&keyed, "m", "a").await.unwrap(), late);

        bench.fault(FaultKind::EffectLate { seconds: 10.0 });
        bench.send(&keyed, "n", "b").await.unwrap_err();
        bench.send(&keyed, "n", "b").await.unwrap();
        bench.clock.advance(chrono::Duration::seconds(10));
        assert_eq!(bench.texts(), ["a", "b"]);
    }
}

#[tokio::test]
async fn a_key_that_is_stored_late_lets_a_second_post_through() {
    for bench in Bench::both().await {
        let keyed = bench.access("keyed").await;
        bench.fault(FaultKind::KeyStoredLate { seconds: 30.0 });
        bench.fault(FaultKind::LoseAnswer);
        bench.send(&keyed, "m", "a").await.unwrap_err();
        bench.send(&keyed, "m", "a").await.unwrap();
        assert_eq!(bench.texts(), ["a", "a"]);
        bench.clock.advance(chrono::Duration::seconds(30));
        assert_eq!(bench.send(&keyed, "m", "a").await.unwrap().remote_id, "1");
        assert_eq!(bench.texts(), ["a", "a"]);
    }
}

#[tokio::test]
async fn a_look_up_finds_what_is_past_the_baseline_and_nobody_elses() {
    for bench in Bench::both().await {
        let access = bench.access("searchable").await;
        assert_eq!(bench.platform.baseline(&access).await.unwrap(), None);
        let old = bench.send(&access, "m", "a").await.unwrap();
        let baseline = bench.platform.baseline(&access).await.unwrap();
        assert_eq!(baseline.as_deref(), Some(old.remote_id.as_str()));
        assert_eq!(bench.look_up(&access, "a", baseline.as_deref()).await, Found::Absent);
        for number in 0..100 {
            bench.send(&access, "m", &number.to_string()).await.unwrap();
        }
        let new = bench.send(&access, "m", "a").await.unwrap();
        assert_eq!(bench.look_up(&access, "a", baseline.as_deref()).await, Found::Present(new.clone()));

        let excluding = Search { exclude: vec![new.remote_id.clone()], ..search("a", baseline.as_deref()) };
        assert_eq!(bench.platform.look_up(&access, &excluding).await.unwrap(), Found::Absent);
        let reply = Search { reply_to: Some(remote(&old)), ..search("a", baseline.as_deref()) };
        assert_eq!(bench.platform.look_up(&access, &reply).await.unwrap(), Found::Absent);
        let later = Search { since: start() + chrono::Duration::hours(1), ..search("a", None) };
        assert_eq!(bench.platform.look_up(&access, &later).await.unwrap(), Found::Absent);

        bench.sandbox.add_fault(Fault::next(None, FaultKind::ErrorBefore { status: 503 }, 1).on(Point::LookUp));
        let Found::Incomplete(failure) = bench.look_up(&access, "b", None).await else { panic!("it failed") };
        assert_eq!((failure.class, failure.status), (FailureClass::Transient, Some(503)));
        bench.sandbox.add_fault(Fault::next(None, FaultKind::LoseAnswer, 1).on(Point::LookUp));
        let Found::Incomplete(failure) = bench.look_up(&access, "b", None).await else { panic!("it failed") };
        assert_eq!(failure.class, FailureClass::NotSent, "a question shows nothing");
    }
}

fn remote(sent: &Sent) -> crate::platforms::RemoteRef {
    crate::platforms::RemoteRef { remote_id: sent.remote_id.clone(), url: sent.url.clone() }
}

#[tokio::test]
async fn a_thread_hangs_together_and_a_reply_to_nothing_is_refused() {
    for bench in Bench::both().await {
        let access = bench.access("keyed").await;
        let first = bench.send(&access, "m", "a").await.unwrap();
        let reply = Message { reply_to: Some(remote(&first)), root: Some(remote(&first)), ..message("n", "b") };
        let line = bench.platform.open(&access).await.unwrap();
        let digest = line.digest_input(&reply);
        assert_ne!(digest, line.digest_input(&message("n", "b")));
        line.send(reply.clone()).await.unwrap();
        assert_eq!(bench.sandbox.visible()[1].reply_to, Some(first.remote_id));
        let found = Search { reply_to: reply.reply_to.clone(), ..search("b", None) };
        assert!(matches!(bench.platform.look_up(&access, &found).await.unwrap(), Found::Present(_)));

        let nothing = crate::platforms::RemoteRef { remote_id: "99".into(), url: None };
        let line = bench.platform.open(&access).await.unwrap();
        let refused = line.send(Message { reply_to: Some(nothing), ..message("o", "c") }).await.unwrap_err();
        assert_eq!(refused.class, FailureClass::Rejected);
        let refused = bench.send(&access, "p", &"x".repeat(501)).await.unwrap_err();
        assert_eq!(refused.code.as_deref(), Some("too_long"));
    }
}

#[tokio::test]
async fn a_blind_account_can_not_be_asked() {
    for bench in Bench::both().await {
        let access = bench.access("blind").await;
        bench.send(&access, "m", "a").await.unwrap();
        bench.send(&access, "m", "a").await.unwrap();
        assert_eq!(bench.texts().len(), 2);
        assert_eq!(bench.platform.baseline(&access).await.unwrap(), None);
        let Found::Incomplete(failure) = bench.look_up(&access, "a", None).await else { panic!("it is blind") };
        assert_eq!(failure.status, Some(403));
    }
}

#[tokio::test]
async fn what_a_file_holds_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.jsonl");
    let clock = ManualClock::starting_at(start());
    let post =
        Submission { text: "a".into(), reply_to: None, root: None, media_ids: Vec::new(), marker: Some("m".into()) };
    let late = Submission { text: "b".into(), marker: Some("n".into()), ..post.clone() };
    let (account, before) = {
        let sandbox = Sandbox::open(clock.clone(), &path).unwrap();
        let account = sandbox.account("demo", AccountClass::Keyed).unwrap();
        sandbox.receive(&account.token, &post);
        sandbox.add_fault(Fault::next(None, FaultKind::EffectLate { seconds: 5.0 }, 1));
        sandbox.receive(&account.token, &late);
        (account, sandbox.journal())
    };
    // The process died in the middle of a line.
    std::fs::OpenOptions::new()
        .append(true)
        .open(&path)
        .and_then(|mut file| std::io::Write::write_all(&mut file, br#"{"record":"vis"#))
        .unwrap();
    for _ in 0..2 {
        let sandbox = Sandbox::open(clock.clone(), &path).unwrap();
        assert_eq!(sandbox.account("demo", AccountClass::Keyed).unwrap(), account);
        assert_eq!(sandbox.journal(), before);
    }
    clock.advance(chrono::Duration::seconds(5));
    let sandbox = Sandbox::open(clock.clone(), &path).unwrap();
    assert_eq!(sandbox.receive(&account.token, &post).status(), Some(200));
    let texts: Vec<_> = sandbox.visible().into_iter().map(|post| post.text).collect();
    assert_eq!(texts, ["a", "b"]);
}

#[tokio::test]
async fn the_server_tells_the_truth_and_takes_faults() {
    let bench = Bench::over_http().await;
    let access = bench.access("keyed").await;
    let address = bench.service_url.clone().unwrap().replace("http://", "");
    let ask = async |request: String| {
        let mut stream = tokio::net::TcpSocket::new_v4().unwrap().connect(address.parse().unwrap()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let post = |body: &str| {
        format!(
            "POST /faults HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let head = "HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    assert!(ask(post(r#"{"account":"demo","kind":"lose_answer","times":2}"#)).await.starts_with("HTTP/1.1 204"));
    assert!(ask(post(r#"{"kind":"fire"}"#)).await.contains("unknown kind `fire`"));
    assert_eq!(class(bench.send(&access, "m", "a").await), FailureClass::Uncertain);
    assert!(ask(format!("DELETE /faults {head}")).await.starts_with("HTTP/1.1 204"));
    assert_eq!(bench.send(&access, "m", "a").await.unwrap().remote_id, "1");

    let answer = ask(format!("GET /journal {head}")).await;
    let journal: SandboxJournal = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(journal, bench.sandbox.journal());
    assert_eq!((journal.visible.len(), journal.requests.len()), (1, 2));
    assert_eq!((journal.requests[0].answered, journal.requests[1].answered), (None, Some(200)));
    assert!(ask(format!("GET / {head}")).await.contains("What became visible: 1"));
}
