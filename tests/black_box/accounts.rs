//! Accounts: connected, listed, taken away.

use serde_json::json;

use crate::support::{
    Engine, Options, SandboxServer,
    mastodon::{Flavour, MastodonStandIn, TOKEN},
};

#[tokio::test(flavor = "multi_thread")]
async fn accounts_say_what_their_delivery_is_worth() {
    let sandbox = SandboxServer::start().await;
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    for delivery in ["keyed", "searchable", "blind"] {
        client.connect_sandbox(&sandbox.address, delivery, delivery).await;
    }
    let mut expected = vec![("sandbox", "keyed"), ("sandbox", "searchable"), ("sandbox", "blind")];
    for (flavour, worth) in [(Flavour::Genuine, "keyed"), (Flavour::Compatible, "searchable")] {
        let server = MastodonStandIn::start(flavour).await;
        let body = json!({"instance_url": server.address, "access_token": TOKEN});
        let account = client.post("/v1/connect/mastodon", body).await.expect(201);
        assert!(account["handle"].as_str().is_some_and(|handle| handle.contains("bells")), "{account}");
        expected.push(("mastodon", worth));
    }
    let listed = client.all("/v1/accounts").await;
    let mut found: Vec<_> = listed
        .iter()
        .map(|account| (account["platform"].as_str().unwrap_or("?"), worth(&account["delivery"])))
        .collect();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
    assert!(!json!(listed).to_string().contains(TOKEN));
}

fn worth(delivery: &serde_json::Value) -> &str {
    delivery["class"].as_str().or_else(|| delivery.as_str()).unwrap_or("?")
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_the_platform_refuses_are_refused_in_its_words() {
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let server = MastodonStandIn::start(Flavour::Genuine).await;
    let body = json!({"instance_url": server.address, "access_token": "wrong-token-8d1f"});
    let refused = client.post("/v1/connect/mastodon", body).await;
    assert!(refused.refused(422, "connection_refused").to_string().contains("The access token is invalid"));
    assert!(!refused.text.contains("wrong-token-8d1f"));
    assert!(client.all("/v1/accounts").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_field_of_a_connection_is_named() {
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    for (platform, body, field) in [
        ("sandbox", json!({"delivery": "keyed"}), "handle"),
        ("sandbox", json!({"handle": "x", "delivery": "sure"}), "delivery"),
        ("sandbox", json!({"handle": "x", "delivery": "keyed", "color": "red"}), "color"),
        ("mastodon", json!({"access_token": "x"}), "instance_url"),
        ("mastodon", json!({"instance_url": "http://192.0.2.1", "access_token": "x"}), "instance_url"),
        ("mastodon", json!({"instance_url": "not an address", "access_token": "x"}), "instance_url"),
    ] {
        let error = client.post(&format!("/v1/connect/{platform}"), body.clone()).await.refused(400, "invalid_request");
        assert_eq!(error["details"][0]["field"], field, "{body}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_taken_away_is_published_to_no_more() {
    let sandbox = SandboxServer::start().await;
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let account = client.connect_sandbox(&sandbox.address, "gone", "keyed").await;
    assert_eq!(client.get(&format!("/v1/accounts/{account}")).await.expect(200)["status"], "connected");
    assert!(client.delete(&format!("/v1/accounts/{account}")).await.status < 300);
    let body = json!({"body": "to nobody", "account_ids": [account], "publish": true});
    let refused = client.post("/v1/posts", body).await;
    assert!((400..500).contains(&refused.status), "{}", refused.text);
    assert!(sandbox.truth().await.requests.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn platforms_say_what_they_take() {
    let engine = Engine::start(Options::default()).await;
    let platforms = engine.client().get("/v1/platforms").await.expect(200);
    let names: Vec<_> = platforms["data"].as_array().expect("a list").iter().map(|it| it["name"].as_str()).collect();
    assert!(names.contains(&Some("mastodon")) && names.contains(&Some("sandbox")), "{platforms}");
}
