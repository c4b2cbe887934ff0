//! Media, where the clock or another workspace has a part in it.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    http::Request,
};
use campanile_events::{
    clock::{ManualClock, SystemClock},
    ids::MediaId,
};
use campanile_test_servers::Postgres as Server;
use campanile_workers::media::{Lying, Place};
use chrono::Duration;
use futures::future::join_all;
use serde_json::json;

use super::fixture::{Answered, Api};
use crate::api::media::Upload;

pub(super) const PNG: &[u8] =
    b"\x89PNG\x0d\x0a\x1a\x0a\x00\x00\x00\x0dIHDR\x00\x00\x00\x03\x00\x00\x00\x02\x08\x02\x00\x00\x00\x12\x16\xf1M\
    \x00\x00\x00\x0bIDATx\x9cc`\xc0\x04\x00\x00\x14\x00\x01}\xfe\x1e\xee\x00\x00\x00\x00IEND\xaeB`\x82";

pub(super) async fn announce(api: &Api, secret: &str) -> Answered {
    let body = json!({"file_name": "bell.png", "content_type": "image/png", "bytes": PNG.len()});
    let request = Api::request_by(secret, "POST", "/v1/media/upload-url").header("content-type", "application/json");
    api.send(request.header("host", "bells.example").body(Body::from(body.to_string())).expect("a request")).await
}

pub(super) async fn put(api: &Api, url: &str, bytes: impl Into<Body>) -> Answered {
    api.send(Request::put(url).body(bytes.into()).expect("a request")).await
}

async fn confirm(api: &Api, id: &str) -> Answered {
    api.call("POST", &format!("/v1/media/{id}/confirm"), json!({})).await
}

async fn status(api: &Api, id: &str) -> String {
    api.get(&format!("/v1/media/{id}")).await.body["status"].as_str().expect("a status").to_owned()
}

async fn place(api: &Api, announced: &Answered) -> Place {
    let me = api.get("/v1/me").await;
    let workspace = me.body["workspace_id"].as_str().expect("a workspace").parse().expect("an id");
    Place { workspace, id: announced.id().parse().expect("an id") }
}

/// What publishing would bring to a platform.
async fn fetched(api: &Api, place: Place) -> Bytes {
    let core = api.engine.core();
    let key = core.data_keys.get(place.workspace.uuid()).await.expect("a key");
    core.library.fetch(&key, place).await.expect("confirmed").bytes
}

pub(super) fn url(announced: &Answered) -> &str {
    announced.body["upload_url"].as_str().expect("an address")
}

#[tokio::test]
async fn an_address_is_good_for_its_time() {
    let api = Api::start().await;
    let announced = announce(&api, &api.secret).await;
    assert_eq!(announced.status(), 201, "{}", announced.body);
    assert!(url(&announced).starts_with("http://bells.example/v1/media/media_"), "{}", url(&announced));
    let core = api.engine.core();
    let id: MediaId = announced.id().parse().expect("an id");
    let expires_at = core.clock.now() - Duration::seconds(1);
    let over = Upload { id, bytes: PNG.len() as u64, expires_at, session: None };
    let late = put(&api, &core.upload_links.url("http://bells.example", &over), PNG).await;
    assert_eq!((late.status(), late.code(), &late.body["error"]["state"]), (409, "conflict", &json!("expired")));
    let packed = Request::put(url(&announced)).header("content-encoding", "gzip").body(Body::from(PNG));
    let packed = api.send(packed.expect("a request")).await;
    assert_eq!((packed.status(), packed.code()), (415, "unsupported_media_type"));
    let more = put(&api, &format!("{}&x=1", url(&announced)), PNG).await;
    assert_eq!((more.status(), more.code()), (400, "invalid_request"));
    assert_eq!(status(&api, &announced.id()).await, "awaiting_upload");
    assert_eq!(put(&api, url(&announced), PNG).await.status(), 204);
}

#[tokio::test]
async fn the_same_request_again_gets_the_same_address() {
    let api = Api::start().await;
    let send = |host: &str| {
        let body = json!({"file_name": "bell.png", "content_type": "image/png", "bytes": PNG.len()});
        let request = api.request("POST", "/v1/media/upload-url").header("content-type", "application/json");
        let request = request.header("host", host).header("idempotency-key", "once");
        api.send(request.body(Body::from(body.to_string())).expect("a request"))
    };
    let (first, again) = (send("bells.example").await, send("other.example").await);
    assert_eq!((first.status(), again.status(), again.header("idempotent-replayed")), (201, 201, "true"));
    assert_eq!(first.body, again.body);
    assert_eq!(put(&api, url(&again), PNG).await.status(), 204);
    let confirm = || {
        let request = api.request("POST", &format!("/v1/media/{}/confirm", first.id()));
        api.send(request.header("idempotency-key", "confirm").body(Body::empty()).expect("a request"))
    };
    let (first, again) = (confirm().await, confirm().await);
    assert_eq!((first.status(), again.status(), again.header("idempotent-replayed")), (200, 200, "true"));
    assert_eq!(first.body, again.body);
}

#[tokio::test]
async fn a_body_without_an_announced_length_is_counted() {
    let api = Api::start().await;
    let announced = announce(&api, &api.secret).await;
    let pieces = |bytes: Vec<u8>| {
        let pieces: Vec<_> = bytes.chunks(5).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect();
        Body::from_stream(futures::stream::iter(pieces))
    };
    let longer = [PNG, b"more"].concat();
    for (bytes, status) in [(longer, 413), (PNG[1..].to_vec(), 400), (PNG.to_vec(), 204), (PNG.to_vec(), 204)] {
        let length = bytes.len();
        let answered = put(&api, url(&announced), pieces(bytes)).await;
        assert_eq!(answered.status(), status, "{length} bytes: {}", answered.body);
    }
}

#[tokio::test]
async fn a_refused_confirm_is_mended_by_other_bytes_until_they_are_right() {
    let api = Api::start().await;
    let announced = announce(&api, &api.secret).await;
    let (id, place) = (announced.id(), place(&api, &announced).await);
    assert_eq!(status(&api, &id).await, "awaiting_upload");
    let mut broken = PNG.to_vec();
    broken.truncate(PNG.len() - 12);
    broken.resize(PNG.len(), 0);
    for (bytes, code) in [(vec![b'x'; PNG.len()], "unknown_content"), (broken, "broken_content")] {
        assert_eq!(put(&api, url(&announced), bytes).await.status(), 204);
        for _ in 0..2 {
            let refused = confirm(&api, &id).await;
            assert_eq!((refused.status(), &refused.body["error"]["details"][0]["code"]), (400, &json!(code)));
            let message = refused.body["error"]["message"].as_str().expect("a message");
            assert!(message.ends_with("to the upload URL and confirm again, or announce the media anew"), "{message}");
            assert_eq!(status(&api, &id).await, "uploaded");
        }
    }
    assert_eq!(put(&api, url(&announced), PNG).await.status(), 204);
    let ready = confirm(&api, &id).await;
    assert_eq!((ready.status(), &ready.body["status"]), (200, &json!("ready")), "{}", ready.body);

    let late = put(&api, url(&announced), vec![b'x'; PNG.len()]).await;
    assert_eq!((late.status(), late.code(), &late.body["error"]["state"]), (409, "conflict", &json!("ready")));
    assert_eq!((confirm(&api, &id).await.body, status(&api, &id).await.as_str()), (ready.body, "ready"));
    assert_eq!(fetched(&api, place).await, PNG);
    let library = &api.engine.core().library;
    let lying: Vec<_> = library.store.list().await.expect("listed").into_iter().map(|(_, lying, _)| lying).collect();
    assert!(matches!(&lying[..], [Lying::Kept(_)]), "{lying:?}");
}

#[tokio::test]
async fn bytes_that_come_while_others_are_confirmed_are_refused() {
    let api = Api::start().await;
    let announced = announce(&api, &api.secret).await;
    let (id, place) = (announced.id(), place(&api, &announced).await);
    assert_eq!(put(&api, url(&announced), PNG).await.status(), 204);
    let (send, receive) = futures::channel::mpsc::unbounded::<Result<Vec<u8>, std::io::Error>>();
    send.unbounded_send(Ok(vec![b'x'; 3])).expect("taken");
    let request = Request::put(url(&announced)).body(Body::from_stream(receive)).expect("a request");
    let late = api.send(request);
    let during = async {
        assert_eq!(confirm(&api, &id).await.status(), 200);
        send.unbounded_send(Ok(vec![b'x'; PNG.len() - 3])).expect("taken");
        drop(send);
    };
    let (late, ()) = tokio::join!(late, during);
    assert_eq!((late.status(), &late.body["error"]["state"]), (409, &json!("ready")), "{}", late.body);
    assert_eq!(fetched(&api, place).await, PNG);
    let library = &api.engine.core().library;
    assert!(!library.store.has(place, &Lying::Given).await.expect("the store reads"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_one_node_confirms_is_what_both_have_whatever_the_other_is_given() {
    let server = Server::start();
    let nodes = Api::two(&server).await;
    let mut other = PNG.to_vec();
    // Another picture of the same length.
    other[45] ^= 1;
    let mut confirmed = 0;
    for _ in 0..12 {
        let announced = announce(&nodes[0], &nodes[0].secret).await;
        let (id, place) = (announced.id(), place(&nodes[0], &announced).await);
        assert_eq!(put(&nodes[0], url(&announced), PNG).await.status(), 204);
        let done = (0..6).map(|turn| {
            let (node, url, id) = (Arc::clone(&nodes[turn % 2]), url(&announced).to_owned(), id.clone());
            let bytes = if turn < 3 { PNG.to_vec() } else { other.clone() };
            tokio::spawn(async move { (put(&node, &url, bytes).await.status(), confirm(&node, &id).await.status()) })
        });
        for done in join_all(done.collect::<Vec<_>>()).await {
            let (given, done) = done.expect("answered");
            assert!(matches!((given, done), (204 | 409, 200 | 409)), "{given}, {done}");
            confirmed += usize::from(done == 200);
        }
        let kept = fetched(&nodes[0], place).await;
        assert!(kept == PNG || kept == other);
        for node in &nodes {
            assert_eq!((confirm(node, &id).await.status(), status(node, &id).await.as_str()), (200, "ready"));
            assert_eq!(fetched(node, place).await, kept);
            assert_eq!(put(node, url(&announced), PNG).await.status(), 409);
        }
    }
    assert!(confirmed >= 12, "{confirmed}");
}

#[tokio::test]
async fn what_nobody_confirms_in_time_is_taken_away_and_never_used() {
    let clock = ManualClock::starting_at(SystemClock::shared().now());
    let api = Api::start_with(clock.clone(), &["api", "projector"]).await;
    let (kept, lost) = (announce(&api, &api.secret).await, announce(&api, &api.secret).await);
    for announced in [&kept, &lost] {
        assert_eq!(put(&api, url(announced), PNG).await.status(), 204);
    }
    let never = announce(&api, &api.secret).await;
    let first = confirm(&api, &kept.id()).await;
    assert_eq!((first.status(), first.header("campanile-position")), (200, "1-9"));
    let library = &api.engine.core().library;
    let mut since = None;
    let mut sweep =
        async || library.forget_unconfirmed(&mut since, api.engine.core().clock.now()).await.expect("swept");
    assert_eq!(sweep().await, 0, "it may still be confirmed");

    clock.advance(Duration::minutes(61));
    let too_late = put(&api, url(&lost), PNG).await;
    assert_eq!((too_late.status(), &too_late.body["error"]["state"]), (409, &json!("expired")));
    for (announced, expected) in [(&kept, "ready"), (&lost, "uploaded"), (&never, "expired")] {
        assert_eq!(status(&api, &announced.id()).await, expected);
    }
    let empty = confirm(&api, &never.id()).await;
    assert_eq!((empty.status(), &empty.body["error"]["state"]), (409, &json!("expired")));

    clock.advance(Duration::hours(24));
    assert_eq!(status(&api, &lost.id()).await, "expired");
    let late = confirm(&api, &lost.id()).await;
    assert_eq!((late.status(), late.code(), &late.body["error"]["state"]), (409, "conflict", &json!("expired")));
    assert_eq!(sweep().await, 0, "who confirms at the last moment still reads it");
    clock.advance(Duration::hours(4));
    assert_eq!((sweep().await, sweep().await), (1, 0));

    let left: Vec<_> = library.store.list().await.expect("listed").into_iter().map(|(place, ..)| place).collect();
    assert_eq!(left, [place(&api, &kept).await]);
    assert_eq!(fetched(&api, left[0]).await, PNG);
    let again = confirm(&api, &kept.id()).await;
    assert_eq!((again.status(), again.header("campanile-position"), &again.body), (200, "1-9", &first.body));
    let account = api.account("ada").await;
    let post = json!({"body": "x", "account_ids": [account], "media_ids": [lost.id()]});
    let refused = api.call("POST", "/v1/posts", post).await;
    assert_eq!(refused.body["error"]["details"][0]["code"], "not_confirmed", "{}", refused.body);
}

#[tokio::test]
async fn what_is_left_beside_confirmed_bytes_is_taken_away_and_never_they_themselves() {
    let clock = ManualClock::starting_at(SystemClock::shared().now());
    let api = Api::start_with(clock.clone(), &["api", "projector"]).await;
    let (new, old) = (announce(&api, &api.secret).await, announce(&api, &api.secret).await);
    let (new, old) = ((place(&api, &new).await, new), (place(&api, &old).await, old));
    let library = &api.engine.core().library;
    let give = async |place, bytes: &'static [u8]| {
        let mut incoming = library.store.begin(place, bytes.len() as u64).await.expect("begun");
        incoming.write(bytes.into()).await.expect("written");
        incoming.whole().await.expect("whole").give().await.expect("given");
    };
    for (place, announced) in [&new, &old] {
        give(*place, PNG).await;
        assert_eq!(confirm(&api, &announced.id()).await.status(), 200);
        // As another node would, which had not heard of it.
        give(*place, PNG).await;
    }
    library.store.hold(new.0).await.expect("held").keep("d1").await.expect("kept, and never named");
    let _left_by_a_crash = library.store.hold(new.0).await.expect("held");
    for (place, lying, _) in library.store.list().await.expect("listed") {
        // Earlier builds left confirmed bytes where they were given.
        if place == old.0 && lying != Lying::Given {
            library.store.remove(place, &lying).await.expect("removed");
        }
    }
    clock.advance(Duration::hours(28));
    let mut since = None;
    let swept = library.forget_unconfirmed(&mut since, api.engine.core().clock.now()).await.expect("swept");
    assert_eq!(swept, 3);
    for place in [new.0, old.0] {
        assert_eq!(fetched(&api, place).await, PNG);
    }
}

#[tokio::test]
async fn another_workspace_has_nothing_to_do_with_it() {
    let api = Api::start().await;
    let stranger = api.stranger().await;
    let announced = announce(&api, &api.secret).await;
    assert_eq!(put(&api, url(&announced), PNG).await.status(), 204);
    let path = format!("/v1/media/{}", announced.id());
    assert_eq!(api.call("POST", &format!("{path}/confirm"), json!({})).await.status(), 200);
    for (method, path) in [("GET", path.clone()), ("POST", format!("{path}/confirm"))] {
        let refused = api.call_by(&stranger, method, &path, json!({})).await;
        assert_eq!((refused.status(), refused.code()), (404, "not_found"), "{method} {path}");
    }
    // Its own media are no one else's, and it can't name ours.
    let body = json!({"body": "x", "account_ids": ["acct_01h455vb4pex5vsknk084sn02q"], "media_ids": [announced.id()]});
    let refused = api.call_by(&stranger, "POST", "/v1/posts", body).await;
    assert_eq!((refused.status(), refused.code()), (404, "not_found"));
    assert_eq!(refused.body["error"]["details"][0]["field"], "media_ids[0]", "{}", refused.body);
    let account = api.account("ada").await;
    let theirs = announce(&api, &stranger).await;
    let body = json!({"body": "x", "account_ids": [account], "media_ids": [announced.id(), theirs.id(), "media_x"]});
    let refused = api.call("POST", "/v1/posts", body).await;
    let details = refused.body["error"]["details"].as_array().expect("details").clone();
    let fields: Vec<_> = details.iter().map(|it| (it["field"].as_str(), it["code"].as_str())).collect();
    assert_eq!(
        (refused.status(), fields),
        (400, vec![(Some("media_ids[1]"), Some("not_found")), (Some("media_ids[2]"), Some("invalid"))])
    );
}
