//! Pages of other origins: what a browser lets them do and read.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Client, Engine, Options};

const PAGE: &str = "https://app.example.com";
const OTHER: &str = "https://other.example.com";
const ALLOW: &str = "access-control-allow-origin";

/// Makes a key that lists origins, and gives its id and secret.
async fn key(client: &Client, more: Value) -> (String, String) {
    let mut body = json!({"name": "page", "scopes": ["*"], "allowed_origins": [PAGE]});
    body.as_object_mut().expect("fields").extend(more.as_object().cloned().unwrap_or_default());
    let made = client.post("/v1/keys", body).await.expect(201);
    let text = |name: &str| made[name].as_str().expect("a text").to_owned();
    (text("id"), text("secret"))
}

/// What a browser asks before it sends a key.
async fn preflight(client: &Client, path: &str, origin: &str) -> Answer {
    let request = client.request(Method::OPTIONS, path).header("Origin", origin);
    client.send(request.header("Access-Control-Request-Method", "PATCH")).await
}

async fn from(client: &Client, method: Method, path: &str, origin: &str, body: Option<Value>) -> Answer {
    let request = client.request(method, path).header("Origin", origin);
    client.send(body.iter().fold(request, reqwest::RequestBuilder::json)).await
}

/// What a page of this origin may read.
#[track_caller]
fn is_shown(answer: &Answer, origin: &str) {
    assert_eq!(answer.header(ALLOW), origin, "{}: {}", answer.request, answer.text);
    assert_eq!(answer.header("vary"), "Origin", "{}", answer.request);
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    let shown = answer.header("access-control-expose-headers").to_ascii_lowercase();
    let shown: Vec<_> = shown.split(',').map(str::trim).collect();
    // What a page may read without being told, and what it is told with.
    let plain = ["cache-control", "content-type", "content-length", "date", "vary", "connection"];
    for name in answer.headers.keys().map(reqwest::header::HeaderName::as_str) {
        let is_ours = !plain.contains(&name) && !name.starts_with("access-control-");
        assert!(!is_ours || shown.contains(&name), "{}: `{name}` is not among {shown:?}", answer.request);
    }
}

#[track_caller]
fn is_hidden(answer: &Answer) {
    let names = answer.headers.keys().filter(|name| name.as_str().starts_with("access-control-"));
    assert_eq!(names.count(), 0, "{}: {:?}", answer.request, answer.headers);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_a_key_lists_reads_every_answer() {
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let (_, secret) = key(&client, json!({"rate_limit": {"per_minute": 9, "per_day": 100}})).await;
    let page = engine.client_of(&secret);
    let draft = json!({"body": "from a page", "account_ids": [client.own_account().await]});
    let made = from(&page, Method::POST, "/v1/posts", PAGE, Some(draft)).await;
    let path = format!("/v1/posts/{}", made.expect(201)["id"].as_str().expect("an id"));
    assert!(!made.header("campanile-position").is_empty() && !made.header("x-ratelimit-remaining").is_empty());
    let put_off = from(&page, Method::GET, "/v1/posts/post_01k3v8x2m4fjta9c6d7e8fgh1j", PAGE, None).await;
    put_off.refused(404, "not_found");
    let wrong = from(&page, Method::POST, "/v1/connect/bluesky", PAGE, Some(json!({}))).await;
    wrong.refused(400, "invalid_request");
    let listed = from(&page, Method::GET, "/v1/posts?limit=0", PAGE, None).await;
    listed.refused(400, "invalid_request");
    let strange = from(&page, Method::GET, &path, OTHER, None).await;
    strange.refused(403, "origin_not_allowed");
    is_hidden(&strange);
    let reader = key(&client, json!({"scopes": ["posts:read"]})).await.1;
    let no_scope = from(&engine.client_of(&reader), Method::DELETE, &path, PAGE, None).await;
    no_scope.refused(403, "forbidden_scope");
    let elsewhere = key(&client, json!({"allowed_ips": ["203.0.113.0/24"]})).await.1;
    let not_from_here = from(&engine.client_of(&elsewhere), Method::GET, &path, PAGE, None).await;
    not_from_here.refused(403, "ip_not_allowed");
    let unknown = from(&page, Method::GET, "/v1/nothing", PAGE, None).await;
    unknown.refused(404, "not_found");
    let no_method = from(&page, Method::DELETE, "/v1/posts", PAGE, None).await;
    no_method.refused(405, "method_not_allowed");
    let no_json = page.send(page.request(Method::POST, "/v1/posts").header("Origin", PAGE).body("{}")).await;
    no_json.refused(415, "unsupported_media_type");
    let no_key = from(&engine.anonymous(), Method::GET, "/v1/posts", PAGE, None).await;
    no_key.refused(401, "unauthorized");
    let mut limited = from(&page, Method::GET, "/v1/me", PAGE, None).await;
    for _ in 0..20 {
        if limited.status == 429 {
            break;
        }
        limited = from(&page, Method::GET, "/v1/me", PAGE, None).await;
    }
    limited.refused(429, "rate_limited");
    for answer in
        [&made, &put_off, &wrong, &listed, &no_scope, &not_from_here, &unknown, &no_method, &no_json, &no_key, &limited]
    {
        is_shown(answer, PAGE);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_asks_without_a_key() {
    let engine = Engine::start(Options::default()).await;
    let (client, nobody) = (engine.client(), engine.anonymous());
    for path in ["/v1/posts", "/v1/nothing"] {
        is_hidden(&preflight(&nobody, path, PAGE).await);
    }
    let (id, secret) = key(&client, json!({})).await;
    for path in ["/v1/posts", "/v1/keys/revoke-by-secret", "/v1/media/media_x/content", "/v1/nothing"] {
        let answer = preflight(&nobody, path, PAGE).await;
        answer.expect(204);
        assert_eq!((answer.header(ALLOW), answer.header("vary")), (PAGE, "Origin"), "{path}");
        assert_eq!(answer.header("access-control-allow-credentials"), "");
        for (name, words) in [
            ("access-control-allow-methods", &["GET", "POST", "PUT", "PATCH", "DELETE"][..]),
            (
                "access-control-allow-headers",
                &[
                    "Authorization",
                    "X-API-Key",
                    "Content-Type",
                    "Idempotency-Key",
                    "If-Match",
                    "If-None-Match",
                    "Campanile-Position",
                    "Campanile-Workspace",
                ],
            ),
        ] {
            let told: Vec<_> = answer.header(name).split(", ").collect();
            assert!(words.iter().all(|word| told.contains(word)), "{name}: {told:?}");
        }
    }
    // Letter by letter, and never the origin that many pages share.
    for origin in [
        OTHER,
        "null",
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://app.example.com/",
        "https://APP.example.com",
        "https://app.example.com.evil.example",
        "https://sub.app.example.com",
        "*",
    ] {
        is_hidden(&preflight(&nobody, "/v1/posts", origin).await);
        is_hidden(&from(&client, Method::GET, "/v1/me", origin, None).await);
        from(&engine.client_of(&secret), Method::GET, "/v1/me", origin, None).await.refused(403, "origin_not_allowed");
    }
    is_hidden(&preflight(&nobody, "/metrics", PAGE).await);
    is_hidden(&from(&nobody, Method::GET, "/metrics", PAGE, None).await);
    let plain = nobody.send(nobody.request(Method::OPTIONS, "/v1/posts").header("Origin", PAGE)).await;
    assert_eq!((plain.status, plain.header("allow").is_empty()), (204, false), "no question of a browser's");

    // A key that lists nobody shows its answers to no page, whatever others list.
    let unbound = from(&client, Method::GET, "/v1/me", PAGE, None).await;
    unbound.expect(200);
    is_hidden(&unbound);
    // What needs no key is shown to listed pages, such as an upload's answer.
    is_shown(&from(&nobody, Method::GET, "/v1/openapi.json", PAGE, None).await, PAGE);
    is_hidden(&from(&nobody, Method::GET, "/v1/openapi.json", OTHER, None).await);
    assert_eq!(nobody.get("/v1/openapi.json").await.header("vary"), "Origin");

    // What a key lists is what it lists now.
    let change = json!({"allowed_origins": [OTHER]});
    client.patch(&format!("/v1/keys/{id}"), change).await.expect(200);
    is_hidden(&preflight(&nobody, "/v1/posts", PAGE).await);
    assert_eq!(preflight(&nobody, "/v1/posts", OTHER).await.header(ALLOW), OTHER);
    let (second, _) = key(&client, json!({"allowed_origins": [OTHER, PAGE]})).await;
    client.delete(&format!("/v1/keys/{id}")).await.expect(200);
    assert_eq!(preflight(&nobody, "/v1/posts", OTHER).await.header(ALLOW), OTHER, "another key lists it, too");
    client.delete(&format!("/v1/keys/{second}")).await.expect(200);
    for origin in [PAGE, OTHER] {
        is_hidden(&preflight(&nobody, "/v1/posts", origin).await);
    }
}
