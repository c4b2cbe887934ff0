//! Sessions that end by the server's clock, and what takes their place.

use futures::future::join_all;
use serde_json::json;

use super::{
    LIMIT, classes, engine, publish,
    resident::Resident,
    texts,
    way::{Loss, Way},
};
use crate::support::{attempts, eventually, published};

const LOGIN: &str = "com.atproto.server.createSession";
const RENEWAL: &str = "com.atproto.server.refreshSession";

/// An access token is good for two hours; a refresh token that was used, for two more.
const TOO_LONG: u32 = 3;

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ended_is_renewed_once_for_all_that_need_it() {
    let Some(way) = Way::open().await else { return };
    let engine = engine().await;
    let client = engine.client();
    let ada = Resident::move_in(&way.pds, "ended-ada").await;
    let account = ada.connect(&client, &way.url, &ada.app_password("campanile").await).await;
    way.pds.go_ahead(TOO_LONG);
    let posts = join_all(["a", "b", "c"].map(|text| publish(&client, &account, text, json!({})))).await;
    let mut refused = 0;
    for post in &posts {
        published(&client, post, LIMIT).await;
        let tried = attempts(&client, post).await;
        let (last, before) = tried.split_last().expect("an attempt");
        assert!(last["error"].is_null() && before.iter().all(|it| it["error"]["class"] == "auth_expired"), "{tried:?}");
        refused += before.len();
    }
    assert!(refused > 0, "the server never refused the old token");
    assert_eq!((way.heard(RENEWAL), way.heard(LOGIN)), (1, 1), "the login is the connection's own");
    let records = ada.posts().await;
    let mut shown = texts(&records);
    shown.sort_unstable();
    assert_eq!(shown, ["a", "b", "c"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_that_was_used_is_no_dead_end() {
    let Some(way) = Way::open().await else { return };
    let engine = engine().await;
    let client = engine.client();
    let ada = Resident::move_in(&way.pds, "used-ada").await;
    let account = ada.connect(&client, &way.url, &ada.app_password("campanile").await).await;

    // The new tokens are lost on the way. The server gives them again to who asks soon …
    way.pds.go_ahead(TOO_LONG);
    way.next(RENEWAL, &[Some(Loss::Answer)]);
    let post = publish(&client, &account, "soon", json!({})).await;
    published(&client, &post, LIMIT).await;
    assert_eq!((way.heard(RENEWAL), way.heard(LOGIN)), (2, 1));

    // … and to who asks late, nothing: only the password opens a session again.
    way.pds.go_ahead(TOO_LONG);
    way.next(RENEWAL, &[Some(Loss::AnswerForEver)]);
    let post = publish(&client, &account, "late", json!({})).await;
    way.has_lost(2).await;
    way.pds.go_ahead(TOO_LONG);
    published(&client, &post, LIMIT).await;
    assert_eq!((way.heard(RENEWAL), way.heard(LOGIN)), (4, 2));
    assert_eq!(texts(&ada.posts().await), ["soon", "late"]);
    let shown = client.get(&format!("/v1/accounts/{account}")).await.expect(200);
    assert_eq!(shown["status"], "connected");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_session_and_password_somebody_has_to_connect_again() {
    let Some(way) = Way::open().await else { return };
    let engine = engine().await;
    let client = engine.client();
    let ada = Resident::move_in(&way.pds, "gone-ada").await;
    let account = ada.connect(&client, &way.url, &ada.app_password("first").await).await;
    let second = ada.app_password("second").await;
    ada.revoke("first").await;
    way.pds.go_ahead(TOO_LONG);
    let post = publish(&client, &account, "patience", json!({})).await;
    eventually("the account says that it needs somebody", LIMIT, async || {
        let shown = client.get(&format!("/v1/accounts/{account}")).await.expect(200);
        if shown["status"] == "needs_reconnect" { Ok(()) } else { Err(shown.to_string()) }
    })
    .await;
    let error = eventually("the target waits for that", LIMIT, async || {
        let shown = client.get(&format!("/v1/posts/{post}")).await.expect(200);
        let error = shown["targets"][0]["error"].clone();
        if error["code"] == "needs_reconnect" { Ok(error) } else { Err(shown.to_string()) }
    })
    .await;
    let refused = attempts(&client, &post).await[0]["error"].clone();
    assert!(refused["message"].as_str().is_some_and(|words| !words.is_empty()), "{refused}");
    assert_eq!(
        (&error["class"], &error["message"]),
        (&json!("auth_expired"), &refused["message"]),
        "its own words stay"
    );
    assert!(ada.posts().await.is_empty());

    assert_eq!(ada.connect(&client, &way.url, &second).await, account, "it is the same account");
    published(&client, &post, LIMIT).await;
    let tried = attempts(&client, &post).await;
    assert_eq!(classes(&tried).last(), Some(&"none"), "{tried:?}");
    assert_eq!(texts(&ada.posts().await), ["patience"]);
}
