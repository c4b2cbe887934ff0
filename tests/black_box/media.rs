//! Pictures: given to an address of their own, looked at, and shown once.

use std::{
    io::{Read, Write},
    time::Duration,
};

use serde_json::{Value, json};

use crate::support::{
    Client, Engine, Options, SandboxServer, attempts,
    mastodon::{Flavour, MastodonStandIn, MediaMood, Mood, TOKEN},
    png, published, settled,
};

const LIMIT: Duration = Duration::from_mins(1);
const LARGEST: usize = 100 * 1024 * 1024;

fn text<'a>(body: &'a Value, field: &str) -> &'a str {
    body[field].as_str().unwrap_or_else(|| panic!("`{field}` in {body}"))
}

/// The first detail's field and code.
fn detail(error: &Value) -> (&str, &str) {
    (text(&error["details"][0], "field"), text(&error["details"][0], "code"))
}

async fn publish(client: &Client, account: &str, body: &str, media: &[&str]) -> String {
    let post = json!({"body": body, "account_ids": [account], "media_ids": media, "publish": true});
    text(&client.post("/v1/posts", post).await.expect(201), "id").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_given_and_looked_at() {
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let bytes = png(3, 2, 200_000);
    let announced = client.announce("image/png", bytes.len(), Some("a bell")).await.expect(201);
    assert_eq!((text(&announced, "method"), &announced["headers"]), ("PUT", &json!({"Content-Type": "image/png"})));
    let (id, url) = (text(&announced, "id"), text(&announced, "upload_url"));
    let confirm = format!("/v1/media/{id}/confirm");

    let early = client.post_empty(&confirm).await.refused(409, "conflict");
    assert_eq!(text(&early, "state"), "awaiting_upload");
    client.put(&url.replace("signature=", "signature=0"), bytes.clone()).await.refused(404, "not_found");
    client.put(&url.replace("bytes=", "bytes=1"), bytes.clone()).await.refused(404, "not_found");
    let short = client.put(url, bytes[1..].to_vec()).await.refused(400, "invalid_request");
    assert_eq!(detail(&short), ("bytes", "wrong_length"));
    client.put(url, [&bytes[..], b"x"].concat()).await.refused(413, "payload_too_large");
    let status = async || client.get(&format!("/v1/media/{id}")).await.expect(200)["status"].clone();
    assert_eq!(status().await, "awaiting_upload");
    for _ in 0..2 {
        client.put(url, bytes.clone()).await.expect(204);
        assert_eq!(status().await, "uploaded");
    }

    let confirmed = client.post_empty(&confirm).await;
    assert_eq!(confirmed.header("etag"), "\"2\"");
    let confirmed = confirmed.expect(200);
    assert_eq!(
        (&confirmed["width"], &confirmed["height"], &confirmed["bytes"]),
        (&json!(3), &json!(2), &json!(bytes.len()))
    );
    assert_eq!((text(&confirmed, "status"), text(&confirmed, "alt_text")), ("ready", "a bell"));
    assert_eq!(text(&confirmed, "file_name"), "quiet-name.png");
    assert_eq!(client.post_empty(&confirm).await.expect(200), confirmed, "done twice, it answers the same");
    assert_eq!(client.get(&format!("/v1/media/{id}")).await.expect(200), confirmed);
    let again = client.put(url, bytes.clone()).await.refused(409, "conflict");
    assert_eq!(text(&again, "state"), "ready");

    let stranger = engine.client_of(&client.key(&["posts:write"]).await);
    let refused = stranger.announce("image/png", 10, None).await.refused(403, "forbidden_scope");
    assert_eq!(text(&refused, "scope"), "media:upload");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_what_it_says_is_refused() {
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    for (content_type, bytes, expected) in [
        ("image/png", 0, ("bytes", "out_of_range")),
        ("image/png", LARGEST + 1, ("bytes", "out_of_range")),
        ("image/svg+xml", 10, ("content_type", "not_supported")),
        ("text/html", 10, ("content_type", "not_supported")),
    ] {
        let refused = client.announce(content_type, bytes, None).await.refused(400, "invalid_request");
        assert_eq!(detail(&refused), expected, "{content_type}, {bytes} bytes");
    }
    for (content_type, bytes, code) in [
        ("image/png", b"only words, whatever the name says".to_vec(), "unknown_content"),
        ("image/jpeg", png(3, 2, 10), "mismatch"),
        ("image/png", png(3, 2, 0)[..16].to_vec(), "broken_content"),
    ] {
        let announced = client.announce(content_type, bytes.len(), None).await.expect(201);
        client.put(text(&announced, "upload_url"), bytes).await.expect(204);
        let id = text(&announced, "id");
        let refused = client.post_empty(&format!("/v1/media/{id}/confirm")).await.refused(400, "invalid_request");
        assert_eq!(detail(&refused), ("content_type", code));
        assert_eq!(client.get(&format!("/v1/media/{id}")).await.expect(200)["status"], "uploaded");
        let account = client.own_account().await;
        let post = json!({"body": "x", "account_ids": [account], "media_ids": [id]});
        let refused = client.post("/v1/posts", post).await.refused(400, "invalid_request");
        assert_eq!(detail(&refused), ("media_ids[0]", "not_confirmed"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_upload_is_given_again_and_what_is_confirmed_stays() {
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let server = SandboxServer::start().await;
    let account = client.connect_sandbox(&server.address, "bells", "keyed").await;
    let good = png(3, 2, 5_000);
    let announced = client.announce("image/png", good.len(), None).await.expect(201);
    let (id, url) = (text(&announced, "id"), text(&announced, "upload_url"));
    let confirm = format!("/v1/media/{id}/confirm");
    client.put(url, vec![b'x'; good.len()]).await.expect(204);
    let refused = client.post_empty(&confirm).await.refused(400, "invalid_request");
    assert_eq!(detail(&refused), ("content_type", "unknown_content"));
    assert!(text(&refused, "message").contains("`PUT` other bytes to the upload URL and confirm again"), "{refused}");
    client.put(url, good.clone()).await.expect(204);
    client.post_empty(&confirm).await.expect(200);
    client.put(url, vec![b'x'; good.len()]).await.refused(409, "conflict");
    let post = publish(&client, &account, "ring", &[id]).await;
    published(&client, &post, LIMIT).await;
    assert_eq!(server.truth().await.uploads[0].bytes, good.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platforms_rules_are_told_for_each_target() {
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let account = client.own_account().await;
    let small = client.medium("image/png", &png(3, 2, 0), None).await;
    let large = client.medium("image/png", &png(3, 2, 10 * 1024 * 1024), Some(&"x".repeat(1501))).await;
    let post = |media: &[&str]| json!({"body": "", "account_ids": [account], "media_ids": media});
    let refused = client.post("/v1/posts", post(&[&small, &large])).await.refused(422, "unprocessable_post");
    let found: Vec<_> = refused["details"].as_array().expect("details").iter().map(|it| text(it, "code")).collect();
    assert_eq!((detail(&refused).0, found), ("media_ids[1]", vec!["too_large", "alt_text_too_long"]));
    assert_eq!(refused["details"][0]["account_id"], account.as_str());
    let verdict = client.post("/v1/posts/validate", post(&[&small, &large])).await.expect(200);
    assert_eq!(text(&verdict["data"][0]["violations"][0], "code"), "too_large", "{verdict}");
    let refused = client.post("/v1/posts", post(&[&small, &small])).await.refused(400, "invalid_request");
    assert_eq!(detail(&refused), ("media_ids[1]", "repeated"));

    let made = client.post("/v1/posts", post(&[&small])).await.expect(201);
    assert_eq!(made["media_ids"], json!([small]));
    let path = format!("/v1/posts/{}", text(&made, "id"));
    let kept = client.patch(&path, json!({"body": "a word"})).await.expect(200);
    assert_eq!(kept["media_ids"], json!([small]));
    let taken = client.patch(&path, json!({"media_ids": []})).await.expect(200);
    assert_eq!(taken["media_ids"], json!([]));
    client.patch(&path, json!({"media_ids": [large]})).await.refused(422, "unprocessable_post");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_reaches_the_sandbox_with_its_words() {
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let server = SandboxServer::start().await;
    let account = client.connect_sandbox(&server.address, "bells", "keyed").await;
    let picture = client.medium("image/png", &png(3, 2, 5_000), Some("Glocken & <Türme>")).await;
    server.fault(json!({"kind": "error_before", "status": 503, "times": 1})).await;
    server.fault(json!({"kind": "reset", "on": "upload", "times": 1})).await;
    let post = publish(&client, &account, "ring", &[&picture]).await;
    published(&client, &post, LIMIT).await;
    let truth = server.truth().await;
    assert_eq!((truth.visible.len(), truth.uploads.len()), (1, 2), "each attempt that came so far brought it anew");
    assert_eq!(truth.visible[0].media_ids, [truth.uploads[1].id.as_str()]);
    for upload in &truth.uploads {
        assert_eq!((upload.content_type.as_str(), upload.bytes), ("image/png", png(3, 2, 5_000).len()));
        assert_eq!(upload.alt_text.as_deref(), Some("Glocken & <Türme>"));
    }
    assert_eq!(attempts(&client, &post).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_reaches_mastodon_before_its_status() {
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let bytes = png(3, 2, 5_000);
    let picture = client.medium("image/png", &bytes, Some("Glocken & <Türme>")).await;
    for flavour in [Flavour::Genuine, Flavour::Compatible] {
        let server = MastodonStandIn::start(flavour).await;
        let body = json!({"instance_url": server.address, "access_token": TOKEN});
        let account = client.post("/v1/connect/mastodon", body).await.expect(201);
        let account = text(&account, "id");
        server.next_media(&[MediaMood::InProcess(2), MediaMood::Status(503)]);
        let shown = publish(&client, account, "", &[&picture]).await;
        published(&client, &shown, LIMIT).await;
        let lost = publish(&client, account, "an upload that failed", &[&picture]).await;
        published(&client, &lost, LIMIT).await;
        server.next(&[Mood::ResetAfter]);
        let reset = publish(&client, account, "an answer that was lost", &[&picture]).await;
        published(&client, &reset, LIMIT).await;
        let statuses = server.statuses();
        assert_eq!(statuses.len(), 3, "{flavour:?}: {:?}", server.heard());
        for status in &statuses {
            let [medium] = status.media.as_slice() else { panic!("one picture in {status:?}") };
            assert_eq!((medium.content_type.as_str(), &medium.bytes), ("image/png", &bytes));
            assert_eq!(medium.description.as_deref(), Some("Glocken & <Türme>"));
        }
        server.next_media(&[MediaMood::Status(422)]);
        let refused = publish(&client, account, "not taken", &[&picture]).await;
        let refused = settled(&client, &refused, LIMIT).await;
        assert_eq!(refused["targets"][0]["error"]["class"], "rejected", "{refused}");
        assert_eq!((refused["targets"][0]["attempts"].as_u64(), server.statuses().len()), (Some(1), 3));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn media_outlive_a_restart_and_their_texts_stand_nowhere() {
    let mut engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let account = client.own_account().await;
    let picture = client.medium("image/png", &png(3, 2, 0), Some("quiet-alt-4f1b")).await;
    engine.kill9();
    engine.restart().await;
    let post = publish(&client, &account, "still here", &[&picture]).await;
    published(&client, &post, LIMIT).await;
    for text in ["quiet-alt-4f1b", "quiet-name.png"] {
        let found = crate::secrets::found_in(&engine.place().folders(), text);
        assert!(found.iter().all(|file| file.ends_with("sandbox.jsonl")), "`{text}` in {found:?}");
    }
}

/// Announces two media, begins to give the one, lets `end` take place, and gives the other: both are refused.
async fn upload_ends(announcer: &Client, reason: &str, end: impl AsyncFnOnce()) {
    let picture = png(8, 8, 4_000);
    let addresses = [
        announcer.announce("image/png", picture.len(), None).await,
        announcer.announce("image/png", picture.len(), None).await,
    ];
    let [begun, other] = addresses.map(|it| it.expect(201)["upload_url"].as_str().expect("an address").to_owned());
    let url = reqwest::Url::parse(&begun).expect("an address");
    let address = format!("127.0.0.1:{}", url.port().expect("a port"));
    let mut stream = std::net::TcpStream::connect(&address).expect("the engine listens");
    stream.set_read_timeout(Some(LIMIT)).expect("a socket");
    let path = format!("{}?{}", url.path(), url.query().expect("a signature"));
    let head = format!("PUT {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {}\r\n\r\n", picture.len());
    stream.write_all(&[head.as_bytes(), &picture[..2_000]].concat()).expect("the engine reads");

    end().await;
    let refused = announcer.put(&other, picture.clone()).await.refused(401, "unauthorized");
    assert_eq!(refused["reason"], reason);
    // What is under way is not waited for.
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).expect("the engine answers");
    assert_eq!(&answer, b"HTTP/1.1 401");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_ends_with_the_key_or_the_session_that_announced_it() {
    let engine = Engine::start(Options::default()).await;
    let admin = engine.client();
    let made = admin.post("/v1/keys", json!({"name": "uploader", "scopes": ["media:upload"]})).await.expect(201);
    let client = engine.client_of(text(&made, "secret"));
    let key = format!("/v1/keys/{}", text(&made, "id"));
    upload_ends(&client, "revoked_key", async || drop(admin.delete(&key).await.expect(200))).await;

    let email = "uploader@example.com";
    let invited = engine.command(&["people", "invite", email, "--role", "editor", "--json"]).ok();
    let invited: Value = serde_json::from_str(&invited).expect("JSON");
    let accept = json!({"token": invited["token"], "password": "a password for pictures"});
    engine.anonymous().post("/v1/invitations/accept", accept).await.expect(201);
    let login = json!({"email": email, "password": "a password for pictures"});
    let begun = engine.anonymous().post("/v1/auth/login", login).await.expect(200);
    let person = engine.client_of(text(&begun, "token"));
    let logout = async || assert_eq!(person.post_empty("/v1/auth/logout").await.status, 204);
    upload_ends(&person, "expired_session", logout).await;
}
