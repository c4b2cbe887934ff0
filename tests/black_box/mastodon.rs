//! Publishing to Mastodon, and to what speaks its API, through everything that goes wrong on the way: one status each.

use std::time::Duration;

use chrono::SecondsFormat;
use serde_json::{Value, json};

use crate::support::{
    Client, Engine, Options, attempts, eventually,
    mastodon::{Flavour, MastodonStandIn, Mood, TOKEN},
    now, published, settled,
};

/// Two look-ups past the settle time, at a fiftieth, on a busy machine.
const LIMIT: Duration = Duration::from_mins(1);
const FLAVOURS: [Flavour; 2] = [Flavour::Genuine, Flavour::Compatible];

async fn connect(client: &Client, server: &MastodonStandIn) -> String {
    let body = json!({"instance_url": server.address, "access_token": TOKEN});
    let account = client.post("/v1/connect/mastodon", body).await.expect(201);
    account["id"].as_str().expect("an id").to_owned()
}

async fn publish(client: &Client, account: &str, text: &str) -> String {
    let body = json!({"body": text, "account_ids": [account], "publish": true});
    client.post("/v1/posts", body).await.expect(201)["id"].as_str().expect("an id").to_owned()
}

fn classes(attempts: &[Value]) -> Vec<&str> {
    attempts.iter().map(|attempt| attempt["error"]["class"].as_str().unwrap_or("none")).collect()
}

/// Sends one post through a mood on both flavours; gives the classes of its attempts on each.
async fn through(moods: &[Mood]) -> Vec<(Flavour, Vec<Value>, MastodonStandIn)> {
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let mut found = Vec::new();
    for flavour in FLAVOURS {
        let server = MastodonStandIn::start(flavour).await;
        let account = connect(&client, &server).await;
        server.next(moods);
        let text = format!("through {moods:?} on {flavour:?} <&>\n\nwith https://example.com/path");
        let post = publish(&client, &account, &text).await;
        published(&client, &post, LIMIT).await;
        assert_eq!(server.count(&text), 1, "{flavour:?} {moods:?}: {:?}", server.heard());
        assert_eq!(server.statuses().len(), 1, "{flavour:?} {moods:?}: {:?}", server.statuses());
        found.push((flavour, attempts(&client, &post).await, server));
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_goes_out_now_and_later() {
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    for flavour in FLAVOURS {
        let server = MastodonStandIn::start(flavour).await;
        let account = connect(&client, &server).await;
        let sent = publish(&client, &account, "now").await;
        let sent = published(&client, &sent, LIMIT).await;
        let url = sent["targets"][0]["url"].as_str().expect("a url");
        assert_eq!(url, format!("{}/@bells/{}", server.address, server.statuses()[0].id));
        let due = (now() + Duration::from_secs(2)).to_rfc3339_opts(SecondsFormat::Millis, true);
        let body = json!({"body": "later", "account_ids": [account], "schedule": {"at": due}});
        let planned = client.post("/v1/posts", body).await.expect(201);
        published(&client, planned["id"].as_str().expect("an id"), LIMIT).await;
        assert_eq!((server.count("now"), server.count("later")), (1, 1));
        let heard = server.heard();
        assert!(heard[1].at.to_rfc3339_opts(SecondsFormat::Millis, true) >= due, "{:?}, due {due}", heard[1]);
        assert_eq!(heard.len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_503_says_nothing_of_its_effect() {
    for mood in [Mood::Unavailable { retry_after: None }, Mood::Unavailable { retry_after: Some(1) }] {
        for (flavour, attempts, _) in through(&[mood]).await {
            assert_eq!(classes(&attempts), ["uncertain", "none"], "{flavour:?} {mood:?}: {attempts:?}");
            assert_eq!(attempts[0]["error"]["status"], 503);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_429_is_obeyed() {
    for (flavour, attempts, server) in through(&[Mood::TooMany { retry_after: 2 }]).await {
        assert_eq!(classes(&attempts), ["rate_limited", "none"], "{flavour:?}: {attempts:?}");
        let heard = server.heard();
        assert!(heard[1].at - heard[0].at >= chrono::Duration::milliseconds(1990), "{flavour:?}: {heard:?}");
        assert_eq!(heard[0].key, heard[1].key);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_before_the_answer_was_lost_is_not_sent_again() {
    for mood in [Mood::ResetAfter, Mood::BadGatewayAfter, Mood::Garbage, Mood::HangAfter(Duration::from_secs(3))] {
        for (flavour, attempts, server) in through(&[mood]).await {
            assert_eq!(attempts[0]["error"]["class"], "uncertain", "{flavour:?} {mood:?}: {attempts:?}");
            if flavour == Flavour::Compatible {
                assert_eq!(server.heard().len(), 1, "{mood:?}: a second request would have made a second post");
                assert!(server.lookups() > 0);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_accepted_is_sent_again_once_that_is_sure() {
    for mood in [Mood::ResetBefore, Mood::Hang(Duration::from_secs(3))] {
        for (flavour, attempts, server) in through(&[mood]).await {
            assert_eq!(classes(&attempts), ["uncertain", "none"], "{flavour:?} {mood:?}: {attempts:?}");
            let heard = server.heard();
            assert_eq!((heard.len(), heard[0].key.is_some()), (2, true), "{flavour:?} {mood:?}: {heard:?}");
            if flavour == Flavour::Genuine {
                assert_eq!(heard[0].key, heard[1].key, "the same bytes again under the same key");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_stored_late_makes_no_second_post() {
    // Within the quiet time of 1.2 s: a repeat at once would make a second status.
    for (flavour, attempts, _) in through(&[Mood::KeyStoredLate(Duration::from_millis(900))]).await {
        assert_eq!(attempts[0]["error"]["class"], "uncertain", "{flavour:?}: {attempts:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_refused_token_is_not_the_end_of_an_account() {
    for (flavour, attempts, _) in through(&[Mood::Unauthorized]).await {
        assert_eq!(classes(&attempts), ["auth_expired", "none"], "{flavour:?}: {attempts:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_taken_back_shows_on_the_account_until_it_is_connected_again() {
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    for flavour in FLAVOURS {
        let server = MastodonStandIn::start(flavour).await;
        let account = connect(&client, &server).await;
        server.revoke(TOKEN);
        let post = publish(&client, &account, "patience").await;
        eventually("the account says that it needs somebody", LIMIT, async || {
            let shown = client.get(&format!("/v1/accounts/{account}")).await.expect(200);
            if shown["status"] == "needs_reconnect" { Ok(()) } else { Err(shown.to_string()) }
        })
        .await;
        server.grant(TOKEN);
        assert_eq!(connect(&client, &server).await, account, "it is the same account");
        published(&client, &post, LIMIT).await;
        assert_eq!(server.count("patience"), 1, "{flavour:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_texts_on_one_account_are_two_posts() {
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let server = MastodonStandIn::start(Flavour::Compatible).await;
    let account = connect(&client, &server).await;
    let body = json!({"body": "the bell", "account_ids": [account], "publish": true, "allow_duplicate": true});
    // The second's answer is lost: what a look-up finds first is the first's status.
    server.next(&[Mood::Hang(Duration::from_secs(2))]);
    let mut posts = Vec::new();
    for _ in 0..2 {
        let made = client.post("/v1/posts", body.clone()).await.expect(201);
        posts.push(made["id"].as_str().expect("an id").to_owned());
    }
    for post in &posts {
        let found = settled(&client, post, LIMIT).await;
        assert_eq!(found["status"], "published", "{found}");
    }
    assert_eq!(server.count("the bell"), 2, "{:?}", server.heard());
}
