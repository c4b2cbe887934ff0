//! Bad input to every route: its documented code, in the one envelope, and nothing stored.

use std::collections::BTreeSet;

use campanile::api::{http::Needs, routes};
use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::{Value, json};

use crate::support::{Answer, Client, Engine, Options};

const OWNER: &str = "owner@example.com";
const PASSWORD: &str = "a password for bad input";
const NOBODY: &str = "01k00000000000000000000000";

/// What a route takes.
enum Takes {
    /// No body.
    Nothing,
    /// A body, which holds a field that must be of another type.
    Body(fn(&str) -> Value, &'static str),
}
use Takes::{Body, Nothing};

/// Every route. One that is missing here fails the test.
#[rustfmt::skip]
const ROUTES: &[(&str, &str, Takes)] = &[
    ("GET", "/healthz", Nothing),
    ("GET", "/readyz", Nothing),
    ("GET", "/metrics", Nothing),
    ("GET", "/v1/openapi.json", Nothing),
    ("GET", "/v1/me", Nothing),
    ("GET", "/v1/scopes", Nothing),
    ("GET", "/v1/platforms", Nothing),
    ("GET", "/join", Nothing),
    ("GET", "/reset", Nothing),
    ("POST", "/v1/auth/login", Body(|_| json!({"email": "a@example.com", "password": "x"}), "email")),
    ("POST", "/v1/auth/logout", Nothing),
    ("GET", "/v1/auth/sessions", Nothing),
    ("DELETE", "/v1/auth/sessions", Nothing),
    ("DELETE", "/v1/auth/sessions/{id}", Nothing),
    ("POST", "/v1/auth/password", Body(|_| json!({"current_password": "x", "new_password": "x"}), "current_password")),
    ("POST", "/v1/auth/reset", Body(|_| json!({"token": "lt_x", "password": "long enough"}), "token")),
    ("GET", "/v1/people", Nothing),
    ("PATCH", "/v1/people/{id}", Body(|_| json!({"role": "viewer"}), "role")),
    ("DELETE", "/v1/people/{id}", Nothing),
    ("GET", "/v1/invitations", Nothing),
    ("POST", "/v1/invitations", Body(|_| json!({"email": "a@example.com", "role": "viewer"}), "email")),
    ("POST", "/v1/invitations/accept", Body(|_| json!({"token": "lt_x", "password": "long enough"}), "token")),
    ("DELETE", "/v1/invitations/{id}", Nothing),
    ("GET", "/v1/workspaces", Nothing),
    ("POST", "/v1/workspaces", Body(|_| json!({"name": "x"}), "name")),
    ("POST", "/v1/workspaces/{id}/pause", Nothing),
    ("POST", "/v1/workspaces/{id}/resume", Nothing),
    ("GET", "/v1/keys", Nothing),
    ("POST", "/v1/keys", Body(|_| json!({"name": "k", "scopes": ["posts:read"]}), "scopes")),
    ("GET", "/v1/keys/{id}", Nothing),
    ("PATCH", "/v1/keys/{id}", Body(|_| json!({"name": "k"}), "scopes")),
    ("DELETE", "/v1/keys/{id}", Nothing),
    ("POST", "/v1/keys/{id}/rotate", Body(|_| json!({}), "")),
    ("GET", "/v1/keys/{id}/history", Nothing),
    ("POST", "/v1/keys/revoke-by-secret", Body(|_| json!({"secret": "sk_live_x"}), "")),
    ("GET", "/v1/accounts", Nothing),
    ("GET", "/v1/accounts/{id}", Nothing),
    ("DELETE", "/v1/accounts/{id}", Nothing),
    ("GET", "/v1/connect/{platform}", Nothing),
    ("POST", "/v1/connect/{platform}", Body(|_| json!({"handle": "x", "delivery": "keyed"}), "handle")),
    ("POST", "/v1/media/upload-url", Body(|_| json!({"file_name": "a.png", "content_type": "image/png", "bytes": 9}), "file_name")),
    ("PUT", "/v1/media/{id}/content", Nothing),
    ("POST", "/v1/media/{id}/confirm", Nothing),
    ("GET", "/v1/media/{id}", Nothing),
    ("GET", "/v1/posts", Nothing),
    ("POST", "/v1/posts", Body(|account| json!({"body": "x", "account_ids": [account]}), "account_ids")),
    ("POST", "/v1/posts/validate", Body(|account| json!({"body": "x", "account_ids": [account]}), "account_ids")),
    ("GET", "/v1/posts/{id}", Nothing),
    ("PATCH", "/v1/posts/{id}", Body(|_| json!({"body": "x"}), "body")),
    ("DELETE", "/v1/posts/{id}", Nothing),
    ("POST", "/v1/posts/{id}/schedule", Body(|_| json!({"at": "2126-12-01T09:00:00Z"}), "at")),
    ("POST", "/v1/posts/{id}/unschedule", Body(|_| json!({}), "")),
    ("POST", "/v1/posts/{id}/publish", Body(|_| json!({}), "")),
    ("POST", "/v1/posts/{id}/cancel", Body(|_| json!({}), "account_ids")),
    ("POST", "/v1/posts/{id}/retry", Body(|_| json!({}), "account_ids")),
    ("POST", "/v1/posts/{id}/resolve", Body(|account| json!({"account_id": account, "outcome": "published"}), "outcome")),
    ("GET", "/v1/posts/{id}/results", Nothing),
    ("GET", "/v1/posts/{id}/history", Nothing),
];

/// What the requests are about.
struct Stage {
    engine: Engine,
    client: Client,
    account: String,
    other_account: String,
    post: String,
    /// The owner.
    person: String,
    /// A key that was revoked.
    revoked: Client,
}

impl Stage {
    async fn open() -> Self {
        // All that is asked, a person asks within a minute.
        let limits = Some("per_minute=1000000,per_day=1000000");
        let engine = Engine::start(Options { limits, ..Options::default() }).await;
        let client = engine.client();
        let account = client.own_account().await;
        let other = client.post("/v1/connect/sandbox", json!({"handle": "other", "delivery": "blind"})).await;
        let other_account = other.expect(201)["id"].as_str().expect("an id").to_owned();
        let post = client.post("/v1/posts", json!({"body": "here", "account_ids": [account]})).await.expect(201);
        let key = client.post("/v1/keys", json!({"name": "gone", "scopes": ["*"]})).await.expect(201);
        client.delete(&format!("/v1/keys/{}", key["id"].as_str().expect("an id"))).await.expect(200);
        let revoked = engine.client_of(key["secret"].as_str().expect("a secret"));
        let post = post["id"].as_str().expect("an id").to_owned();
        let offered: Value =
            serde_json::from_str(&engine.command(&["people", "reset", OWNER, "--json"]).ok()).expect("JSON");
        let person = offered["person_id"].as_str().expect("an id").to_owned();
        let reset = json!({"token": offered["token"], "password": PASSWORD});
        assert_eq!(engine.anonymous().post("/v1/auth/reset", reset).await.status, 204);
        Self { engine, client, account, other_account, post, person, revoked }
    }

    /// The owner in a new session: the one before may have been ended.
    async fn session(&self) -> Client {
        let login = json!({"email": OWNER, "password": PASSWORD});
        let begun = self.engine.anonymous().post("/v1/auth/login", login).await.expect(200);
        self.engine.client_of(begun["token"].as_str().expect("a token"))
    }

    /// A route's path to what is there, or to what isn't.
    fn path(&self, route: &str, there: bool) -> String {
        let id = match route.split('/').nth(2) {
            Some("posts") if there => self.post.clone(),
            Some("accounts") if there => self.account.clone(),
            Some("people") if there => self.person.clone(),
            Some("people") => format!("user_{NOBODY}"),
            Some("invitations") => format!("inv_{NOBODY}"),
            Some("auth") => format!("sess_{NOBODY}"),
            Some("posts") => format!("post_{NOBODY}"),
            Some("accounts") => format!("acct_{NOBODY}"),
            _ => format!("key_{NOBODY}"),
        };
        route.replace("{id}", &id).replace("{platform}", if there { "sandbox" } else { "telegraph" })
    }

    async fn position(&self) -> String {
        let metrics = self.engine.anonymous().get("/metrics").await.text;
        metrics.lines().find(|line| line.starts_with("campanile_log_position")).expect("the position").to_owned()
    }
}

async fn send(client: &Client, method: &str, path: &str, content_type: &str, body: String) -> Answer {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    client.send(client.request(method, path).header(CONTENT_TYPE, content_type).body(body)).await
}

async fn say(client: &Client, method: &str, path: &str, body: &Value) -> Answer {
    send(client, method, path, "application/json", body.to_string()).await
}

#[track_caller]
fn names(error: &Value, field: &str, case: &str) {
    let details = error["details"].as_array().expect("details");
    let named = details.iter().any(|detail| detail["field"].as_str().is_some_and(|it| it.starts_with(field)));
    assert!(named, "{case}: `{field}` is not named: {error}");
}

/// Who has no key that opens anything.
async fn keys(stage: &Stage, method: &str, path: &str) {
    let mistyped = stage.engine.client_of("sk_live_nonsense");
    let anonymous = stage.engine.anonymous();
    for (client, reason) in [(&anonymous, "missing_key"), (&mistyped, "invalid_key"), (&stage.revoked, "revoked_key")] {
        let refused = say(client, method, path, &json!({})).await.refused(401, "unauthorized");
        assert_eq!(refused["reason"], reason, "{method} {path}");
    }
}

async fn bodies(client: &Client, method: &str, path: &str, good: &Value, typed: &str) {
    let case = format!("{method} {path}");
    for broken in ["{", "{\"a\":1", "{} {}", "\u{0}", "[]", "7", "null"] {
        send(client, method, path, "application/json", broken.to_owned()).await.refused(400, "invalid_request");
    }
    send(client, method, path, "text/plain", good.to_string()).await.refused(415, "unsupported_media_type");
    let long = json!({"body": "x".repeat(2 * 1024 * 1024)}).to_string();
    send(client, method, path, "application/json", long).await.refused(413, "payload_too_large");
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    for value in [json!("red"), json!("a\u{0}b")] {
        let refused = say(client, method, path, &with("colour", value)).await.refused(400, "invalid_request");
        names(&refused, "colour", &case);
    }
    let twice = format!("{{\"colour\":1,\"colour\":1,{}", good.to_string().trim_start_matches('{'));
    let twice = twice.replace(",}", "}");
    names(
        &send(client, method, path, "application/json", twice).await.refused(400, "invalid_request"),
        "colour",
        &case,
    );
    if !typed.is_empty() {
        for wrong in [json!(7), json!({"a": 1}), json!("a\u{0}b")] {
            let refused = say(client, method, path, &with(typed, wrong)).await.refused(400, "invalid_request");
            names(&refused, typed, &case);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_refuses_bad_input_and_stores_nothing() {
    let stage = Stage::open().await;
    let there: BTreeSet<_> = routes::all().iter().map(|it| (it.method.to_string(), it.path.to_owned())).collect();
    let listed: BTreeSet<_> = ROUTES.iter().map(|(method, path, _)| ((*method).into(), (*path).to_owned())).collect();
    assert_eq!(there, listed, "every route is tried here");
    let open: BTreeSet<_> = routes::all().iter().filter(|it| it.needs == Needs::Nothing).map(|it| it.path).collect();
    let before = stage.position().await;
    for (method, route, takes) in ROUTES {
        let (path, case) = (stage.path(route, true), format!("{method} {route}"));
        let needs = routes::all().iter().find(|it| it.method == *method && it.path == *route).map(|it| it.needs);
        let client = match needs {
            Some(Needs::Session | Needs::Role(_)) => &stage.session().await,
            _ => &stage.client,
        };
        if !open.contains(route) {
            keys(&stage, method, &path).await;
        }
        say(client, method, &format!("{path}/no/such/path"), &json!({})).await.refused(404, "not_found");
        let other = ["PUT", "PATCH", "DELETE", "POST"]
            .iter()
            .find(|other| !listed.contains(&((**other).to_owned(), (*route).to_owned())));
        let refused = say(client, other.expect("a method"), &path, &json!({})).await;
        refused.refused(405, "method_not_allowed");
        assert!(refused.header("allow").contains(method), "{case}: {}", refused.header("allow"));
        if let Body(good, typed) = takes {
            bodies(client, method, &path, &good(&stage.account), typed).await;
        }
        if route.contains('{') {
            let body = if let Body(good, _) = takes { good(&stage.account) } else { json!({}) };
            for id in [stage.path(route, false), route.replace("{id}", "no-id").replace("{platform}", "x")] {
                say(client, method, &id, &body).await.refused(404, "not_found");
            }
        }
        assert_eq!(stage.position().await, before, "{case}: something was stored");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn times_and_accounts_and_texts_that_can_not_be() {
    let stage = Stage::open().await;
    let (client, before) = (&stage.client, stage.position().await);
    let (posts, schedule) = ("/v1/posts".to_owned(), format!("/v1/posts/{}/schedule", stage.post));
    let local = |time: &str, zone: &str| json!({"local_time": time, "time_zone": zone});
    for (when, field) in [
        (json!({"at": "2126-12-01T09:00:00"}), "at"),
        (json!({"at": "2020-12-01T09:00:00Z"}), "at"),
        (json!({"at": "soon"}), "at"),
        (json!({}), "at"),
        (local("2020-12-01T09:00:00", "Europe/Berlin"), "local_time"),
        (local("2126-12-01T09:00:00", "Europe/Atlantis"), "time_zone"),
        (local("2126-12-01T09:00:00+01:00", "Europe/Berlin"), "local_time"),
        (json!({"local_time": "2126-12-01T09:00:00"}), "time_zone"),
    ] {
        let refused = client.post(&schedule, when.clone()).await.refused(400, "invalid_request");
        names(&refused, field, &when.to_string());
        let post = json!({"body": "x", "account_ids": [stage.account], "schedule": when});
        for path in [&posts, "/v1/posts/validate"] {
            let refused = client.post(path, post.clone()).await.refused(400, "invalid_request");
            names(&refused, &format!("schedule.{field}"), &format!("{path} {post}"));
        }
    }
    let nobody = format!("acct_{NOBODY}");
    let unknown = json!({"account_ids": [stage.account, nobody]});
    let refused = client.patch(&format!("/v1/posts/{}", stage.post), unknown).await.refused(404, "not_found");
    names(&refused, "account_ids[1]", "PATCH");
    let two = [&stage.account, &stage.other_account];
    let post = json!({"body": "x", "account_ids": [stage.account, nobody]});
    names(&client.post(&posts, post).await.refused(404, "not_found"), "account_ids[1]", "POST");
    let long = "x".repeat(501);
    for (own, field) in [
        (json!({"body": long}), "body"),
        (json!({"thread": [{"body": "x"}, {"body": long}]}), "thread[1].body"),
        (json!({"first_comment": long}), "first_comment"),
    ] {
        let post = json!({"body": "short", "account_ids": two, "overrides": {&stage.other_account: own}});
        let refused = client.post(&posts, post).await.refused(422, "unprocessable_post");
        let minded: BTreeSet<_> =
            refused["details"].as_array().expect("details").iter().map(|it| it["account_id"].as_str()).collect();
        assert_eq!(minded, [Some(stage.other_account.as_str())].into(), "{refused}");
        names(&refused, &format!("overrides.{}.{field}", stage.other_account), field);
    }
    let listed = json!({"body": "x", "account_ids": [stage.account], "thread": [["x"]]});
    names(&client.post(&posts, listed).await.refused(400, "invalid_request"), "thread[0]", "a list for an object");
    for (query, name) in [
        ("limit=0", "limit"),
        ("limit=51", "limit"),
        ("offset=-1", "offset"),
        ("cursor=x", "cursor"),
        ("colour=x", "colour"),
    ] {
        for list in ["/v1/posts", "/v1/accounts", "/v1/keys"] {
            let refused = client.get(&format!("{list}?{query}")).await.refused(400, "invalid_request");
            names(&refused, name, &format!("{list}?{query}"));
        }
    }
    assert_eq!(stage.position().await, before, "something was stored");
}
