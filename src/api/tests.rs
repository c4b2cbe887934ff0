//! The router in this process: every refusal in its envelope, and what the rest of the house can't check by itself.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode, request::Builder},
    response::Response,
};
use campanile_events::{
    clock::SystemClock,
    ids::{KeyId, WorkspaceId},
    journal::{Actor, Metadata},
    key::{KeyAction, KeyCommand, KeyMode, Scopes},
    seal::{Open, fields},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

use super::router;
use crate::{
    access::{Holder, KeySecret},
    configuration::{Configuration, Folder},
    engine::{Engine, Opening, Owner, Store, initialize},
};

/// An engine in a folder that goes with it, and the key that `init` gave.
struct Api {
    engine: Engine,
    router: Router,
    secret: String,
    _folder: TempDir,
}

struct Answered {
    response: Response<()>,
    body: Value,
}

impl Answered {
    fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    fn header(&self, name: &str) -> &str {
        self.response.headers().get(name).map_or("", |value| value.to_str().expect("text"))
    }

    fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    fn id(&self) -> String {
        self.body["id"].as_str().expect("an id").to_owned()
    }
}

impl Api {
    async fn start() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = Folder { path: dir.path().to_owned(), master_key_file: None };
        let store = Store::open(&folder, Opening::New, SystemClock::shared()).await.expect("opened");
        let owner = Owner { email: "ada@example.com".to_owned(), password: None };
        let made = initialize(&store, owner).await.expect("initialized");
        drop(store);
        let engine = Engine::open(&Configuration::of(folder)).await.expect("running");
        let router = router(engine.core());
        Self { engine, router, secret: made.secret.expose().to_owned(), _folder: dir }
    }

    fn request(&self, method: &str, path: &str) -> Builder {
        Self::request_by(&self.secret, method, path)
    }

    fn request_by(secret: &str, method: &str, path: &str) -> Builder {
        Request::builder().method(method).uri(path).header("authorization", format!("Bearer {secret}"))
    }

    async fn send(&self, request: Request<Body>) -> Answered {
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answered { response: Response::from_parts(parts, ()), body }
    }

    async fn get(&self, path: &str) -> Answered {
        self.send(self.request("GET", path).body(Body::empty()).expect("a request")).await
    }

    async fn call(&self, method: &str, path: &str, body: Value) -> Answered {
        self.call_by(&self.secret, method, path, body).await
    }

    async fn call_by(&self, secret: &str, method: &str, path: &str, body: Value) -> Answered {
        let request = Self::request_by(secret, method, path).header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_string())).expect("a request")).await
    }

    async fn account(&self, handle: &str) -> String {
        let connected = self.call("POST", "/v1/connect/sandbox", json!({"handle": handle, "delivery": "keyed"})).await;
        assert_eq!(connected.status(), 201, "{}", connected.body);
        connected.id()
    }

    async fn key(&self, body: Value) -> (String, String) {
        let made = self.call("POST", "/v1/keys", body).await;
        assert_eq!(made.status(), 201, "{}", made.body);
        (made.id(), made.body["secret"].as_str().expect("a secret").to_owned())
    }

    /// A key of another workspace.
    async fn stranger(&self) -> String {
        let core = self.engine.core();
        let now = core.clock.now();
        let (workspace, id) = (WorkspaceId::fresh(now), KeyId::fresh(now));
        let data_key = core.data_keys.create(workspace.uuid(), now).await.expect("a data key");
        let secret = KeySecret::generate(KeyMode::Live);
        core.access.verifiers().keep(&secret, Holder { key_id: id, workspace }).await.expect("kept");
        let action = KeyAction::Create {
            workspace_id: workspace,
            name: data_key.seal(fields::KEY_NAME, &Open::new("stranger")),
            description: None,
            prefix: secret.prefix().to_owned(),
            scopes: Scopes::all(),
            maker: Scopes::all(),
            mode: KeyMode::Live,
            expires_at: None,
            rate_limit: None,
        };
        let (command, metadata) = (KeyCommand { now, action }, Metadata::by(Actor::operator()));
        let request =
            campanile_events::commands::Request { workspace, id: id.uuid(), command, metadata, receipt: None };
        core.keys.execute(request).await.expect("made");
        secret.expose().to_owned()
    }

    async fn position(&self) -> u64 {
        self.engine.core().journal.head().await.expect("a head").position.0
    }
}

#[tokio::test]
async fn every_refusal_is_one_envelope() {
    let api = Api::start().await;
    let account = api.account("ada").await;
    let post = json!({"body": "x", "account_ids": [account]});
    let with = |field: &str, value: Value| {
        let mut body = post.clone();
        body[field] = value;
        body.to_string()
    };
    let long = format!("{{\"body\":\"{}\"}}", "x".repeat(1024 * 1024));
    let nobody = "/v1/posts/post_01k00000000000000000000000";
    for (method, path, body, status, code, field) in [
        ("GET", "/v1/nothing", String::new(), 404, "not_found", ""),
        ("GET", "/", String::new(), 404, "not_found", ""),
        ("PUT", "/v1/posts", String::new(), 405, "method_not_allowed", ""),
        ("GET", nobody, String::new(), 404, "not_found", ""),
        ("GET", "/v1/posts/post_x", String::new(), 404, "not_found", ""),
        ("GET", "/v1/keys/post_x", String::new(), 404, "not_found", ""),
        ("POST", "/v1/posts/x/publish", String::new(), 404, "not_found", ""),
        ("GET", "/v1/posts?limit=51", String::new(), 400, "invalid_request", "limit"),
        ("GET", "/v1/posts?limit=x", String::new(), 400, "invalid_request", "limit"),
        ("GET", "/v1/posts?cursor=x", String::new(), 400, "invalid_request", "cursor"),
        ("GET", "/v1/posts?status=x", String::new(), 400, "invalid_request", "status"),
        ("GET", "/v1/posts?from=2026-12-01T09:00:00", String::new(), 400, "invalid_request", "from"),
        ("GET", "/v1/posts?colour=red", String::new(), 400, "invalid_request", "colour"),
        ("POST", "/v1/posts", "{".to_owned(), 400, "invalid_request", "body"),
        ("POST", "/v1/posts", "{}".to_owned(), 400, "invalid_request", "body"),
        ("POST", "/v1/posts", long, 413, "payload_too_large", ""),
        ("POST", "/v1/posts", with("colour", json!("red")), 400, "invalid_request", "colour"),
        ("POST", "/v1/posts", with("body", json!("a\0b")), 400, "invalid_request", "body"),
        ("POST", "/v1/posts", with("thread", json!([{"text": "x"}])), 400, "invalid_request", "thread[0].text"),
        ("POST", "/v1/posts", with("account_ids", json!([])), 400, "invalid_request", "account_ids"),
        ("POST", "/v1/posts", with("account_ids", json!(["acct_x"])), 400, "invalid_request", "account_ids[0]"),
        ("POST", "/v1/posts", with("media_ids", json!(["media_x"])), 400, "invalid_request", "media_ids[0]"),
        (
            "POST",
            "/v1/posts",
            with("schedule", json!({"at": "2026-12-01T09:00:00"})),
            400,
            "invalid_request",
            "schedule.at",
        ),
        (
            "POST",
            "/v1/posts",
            with("schedule", json!({"at": "2020-12-01T09:00:00Z"})),
            400,
            "invalid_request",
            "schedule.at",
        ),
        ("POST", "/v1/posts", with("body", json!("x".repeat(501))), 422, "unprocessable_post", "body"),
        (
            "POST",
            "/v1/keys",
            json!({"name": "k", "scopes": ["posts:fly"]}).to_string(),
            400,
            "invalid_request",
            "scopes[0]",
        ),
        ("POST", "/v1/keys", json!({"name": "k", "scopes": []}).to_string(), 400, "invalid_request", "scopes"),
        ("POST", "/v1/connect/myspace", "{}".to_owned(), 404, "not_found", ""),
        ("GET", "/v1/connect/sandbox", String::new(), 400, "invalid_request", "platform"),
        (
            "POST",
            "/v1/connect/sandbox",
            json!({"handle": "a", "delivery": "keyed", "x": 1}).to_string(),
            400,
            "invalid_request",
            "x",
        ),
    ] {
        let before = api.position().await;
        let request = api.request(method, path).header("content-type", "application/json");
        let answered = api.send(request.body(Body::from(body)).expect("a request")).await;
        let case = format!("{method} {path}: {}", answered.body);
        assert_eq!((answered.status(), answered.code()), (status, code), "{case}");
        assert_eq!(answered.body["error"]["details"][0]["field"].as_str().unwrap_or_default(), field, "{case}");
        assert_eq!(answered.body["error"]["request_id"], answered.header("x-request-id"), "{case}");
        assert!(answered.header("x-request-id").starts_with("req_"), "{case}");
        assert_eq!(api.position().await, before, "{case}: nothing was stored");
    }
    let wrong_type = api.request("POST", "/v1/posts").header("content-type", "text/plain").body(Body::from("{}"));
    assert_eq!(api.send(wrong_type.expect("a request")).await.code(), "unsupported_media_type");
    let put = api.request("PUT", "/v1/posts").body(Body::empty()).expect("a request");
    let allowed = api.send(put).await;
    assert!(allowed.header("allow").contains("POST"), "{}", allowed.header("allow"));
}

#[tokio::test]
async fn a_secret_opens_what_its_key_may() {
    let api = Api::start().await;
    let (reader, secret) = api.key(json!({"name": "reader", "scopes": ["posts:read", "keys:write"]})).await;
    let wrong = KeySecret::generate(KeyMode::Live);
    for (header, reason) in [
        (None, "missing_key"),
        (Some("Bearer ".to_owned()), "missing_key"),
        (Some("Bearer sk_live_nonsense".to_owned()), "invalid_key"),
        (Some(format!("Bearer {}", wrong.expose())), "invalid_key"),
    ] {
        let request = Request::builder().uri("/v1/posts");
        let request = header.iter().fold(request, |request, header| request.header("authorization", header));
        let refused = api.send(request.body(Body::empty()).expect("a request")).await;
        assert_eq!((refused.status(), refused.header("www-authenticate")), (401, "Bearer"), "{header:?}");
        assert_eq!(refused.body["error"]["reason"], reason, "{header:?}");
    }
    let own = Request::builder().uri("/v1/posts").header("x-api-key", &secret).header("x-request-id", "trace-7");
    let own = api.send(own.body(Body::empty()).expect("a request")).await;
    assert_eq!((own.status(), own.header("x-request-id")), (200, "trace-7"));
    let refused = api.call_by(&secret, "POST", "/v1/posts", json!({})).await;
    assert_eq!((refused.status(), refused.code()), (403, "forbidden_scope"));
    assert_eq!(refused.body["error"]["scope"], "posts:write");
    let beyond = api.call_by(&secret, "POST", "/v1/keys", json!({"name": "more", "scopes": ["audit:read"]})).await;
    assert_eq!((beyond.status(), beyond.code()), (403, "forbidden_scope"), "{}", beyond.body);

    let revoked = api.call("DELETE", &format!("/v1/keys/{reader}"), json!({})).await;
    assert_eq!((revoked.status(), &revoked.body["status"]), (200, &json!("revoked")), "{}", revoked.body);
    let late = api.send(Api::request_by(&secret, "GET", "/v1/posts").body(Body::empty()).expect("a request")).await;
    assert_eq!((late.status(), &late.body["error"]["reason"]), (401, &json!("revoked_key")));
}

#[tokio::test]
async fn what_belongs_to_another_workspace_is_not_there() {
    let api = Api::start().await;
    let account = api.account("ada").await;
    let post = api.call("POST", "/v1/posts", json!({"body": "x", "account_ids": [account]})).await.id();
    let stranger = api.stranger().await;
    for (method, path) in [
        ("GET", format!("/v1/posts/{post}")),
        ("GET", format!("/v1/posts/{post}/results")),
        ("GET", format!("/v1/posts/{post}/history")),
        ("POST", format!("/v1/posts/{post}/publish")),
        ("POST", format!("/v1/posts/{post}/cancel")),
        ("PATCH", format!("/v1/posts/{post}")),
        ("DELETE", format!("/v1/posts/{post}")),
        ("GET", format!("/v1/accounts/{account}")),
        ("DELETE", format!("/v1/accounts/{account}")),
    ] {
        let refused = api.call_by(&stranger, method, &path, json!({})).await;
        assert_eq!((refused.status(), refused.code()), (404, "not_found"), "{method} {path}");
    }
    let listed = api.send(Api::request_by(&stranger, "GET", "/v1/posts").body(Body::empty()).expect("a request")).await;
    assert_eq!(listed.body, json!({"data": [], "next_cursor": null}));
    let taken = api.call_by(&stranger, "POST", "/v1/posts", json!({"body": "x", "account_ids": [account]})).await;
    assert_eq!(taken.body["error"]["details"][0]["field"], "account_ids[0]");
}

#[tokio::test]
async fn an_edit_names_the_revision_it_knows() {
    let api = Api::start().await;
    let account = api.account("ada").await;
    let body = json!({"body": "one", "account_ids": [account], "thread": [{"body": "two"}], "first_comment": "c"});
    let made = api.call("POST", "/v1/posts", body).await;
    assert_eq!((made.status(), made.header("etag")), (201, "\"1\""));
    assert!(made.header("campanile-position").starts_with("1-"), "{}", made.header("campanile-position"));
    assert_eq!(made.header("campanile-projected"), "", "every read shows it");
    let path = format!("/v1/posts/{}", made.id());
    let edit = |tag: &str, body: Value| {
        let request = api.request("PATCH", &path).header("content-type", "application/json").header("if-match", tag);
        api.send(request.body(Body::from(body.to_string())).expect("a request"))
    };
    let stale = edit("\"7\"", json!({"body": "other"})).await;
    assert_eq!((stale.status(), stale.code()), (412, "version_mismatch"));
    let edited = edit("\"1\"", json!({"first_comment": null, "tags": ["a", "a"]})).await;
    assert_eq!((edited.status(), edited.header("etag")), (200, "\"2\""), "{}", edited.body);
    let expected = json!(["one", null, [{"body": "two"}], ["a"]]);
    let shown = |it: &Value| json!([it["body"], it["first_comment"], it["thread"], it["tags"]]);
    assert_eq!(shown(&edited.body), expected);
    assert_eq!(shown(&api.get(&path).await.body), expected);
    assert_eq!(shown(&api.get("/v1/posts?tag=a").await.body["data"][0]), expected);
    let same = edit("\"2\"", json!({"body": "one"})).await;
    assert_eq!(same.header("etag"), "\"2\"", "nothing changed");

    let gone = api.call("DELETE", &path, json!({})).await;
    assert_eq!(gone.response.status(), StatusCode::NO_CONTENT);
    assert_eq!(api.get(&path).await.code(), "not_found");
    let late = api.call("POST", &format!("{path}/publish"), json!({})).await;
    assert_eq!((late.code(), &late.body["error"]["state"]), ("conflict", &json!("deleted")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_equal_posts_at_once_one_is_written() {
    let api = Arc::new(Api::start().await);
    let account = api.account("ada").await;
    let same = json!({"body": "twice", "account_ids": [account]});
    let all = (0..8).map(|_| api.call("POST", "/v1/posts", same.clone()));
    let answers = futures::future::join_all(all).await;
    let made: Vec<_> = answers.iter().filter(|it| it.status() == 201).map(Answered::id).collect();
    assert_eq!(made.len(), 1, "{:?}", answers.iter().map(Answered::status).collect::<Vec<_>>());
    for refused in answers.iter().filter(|it| it.status() != 201) {
        assert_eq!((refused.status(), refused.code()), (409, "duplicate_post"));
        assert_eq!(refused.body["error"]["post_id"], made[0].as_str());
    }
    let mut allowed = same;
    allowed["allow_duplicate"] = true.into();
    assert_eq!(api.call("POST", "/v1/posts", allowed).await.status(), 201);
}

#[tokio::test]
async fn an_account_that_is_connected_again_keeps_its_id() {
    let api = Api::start().await;
    let first = api.account("ada").await;
    assert_eq!(api.account("ada").await, first);
    assert_ne!(api.account("bob").await, first);
    assert_eq!(api.call("DELETE", &format!("/v1/accounts/{first}"), json!({})).await.status(), 204);
    assert_eq!(api.get(&format!("/v1/accounts/{first}")).await.code(), "not_found");
    assert_eq!(api.get("/v1/accounts").await.body["data"].as_array().map(Vec::len), Some(1));
    assert_ne!(api.account("ada").await, first, "what was disconnected stays so");
}

#[tokio::test]
async fn the_log_holds_no_text_in_the_open() {
    let api = Api::start().await;
    let account = api.account("canary-handle").await;
    let body = json!({
        "body": "canary-body", "account_ids": [account], "thread": [{"body": "canary-part"}],
        "first_comment": "canary-comment", "tags": ["canary-tag"],
        "overrides": {&account: {"body": "canary-own"}},
    });
    let made = api.call("POST", "/v1/posts", body).await;
    assert_eq!(made.status(), 201, "{}", made.body);
    api.key(json!({"name": "canary-name", "description": "canary-words", "scopes": ["posts:read"]})).await;
    let events = api.engine.core().journal.read(campanile_events::ids::Position(0), 1_000).await.expect("read");
    assert!(events.iter().all(|event| !format!("{event:?}").contains("canary")), "a text in the open");
    assert!(events.iter().all(|event| !format!("{event:?}").contains("ada@example.com")), "an address in the open");
    let history = api.get(&format!("/v1/posts/{}/history", made.id())).await;
    let told = history.body["data"][0]["data"]["content"].to_string();
    for text in ["canary-body", "canary-part", "canary-comment", "canary-own"] {
        assert!(told.contains(text), "{text}: {told}");
    }
}
