//! Requests that nobody answers for are limited by their address, and nobody else is.

use reqwest::Method;
use serde_json::json;

use crate::{
    keys::mistyped,
    support::{Answer, Client, Engine, Options},
};

async fn from(client: &Client, address: &str, method: Method, path: &str) -> Answer {
    client.send(client.request(method, path).header("X-Forwarded-For", address)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_without_a_key_is_taken_so_often_and_no_more() {
    let limits = Some("unauthenticated_per_minute=4,minute=86400,per_minute=7,per_day=70");
    let engine = Engine::start(Options { proxies: Some("127.0.0.0/8"), limits, ..Options::default() }).await;
    let (anonymous, own) = (engine.anonymous(), engine.client());
    let wrong = engine.client_of(&mistyped(engine.secret()));
    let (near, far) = ("203.0.113.7", "2001:db8::7");
    from(&anonymous, near, Method::GET, "/v1/posts").await.refused(401, "unauthorized");
    from(&wrong, near, Method::GET, "/v1/posts").await.refused(401, "unauthorized");
    from(&anonymous, near, Method::GET, "/v1/nothing").await.refused(404, "not_found");
    from(&anonymous, near, Method::GET, "/v1/openapi.json").await.expect(200);
    for (client, method, path) in [
        (&anonymous, Method::GET, "/v1/posts"),
        (&wrong, Method::DELETE, "/v1/posts/post_01k00000000000000000000000"),
        (&anonymous, Method::POST, "/v1/auth/login"),
        (&anonymous, Method::GET, "/v1/openapi.json"),
        (&anonymous, Method::GET, "/v1/nothing"),
        (&wrong, Method::PUT, "/v1/posts"),
    ] {
        let answer = from(client, near, method, path).await;
        answer.refused(429, "rate_limited");
        assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0), "{:?}", answer.headers);
        assert_eq!(answer.header("x-ratelimit-limit"), "", "it is nobody's limit");
    }
    // A report of a leaked secret isn't held back by what else comes from there; of those, too, so many are taken.
    for _ in 0..4 {
        let answer = from(&anonymous, near, Method::POST, "/v1/keys/revoke-by-secret").await;
        answer.refused(415, "unsupported_media_type");
    }
    from(&anonymous, near, Method::POST, "/v1/keys/revoke-by-secret").await.refused(429, "rate_limited");
    // Who holds a key is let in, from there as well; so are others, and who asks whether the engine is well.
    from(&own, near, Method::GET, "/v1/posts").await.expect(200);
    from(&anonymous, far, Method::GET, "/v1/posts").await.refused(401, "unauthorized");
    for _ in 0..9 {
        assert_eq!(from(&anonymous, near, Method::GET, "/healthz").await.status, 200);
        anonymous.get("/v1/posts").await.refused(401, "unauthorized");
    }
    let made = own.post("/v1/keys", json!({"name": "usual", "scopes": ["posts:read"]})).await.expect(201);
    assert_eq!(made["rate_limit"], json!({"per_minute": 7, "per_day": 70}), "as the operator says");
}
