//! Media, where the clock or another workspace has a part in it.

use axum::{body::Body, http::Request};
use campanile_events::{
    clock::{ManualClock, SystemClock},
    ids::MediaId,
};
use campanile_workers::media::Place;
use chrono::Duration;
use serde_json::json;

use super::fixture::{Answered, Api};
use crate::api::media::Upload;

const PNG: &[u8] =
    b"\x89PNG\x0d\x0a\x1a\x0a\x00\x00\x00\x0dIHDR\x00\x00\x00\x03\x00\x00\x00\x02\x08\x02\x00\x00\x00\x12\x16\xf1M\
    \x00\x00\x00\x0bIDATx\x9cc`\xc0\x04\x00\x00\x14\x00\x01}\xfe\x1e\xee\x00\x00\x00\x00IEND\xaeB`\x82";

async fn announce(api: &Api, secret: &str) -> Answered {
    let body = json!({"file_name": "bell.png", "content_type": "image/png", "bytes": PNG.len()});
    let request = Api::request_by(secret, "POST", "/v1/media/upload-url").header("content-type", "application/json");
    api.send(request.header("host", "bells.example").body(Body::from(body.to_string())).expect("a request")).await
}

async fn put(api: &Api, url: &str, bytes: impl Into<Body>) -> Answered {
    api.send(Request::put(url).body(bytes.into()).expect("a request")).await
}

fn url(announced: &Answered) -> &str {
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
    let over = Upload { id, bytes: PNG.len() as u64, expires_at: core.clock.now() - Duration::seconds(1) };
    let late = put(&api, &core.upload_links.url("http://bells.example", &over), PNG).await;
    assert_eq!((late.status(), late.code(), &late.body["error"]["state"]), (409, "conflict", &json!("expired")));
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
    for (bytes, status) in [(longer, 413), (PNG[1..].to_vec(), 400), (PNG.to_vec(), 204), (PNG.to_vec(), 409)] {
        let length = bytes.len();
        let answered = put(&api, url(&announced), pieces(bytes)).await;
        assert_eq!(answered.status(), status, "{length} bytes: {}", answered.body);
    }
}

#[tokio::test]
async fn what_nobody_confirms_in_time_is_taken_away_and_never_used() {
    let clock = ManualClock::starting_at(SystemClock::shared().now());
    let api = Api::start_with(clock.clone(), &["api", "projector"]).await;
    let (kept, lost) = (announce(&api, &api.secret).await, announce(&api, &api.secret).await);
    for announced in [&kept, &lost] {
        assert_eq!(put(&api, url(announced), PNG).await.status(), 204);
    }
    let confirm = async |id: &str| api.call("POST", &format!("/v1/media/{id}/confirm"), json!({})).await;
    let first = confirm(&kept.id()).await;
    assert_eq!((first.status(), first.header("campanile-position")), (200, "1-8"));
    let library = &api.engine.core().library;
    let mut since = None;
    let mut sweep =
        async || library.forget_unconfirmed(&mut since, api.engine.core().clock.now()).await.expect("swept");
    assert_eq!(sweep().await, 0, "it may still be confirmed");

    clock.advance(Duration::hours(25));
    let late = confirm(&lost.id()).await;
    assert_eq!((late.status(), late.code(), &late.body["error"]["state"]), (409, "conflict", &json!("expired")));
    assert_eq!(sweep().await, 0, "who confirms at the last moment still reads it");
    clock.advance(Duration::hours(4));
    assert_eq!((sweep().await, sweep().await), (1, 0));

    let workspace = api.get("/v1/me").await.body["workspace_id"].as_str().map(str::to_owned).expect("a workspace");
    for (announced, holds) in [(&kept, true), (&lost, false)] {
        let id = announced.id().parse().expect("an id");
        let place = Place { workspace: workspace.parse().expect("an id"), id };
        assert_eq!(library.store.holds(place).await.expect("the store reads"), holds);
    }
    let again = confirm(&kept.id()).await;
    assert_eq!((again.status(), again.header("campanile-position"), &again.body), (200, "1-8", &first.body));
    let account = api.account("ada").await;
    let post = json!({"body": "x", "account_ids": [account], "media_ids": [lost.id()]});
    let refused = api.call("POST", "/v1/posts", post).await;
    assert_eq!(refused.body["error"]["details"][0]["code"], "not_confirmed", "{}", refused.body);
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
    assert_eq!(refused.code(), "invalid_request");
    assert_eq!(refused.body["error"]["details"][0]["field"], "media_ids[0]", "{}", refused.body);
    let account = api.account("ada").await;
    let theirs = announce(&api, &stranger).await;
    let body = json!({"body": "x", "account_ids": [account], "media_ids": [announced.id(), theirs.id(), "media_x"]});
    let refused = api.call("POST", "/v1/posts", body).await;
    let details = refused.body["error"]["details"].as_array().expect("details").clone();
    let fields: Vec<_> = details.iter().map(|it| (it["field"].as_str(), it["code"].as_str())).collect();
    let missing = Some("not_found");
    assert_eq!(fields, [(Some("media_ids[1]"), missing), (Some("media_ids[2]"), missing)]);
}
