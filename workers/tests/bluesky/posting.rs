//! What the server keeps of what is sent.

use campanile_events::post::{FailureClass, Parts, Step};
use campanile_test_servers::Pds;
use campanile_workers::platforms::{Found, Message, Platform, Search, Sent};
use serde_json::{Value, json};

use crate::resident::{Resident, message, remote};

fn search(message: &Message) -> Search {
    Search {
        step: message.step,
        marker: message.marker.clone(),
        intended_at: message.intended_at,
        text: message.text.clone(),
        reply_to: None,
        baseline: None,
        since: message.intended_at,
        exclude: Vec::new(),
    }
}

/// A feature's kind, what it leads to, and the bytes that it covers.
fn facet(text: &str, facet: &Value) -> (String, String, String) {
    let place = |name: &str| usize::try_from(facet["index"][name].as_u64().unwrap()).unwrap();
    let covered = text.as_bytes()[place("byteStart")..place("byteEnd")].to_vec();
    let feature = &facet["features"][0];
    let kind = feature["$type"].as_str().unwrap().rsplit('#').next().unwrap().to_owned();
    let leads_to = ["uri", "did", "tag"].iter().find_map(|name| feature[*name].as_str()).unwrap().to_owned();
    (kind, leads_to, String::from_utf8(covered).unwrap())
}

#[tokio::test]
async fn addresses_mentions_and_tags_stand_at_their_bytes() {
    let Some(server) = Pds::shared() else { return };
    let ada = Resident::move_in(server, "facets-ada").await;
    let bob = Resident::move_in(server, "facets-bob").await;
    let text = "🔔👩‍👩‍👧 é, @Facets-Bob.test! See (https://example.com/ü?a=b_(c)) #launch ＃日本 @nobody.test";
    let sent = ada.send(message("facets", text)).await.unwrap();
    let posts = ada.posts().await;
    let record = &posts[0]["value"];
    assert_eq!((record["text"].as_str(), record["createdAt"].as_str()), (Some(text), Some("2026-11-20T09:00:00.123Z")));
    let found: Vec<_> = record["facets"].as_array().unwrap().iter().map(|it| facet(text, it)).collect();
    let expected = [
        ("mention", bob.did.as_str(), "@Facets-Bob.test"),
        ("link", "https://example.com/ü?a=b_(c)", "https://example.com/ü?a=b_(c)"),
        ("tag", "launch", "#launch"),
        ("tag", "日本", "＃日本"),
    ];
    let expected = expected.map(|(kind, to, at)| (kind.to_owned(), to.to_owned(), at.to_owned()));
    assert_eq!(found, expected, "and a name that leads nowhere is text");
    let (uri, cid) = (posts[0]["uri"].as_str().unwrap(), posts[0]["cid"].as_str().unwrap());
    let key = uri.rsplit('/').next().unwrap();
    let url = format!("https://bsky.app/profile/facets-ada.test/post/{key}");
    assert_eq!(sent, Sent { remote_id: format!("{uri}#{cid}"), url: Some(url) });
}

#[tokio::test]
async fn the_same_marker_makes_one_record() {
    let Some(server) = Pds::shared() else { return };
    let ada = Resident::move_in(server, "repeats-ada").await;
    let first = message("once", "Hello @repeats-ada.test");
    assert_eq!(ada.platform.look_up(&ada.access().await, &search(&first)).await, Ok(Found::Absent));
    let sent = ada.send(first.clone()).await.unwrap();
    // The very same request again, as if the answer had been lost, also four at a time.
    let again = futures::future::join_all((0..4).map(|_| ada.send(first.clone()))).await;
    assert!(again.iter().all(|it| it.as_ref() == Ok(&sent)), "{again:?}");
    // And as the publisher repeats it: what stands is not sent.
    let repeat = Message { is_repeat: true, ..first.clone() };
    assert_eq!(ada.send(repeat.clone()).await, Ok(sent.clone()));
    assert_eq!(ada.posts().await.len(), 1);
    assert_eq!(ada.platform.look_up(&ada.access().await, &search(&first)).await, Ok(Found::Present(sent)));

    // Another record under that key is refused by the server, and a repeat doesn't get that far.
    let other = Message { text: "Something else".into(), ..first };
    let failure = ada.send(other.clone()).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_deref()), (FailureClass::Uncertain, Some("InvalidSwap")));
    let failure = ada.send(Message { is_repeat: true, ..other.clone() }).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_deref()), (FailureClass::NotSent, Some("key_taken")));
    let found = ada.platform.look_up(&ada.access().await, &search(&other)).await;
    assert!(matches!(found, Ok(Found::Incomplete(_))), "{found:?}");
    assert_eq!(ada.posts().await[0]["value"]["text"], "Hello @repeats-ada.test");
}

#[tokio::test]
async fn a_mention_that_leads_elsewhere_by_now_makes_no_second_record() {
    let Some(server) = Pds::shared() else { return };
    let ada = Resident::move_in(server, "moved-ada").await;
    let bob = Resident::move_in(server, "moved-bob").await;
    let first = message("moved", "Hello @moved-bob.test");
    let sent = ada.send(first.clone()).await.unwrap();
    let (status, _) = bob.call("com.atproto.identity.updateHandle", &json!({"handle": "moved-on.test"})).await;
    assert_eq!(status, 200);
    assert_eq!(ada.send(Message { is_repeat: true, ..first }).await, Ok(sent));
    assert_eq!(ada.posts().await.len(), 1);
}

#[tokio::test]
async fn a_reply_names_the_root_and_what_it_answers() {
    let Some(server) = Pds::shared() else { return };
    let ada = Resident::move_in(server, "replies-ada").await;
    let root = ada.send(message("0", "root")).await.unwrap();
    let reply = |marker: &str, to: &Sent| Message {
        step: Step::Part(1),
        reply_to: Some(remote(to)),
        root: Some(remote(&root)),
        ..message(marker, marker)
    };
    let first = ada.send(reply("1", &root)).await.unwrap();
    ada.send(reply("2", &first)).await.unwrap();
    let named = |sent: &Sent| {
        let (uri, cid) = sent.remote_id.rsplit_once('#').unwrap();
        json!({"uri": uri, "cid": cid})
    };
    let posts = ada.posts().await;
    let of = |text: &str| posts.iter().find(|post| post["value"]["text"] == text).unwrap()["value"]["reply"].clone();
    assert_eq!(of("root"), Value::Null);
    assert_eq!(of("1"), json!({"root": named(&root), "parent": named(&root)}));
    assert_eq!(of("2"), json!({"root": named(&root), "parent": named(&first)}));
}

#[tokio::test]
async fn what_our_rules_refuse_the_server_refuses() {
    let Some(server) = Pds::shared() else { return };
    let ada = Resident::move_in(server, "limits-ada").await;
    let rules = &ada.connected.offer.rules;
    let seen = "👍🏽"; // Two scalar values, eight bytes.
    for (text, is_fine) in [
        ("a".repeat(300), true),
        ("a".repeat(301), false),
        (seen.repeat(300), true),
        (seen.repeat(301), false),
        ("👩‍👩‍👧".repeat(166), true),
        ("👩‍👩‍👧".repeat(167), false), // Few characters, 3,006 bytes.
    ] {
        let open = text.as_str().into();
        let broken = rules.check(&Parts { texts: vec![&open], first_comment: None, media_ids: &[] });
        let length = (text.chars().count(), text.len());
        let answer = ada.send(message(&format!("{length:?}"), &text)).await;
        assert_eq!((broken.is_empty(), answer.is_ok()), (is_fine, is_fine), "{length:?} {broken:?} {answer:?}");
        if let Err(failure) = answer {
            assert_eq!((failure.class, failure.status), (FailureClass::Rejected, Some(400)));
        }
    }
}
