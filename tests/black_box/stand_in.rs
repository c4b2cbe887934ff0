//! The Mastodon stand-in itself: what other tests take for the truth has to be it.

use std::time::Duration;

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use crate::support::mastodon::{Flavour, MastodonStandIn, Mood, TOKEN};

fn post(server: &MastodonStandIn, key: &str, text: &str) -> RequestBuilder {
    let client = Client::builder().no_proxy().build().expect("a client");
    let request = client.post(format!("{}/api/v1/statuses", server.address)).bearer_auth(TOKEN);
    request.header("Idempotency-Key", key).json(&json!({"status": text}))
}

async fn status(request: RequestBuilder) -> Option<u16> {
    request.send().await.ok().map(|answer| answer.status().as_u16())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_genuine_one_keeps_keys() {
    for (flavour, expected) in [(Flavour::Genuine, 1), (Flavour::Compatible, 2)] {
        let server = MastodonStandIn::start(flavour).await;
        for _ in 0..2 {
            assert_eq!(status(post(&server, "k", "bell")).await, Some(200));
        }
        assert_eq!(server.count("bell"), expected, "{flavour:?}");
        assert_eq!(server.heard().len(), 2);
    }
    let server = MastodonStandIn::start(Flavour::Genuine).await;
    server.next(&[Mood::KeyStoredLate(Duration::from_mins(1))]);
    assert_eq!(status(post(&server, "k", "bell")).await, None, "reset");
    assert_eq!(status(post(&server, "k", "bell")).await, Some(200));
    assert_eq!(server.count("bell"), 2, "a repeat before the key is stored makes a second one");
}

#[tokio::test(flavor = "multi_thread")]
async fn moods_answer_and_have_their_effect_as_they_say() {
    let short = Duration::from_millis(20);
    for (mood, answer, made) in [
        (Mood::Unavailable { retry_after: Some(3) }, Some(503), 0),
        (Mood::TooMany { retry_after: 3 }, Some(429), 0),
        (Mood::Unauthorized, Some(401), 0),
        (Mood::ResetBefore, None, 0),
        (Mood::Hang(short), None, 0),
        (Mood::ResetAfter, None, 1),
        (Mood::HangAfter(short), Some(200), 1),
        (Mood::BadGatewayAfter, Some(502), 1),
        (Mood::Garbage, Some(200), 1),
    ] {
        let server = MastodonStandIn::start(Flavour::Compatible).await;
        server.next(&[mood]);
        assert_eq!(status(post(&server, "k", "bell")).await, answer, "{mood:?}");
        assert_eq!(server.count("bell"), made, "{mood:?}");
        assert_eq!(status(post(&server, "k", "next")).await, Some(200), "{mood:?} is over");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn listings_go_back_page_by_page() {
    let server = MastodonStandIn::start(Flavour::Compatible).await;
    for number in 0..45 {
        assert_eq!(status(post(&server, "k", &format!("number {number}"))).await, Some(200));
    }
    let client = Client::builder().no_proxy().build().expect("a client");
    let (mut next, mut seen) =
        (Some(format!("{}/api/v1/accounts/113000000000000042/statuses?limit=40", server.address)), 0);
    while let Some(url) = next {
        let answer = client.get(url).bearer_auth(TOKEN).send().await.expect("an answer");
        let link = answer.headers().get("link").map(|link| link.to_str().expect("text").to_owned());
        let page: Vec<Value> = answer.json().await.expect("a list");
        for status in &page {
            assert_eq!(status["content"], format!("<p>number {}</p>", 44 - seen));
            seen += 1;
        }
        next = link.and_then(|link| Some(link.split(['<', '>']).nth(1)?.to_owned()));
    }
    assert_eq!(seen, 45);
}
