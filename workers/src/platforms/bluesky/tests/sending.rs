//! What leaves, and what the answers to it come to.

use campanile_events::{
    ids::MediaId,
    media::{MediaKind, Size},
    post::FailureClass,
};
use serde_json::{Value, json};

use super::{super::tid, *};
use crate::platforms::{Attachment, Found, Media, RemoteMedia, Search};

fn key() -> String {
    tid::key(start(), "marker-1")
}

fn uri() -> String {
    format!("at://{DID}/app.bsky.feed.post/{}", key())
}

fn made() -> Value {
    json!({"uri": uri(), "cid": "bafy-1", "validationStatus": "valid"})
}

fn stored(text: &str, date: &str) -> Value {
    json!({"uri": uri(), "cid": "bafy-1", "value": {"$type": "app.bsky.feed.post", "text": text, "createdAt": date}})
}

fn sent() -> Sent {
    Sent {
        remote_id: format!("{}#bafy-1", uri()),
        url: Some(format!("https://bsky.app/profile/ada.example/post/{}", key())),
    }
}

const DATE: &str = "2026-12-01T09:00:00.000Z";

#[tokio::test]
async fn a_record_goes_out_under_our_key_and_replaces_none() {
    let bench = Bench::start(60).await;
    bench.on(PUT, 200, &made()).on(RESOLVE, 200, &json!({"did": "did:plc:bob"}));
    let reply = Message {
        root: Some(remote("at://did:plc:ada/app.bsky.feed.post/3k1#bafy-r")),
        reply_to: Some(remote("at://did:plc:ada/app.bsky.feed.post/3k2#bafy-p")),
        ..message("é @Bob.example")
    };
    assert_eq!(bench.send(reply.clone()).await, Ok(sent()));
    let asked = bench.asked();
    assert_eq!(asked[0].line, format!("GET {RESOLVE}?handle=bob.example"));
    let expected = json!({
        "repo": DID, "collection": "app.bsky.feed.post", "rkey": key(), "swapRecord": null,
        "record": {
            "$type": "app.bsky.feed.post", "text": "é @Bob.example", "createdAt": DATE,
            "facets": [{"index": {"byteStart": 3, "byteEnd": 15},
                        "features": [{"$type": "app.bsky.richtext.facet#mention", "did": "did:plc:bob"}]}],
            "reply": {"root": {"uri": "at://did:plc:ada/app.bsky.feed.post/3k1", "cid": "bafy-r"},
                      "parent": {"uri": "at://did:plc:ada/app.bsky.feed.post/3k2", "cid": "bafy-p"}},
        },
    });
    assert_eq!(asked[1].body, expected);
    assert_eq!(asked[1].token, Some(format!("Bearer {}", token("first", 60))));
    assert_eq!(asked.len(), 2);

    let line = bench.platform.open(&bench.access().await).await.unwrap();
    let digest = line.digest_input(&reply);
    assert_eq!(digest, line.digest_input(&reply));
    assert_ne!(digest, line.digest_input(&Message { text: "other".into(), ..reply }));
    assert!(!String::from_utf8(digest).unwrap().contains("hush"));

    let astray = Message { reply_to: Some(remote("https://bsky.app/profile/a/post/3k")), ..message("a") };
    let failure = bench.send(astray).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_deref()), (FailureClass::NotSent, Some("unreadable_reference")));
    assert_eq!(bench.asked(), []);
}

#[tokio::test]
async fn a_picture_is_brought_and_named_by_the_record() {
    const UPLOAD: &str = "/xrpc/com.atproto.repo.uploadBlob";
    let bench = Bench::start(60).await;
    let blob = json!({"$type": "blob", "ref": {"$link": "bafkrei-1"}, "mimeType": "image/png", "size": 3});
    bench.on(UPLOAD, 200, &json!({ "blob": blob })).on(PUT, 200, &made());
    let media = Media {
        id: MediaId::fresh(start()),
        kind: MediaKind::Png,
        size: Some(Size { width: 3, height: 2 }),
        alt_text: Some("a bell".into()),
        bytes: b"png".as_slice().into(),
    };
    let access = bench.access().await;
    let remote = bench.platform.upload(&access, &media).await.unwrap();
    let shown = Attachment { id: media.id, size: media.size, alt_text: media.alt_text.clone(), remote };
    let message = Message { media: vec![shown.clone()], ..message("") };
    assert_eq!(bench.send(message.clone()).await, Ok(sent()));
    let asked = bench.asked();
    assert_eq!(asked[0].line, format!("POST {UPLOAD}"));
    let image = json!({"alt": "a bell", "image": blob, "aspectRatio": {"width": 3, "height": 2}});
    assert_eq!(asked[1].body["record"]["embed"], json!({"$type": "app.bsky.embed.images", "images": [image]}));

    let line = bench.platform.open(&access).await.unwrap();
    let anew = Attachment { remote: RemoteMedia { remote_id: "{}".to_owned() }, ..shown };
    let repeat = Message { media: vec![anew], ..message.clone() };
    assert_eq!(line.digest_input(&message), line.digest_input(&repeat), "a repeat brings it anew");

    let refusal = json!({"error": "InvalidRequest", "message": "This file is too large"});
    bench.forget(UPLOAD).on(UPLOAD, 400, &refusal).on(UPLOAD, 502, "<html>");
    for class in [FailureClass::Rejected, FailureClass::NotSent] {
        assert_eq!(bench.platform.upload(&access, &media).await.unwrap_err().class, class);
    }
}

#[tokio::test]
async fn what_the_table_does_not_name_is_uncertain_and_nothing_is_sent_twice() {
    let bench = Bench::start(60).await;
    for (status, body, class) in [
        (500, refusal("InternalServerError").to_string(), FailureClass::Uncertain),
        (502, "<html>".to_owned(), FailureClass::Uncertain),
        (200, "<html>".to_owned(), FailureClass::Uncertain),
        (
            200,
            json!({"uri": "at://did:plc:eve/app.bsky.feed.post/3k", "cid": "bafy-1"}).to_string(),
            FailureClass::Uncertain,
        ),
        (400, refusal("InvalidSwap").to_string(), FailureClass::Uncertain),
        (400, refusal("InvalidRequest").to_string(), FailureClass::Rejected),
        (400, refusal("ExpiredToken").to_string(), FailureClass::AuthExpired),
        (429, refusal("RateLimitExceeded").to_string(), FailureClass::RateLimited),
    ] {
        bench.forget(PUT).on(PUT, status, &body);
        let failure = bench.send(message("a")).await.unwrap_err();
        assert_eq!((failure.class, failure.status), (class, Some(status)), "{body}");
        assert_eq!(bench.paths(), [PUT]);
    }
}

#[tokio::test]
async fn a_repeat_sends_nothing_where_the_record_stands() {
    let bench = Bench::start(60).await;
    let repeat = Message { is_repeat: true, ..message("@bob.example") };
    bench.on(GET, 200, &stored("@bob.example", DATE));
    assert_eq!(bench.send(repeat.clone()).await, Ok(sent()));
    let asked = bench.asked();
    let query = format!("GET {GET}?repo=did%3Aplc%3Aada&collection=app.bsky.feed.post&rkey={}", key());
    assert_eq!((asked.len(), &asked[0].line, &asked[0].token), (1, &query, &None));

    bench.forget(GET).on(GET, 400, &refusal("RecordNotFound")).on(RESOLVE, 400, &refusal("InvalidRequest"));
    bench.on(PUT, 200, &made());
    assert_eq!(bench.send(repeat.clone()).await, Ok(sent()));
    assert_eq!(bench.paths(), [GET, RESOLVE, PUT]);

    for (status, body, class, code) in [
        (200, stored("other", DATE), FailureClass::NotSent, "key_taken"),
        (200, stored("@bob.example", "2026-12-01T09:00:00.001Z"), FailureClass::NotSent, "key_taken"),
        (500, refusal("InternalServerError"), FailureClass::NotSent, "InternalServerError"),
    ] {
        bench.forget(GET).on(GET, status, &body);
        let failure = bench.send(repeat.clone()).await.unwrap_err();
        assert_eq!((failure.class, failure.code.as_deref()), (class, Some(code)));
        assert_eq!(bench.paths(), [GET]);
    }
}

#[tokio::test]
async fn a_handle_that_leads_nowhere_is_text_and_a_silent_server_is_asked_again_later() {
    let bench = Bench::start(60).await;
    bench.on(PUT, 200, &made());
    for (status, body) in [(400, "{}"), (502, "<html>"), (200, r#"{"did":"nonsense"}"#), (200, "<html>")] {
        bench.forget(RESOLVE).on(RESOLVE, status, body);
        bench.send(message("@bob.example @BOB.example")).await.unwrap();
        let asked = bench.asked();
        assert_eq!(asked.len(), 2, "one question for one name");
        assert_eq!(asked[1].body["record"]["facets"], Value::Null);
    }
    bench.forget(RESOLVE).on(RESOLVE, 429, &refusal("RateLimitExceeded"));
    assert_eq!(bench.send(message("@bob.example")).await.unwrap_err().class, FailureClass::RateLimited);
    assert_eq!(bench.paths(), [RESOLVE]);
}

#[tokio::test]
async fn a_look_up_asks_for_the_key() {
    let bench = Bench::start(-60).await;
    let search = Search {
        step: Step::Part(0),
        marker: "marker-1".to_owned(),
        intended_at: start(),
        text: "a".into(),
        reply_to: None,
        baseline: None,
        // A later attempt's: the key is the first intent's.
        since: start() + chrono::Duration::minutes(5),
        exclude: Vec::new(),
    };
    let look_up = async |search: &Search| bench.platform.look_up(&bench.access().await, search).await.unwrap();
    bench.on(GET, 200, &stored("a", DATE));
    assert_eq!(look_up(&search).await, Found::Present(sent()));
    let excluding = Search { exclude: vec![sent().remote_id], ..search.clone() };
    assert_eq!(look_up(&excluding).await, Found::Absent);
    bench.forget(GET).on(GET, 400, &refusal("RecordNotFound"));
    assert_eq!(look_up(&search).await, Found::Absent);
    for (status, body, code) in [
        (400, refusal("RepoNotFound"), "RepoNotFound"),
        (502, refusal("UpstreamFailure"), "UpstreamFailure"),
        (200, json!("nonsense"), "unreadable_answer"),
        (200, stored("b", DATE), "key_taken"),
    ] {
        bench.forget(GET).on(GET, status, &body);
        let Found::Incomplete(failure) = look_up(&search).await else { panic!("{body}") };
        assert_eq!((failure.class, failure.code.as_deref()), (FailureClass::NotSent, Some(code)));
    }
    assert!(bench.paths().iter().all(|path| path == GET), "no session is needed");
}
