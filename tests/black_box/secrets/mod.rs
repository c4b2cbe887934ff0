//! What must stand nowhere: secrets, tokens, passwords; and texts only sealed.

mod whole_life;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde_json::{Value, json};

use crate::connect::{BACK, begin, consent};
use crate::keys::mistyped;
use crate::support::{
    Engine, Options, Place, Ran,
    handed::files,
    mastodon::{Flavour, HANDED, MastodonStandIn, Mood, TOKEN},
    published,
};

const LIMIT: Duration = Duration::from_mins(1);
const BODY: &str = "quiet-body-5a91 rings at noon";
const EDITED: &str = "quiet-edit-77c2 rings at noon";
const LABEL: &str = "quiet-tag-90b3";
const NAME: &str = "quiet-key-name-41d0";

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// Which texts stand in which files. Each file is read once: a database's are large.
fn standing<'a>(folders: &[PathBuf], texts: &[&'a str]) -> Vec<(&'a str, PathBuf)> {
    let mut found = Vec::new();
    for path in folders.iter().flat_map(|folder| files(folder)) {
        // A socket has no bytes of its own, and what is gone meanwhile no more.
        let bytes = fs::read(&path).unwrap_or_default();
        found.extend(texts.iter().filter(|text| holds(&bytes, text)).map(|text| (*text, path.clone())));
    }
    found
}

/// The files in which a text stands.
pub(crate) fn found_in(folders: &[PathBuf], text: &str) -> Vec<PathBuf> {
    standing(folders, &[text]).into_iter().map(|(_, path)| path).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_and_no_text_stands_in_any_file() {
    let mut engine = Engine::start(Options { log: Some("trace"), ..Options::default() }).await;
    let client = engine.client();
    let server = MastodonStandIn::start(Flavour::Compatible).await;
    let made = client.post("/v1/keys", json!({"name": NAME, "scopes": ["*"]})).await.expect(201);
    let key = made["secret"].as_str().expect("a secret").to_owned();
    let key_id = made["id"].as_str().expect("an id");
    let wrong = "wrong-token-8d1f0c";
    client.post("/v1/connect/mastodon", json!({"instance_url": server.address, "access_token": wrong})).await;
    let body = json!({"instance_url": server.address, "access_token": TOKEN});
    let account = client.post("/v1/connect/mastodon", body).await.expect(201)["id"].clone();
    // The other way to connect, with one code that is taken and one that isn't.
    let back = format!("https://page-{HANDED}.example/back");
    let first = begin(&client, &server.address, &back).await.expect(200)["state"].clone();
    let first = first.as_str().expect("a state");
    let wrong_code = json!({"code": format!("wrong-code-{HANDED}"), "state": first});
    client.post("/v1/connect/mastodon", wrong_code).await.refused(422, "connection_refused");
    let given = consent(&begin(&client, &server.address, BACK).await.expect(200)).await;
    client.post("/v1/connect/mastodon", given.clone()).await.expect(201);
    let second = given["state"].as_str().expect("a state");
    assert!(
        server
            .granted()
            .iter()
            .chain(server.apps().iter().map(|app| &app.client_secret))
            .all(|it| it.ends_with(HANDED))
    );
    // Every way that a text can take: refused, in doubt, asked for, sent.
    client.post("/v1/posts", json!({"body": BODY.repeat(30), "account_ids": [account], "publish": true})).await;
    client.post("/v1/posts", json!({"body": BODY, "account_ids": [account], "bodyy": BODY})).await;
    server.next(&[Mood::Unavailable { retry_after: None }, Mood::ResetAfter]);
    let body = json!({"body": BODY, "account_ids": [account], "tags": [LABEL]});
    let made = client.post("/v1/posts", body).await.expect(201);
    let post = made["id"].as_str().expect("an id");
    client.patch(&format!("/v1/posts/{post}"), json!({"body": EDITED})).await.expect(200);
    client.post_empty(&format!("/v1/posts/{post}/publish")).await.expect(200);
    published(&client, post, LIMIT).await;
    // A secret that is revoked, mistyped or in the wrong place is still one.
    engine.client_of(&mistyped(&key)).get("/v1/posts").await.refused(401, "unauthorized");
    client.get(&format!("/v1/keys/{key}")).await.refused(404, "not_found");
    client.post("/v1/posts", json!({key.clone(): key, "body": BODY})).await.refused(400, "invalid_request");
    client.delete(&format!("/v1/keys/{key_id}")).await.expect(200);
    engine.client_of(&key).get("/v1/posts").await.refused(401, "unauthorized");

    for runs in [true, false] {
        if !runs {
            engine.terminate();
        }
        let folders = engine.place().folders();
        // An event's name stands open.
        assert!(!found_in(&folders, "post.send_intended").is_empty(), "the files are where they are looked for");
        assert!(engine.said().contains("api.posts.create"), "the log is where it is looked for");
        let texts = [
            engine.secret(),
            &key,
            TOKEN,
            wrong,
            "quiet-body-5a91",
            "quiet-edit-77c2",
            LABEL,
            NAME,
            "owner@example.com",
            HANDED,
            first,
            second,
        ];
        assert_eq!(standing(&folders, &texts), [], "running: {runs}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_password_no_session_and_no_address_stands_in_any_file() {
    let mut engine = Engine::start(Options { log: Some("trace"), ..Options::default() }).await;
    let (anonymous, password, next) = (engine.anonymous(), "quiet-password-3f07", "quiet-password-8b22");
    let (email, wrong) = ("quiet-guest-66ad@example.com", "quiet-guess-19c4");
    let link = |ran: Ran| serde_json::from_str::<Value>(&ran.ok()).expect("JSON")["token"].clone();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let token = link(engine.command(&["people", "invite", email, "--role", "owner", "--json"]));
    let accept = json!({"token": token, "password": password});
    anonymous.post("/v1/invitations/accept", accept.clone()).await.expect(201);
    anonymous.post("/v1/invitations/accept", accept).await.refused(404, "not_found");
    let login = |password: &str| json!({"email": email, "password": password});
    anonymous.post("/v1/auth/login", login(wrong)).await.refused(401, "unauthorized");
    anonymous.post("/v1/auth/login", json!({"email": email, "password": password, "x": wrong})).await;
    let session = text(&anonymous.post("/v1/auth/login", login(password)).await.expect(200)["token"]);
    let person = engine.client_of(&session);
    let change = json!({"current_password": password, "new_password": next});
    assert_eq!(person.post("/v1/auth/password", change).await.status, 204);
    person.get(&format!("/v1/auth/sessions/{session}")).await.refused(405, "method_not_allowed");
    person.delete(&format!("/v1/auth/sessions/{session}")).await.refused(404, "not_found");
    let own = text(&person.get("/v1/me").await.expect(200)["person"]["id"]);
    assert!(own.starts_with("user_"), "{own}");
    let reset = link(engine.command(&["people", "reset", email, "--json"]));
    assert_eq!(person.post("/v1/auth/reset", json!({"token": reset, "password": password})).await.status, 204);
    person.get("/v1/me").await.refused(401, "unauthorized");

    for runs in [true, false] {
        if !runs {
            engine.terminate();
        }
        let folders = engine.place().folders();
        assert!(!found_in(&folders, "person.password_changed").is_empty(), "the files are where they are looked for");
        assert!(engine.said().contains("api.auth.login"), "the log is where it is looked for");
        for secret in [password, next, wrong, "quiet-guest", &session, &text(&token), &text(&reset)] {
            assert_eq!(found_in(&folders, secret), Vec::<PathBuf>::new(), "`{secret}`, running: {runs}");
        }
    }
}

#[test]
fn a_password_is_kept_only_as_its_hash() {
    let place = Place::new();
    let password = "correct-horse-9e1c-battery";
    let mut command = place.program();
    command.args(["init", "--email", "owner@example.com", "--password-stdin"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    writeln!(child.stdin.take().expect("its input"), "{password}").expect("it reads");
    let ended = child.wait_with_output().expect("it ends");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    assert!(!holds(&ended.stdout, password) && !holds(&ended.stderr, password));
    assert_eq!(found_in(&place.folders(), password), Vec::<PathBuf>::new());
    assert!(!found_in(&place.folders(), "$argon2id$").is_empty(), "the hash is there");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_opens_the_folder_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let engine = Engine::start(Options::default()).await;
    let mode = |path: &Path| fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    // Where nodes share a key, it is the operator's own file.
    if engine.place().servers().is_none() {
        assert_eq!(mode(&engine.data().join("master.key")), 0o600);
    }
    let sockets = files(&engine.data()).into_iter().filter(|path| path.extension().is_some_and(|it| it == "sock"));
    let modes: Vec<_> = sockets.map(|path| mode(&path)).collect();
    assert_eq!(modes, [0o600], "the operator's socket");
}
