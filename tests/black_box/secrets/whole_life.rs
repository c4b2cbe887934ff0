//! One engine with every kind of secret in it, from its first start to its export. Then all that it wrote, said, answered and
//! sent is looked through for each of them, as it is and in other writings.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use campanile_events::seal::MasterKey;
use campanile_test_servers::Pds;
use reqwest::Method;
use serde_json::{Value, json};

use crate::bluesky::{TIMING, resident::Resident};
use crate::connect::{BACK, begin, consent};
use crate::keys::mistyped;
use crate::operators::telemetry::collector;
use crate::support::{
    Answer, Client, Engine, Options, PASSWORDS, Ran,
    handed::{Needles, files, keep},
    mastodon::{Flavour, HANDED, MastodonStandIn, TOKEN},
    png, published,
};

const LIMIT: Duration = Duration::from_mins(1);
const EMAIL: &str = "quiet-owner-21b7@example.com";
/// One after the other a person's passwords, and one that is nobody's.
const OWN: [&str; 3] = ["quiet-first-password-0a1", "quiet-second-password-0b2", "quiet-third-password-0c3"];
const WRONG: &str = "quiet-wrong-password-0d4";
const WRONG_TOKEN: &str = "quiet-wrong-token-77aa01";
/// What keys are derived for from the master key.
const DERIVED: [&str; 5] = ["key-verifiers", "sessions", "links", "media-upload", "oauth-apps"];

/// What happened so far.
#[derive(Default)]
struct Diary {
    /// What must stand nowhere.
    secrets: Vec<Vec<u8>>,
    /// What was said by whom, where no secret is handed out.
    heard: Vec<(String, String)>,
}

impl Diary {
    fn secret(&mut self, secret: &Value) -> String {
        let secret = secret.as_str().expect("a secret").to_owned();
        keep(&secret);
        self.secrets.push(secret.clone().into_bytes());
        secret
    }

    /// An answer that hands out no secret.
    fn note(&mut self, answer: Answer) -> Answer {
        self.heard.push((answer.request.clone(), format!("{:?}\n{}", answer.headers, answer.text)));
        answer
    }

    async fn get(&mut self, client: &Client, path: &str) -> Answer {
        self.note(client.get(path).await)
    }

    async fn post(&mut self, client: &Client, path: &str, body: Value) -> Answer {
        self.note(client.post(path, body).await)
    }

    async fn delete(&mut self, client: &Client, path: &str) -> Answer {
        self.note(client.delete(path).await)
    }

    /// A command that hands out no secret.
    fn ran(&mut self, what: &str, ran: &Ran) {
        self.heard.push((what.to_owned(), format!("{}\n{}", ran.output, ran.errors)));
    }
}

fn text<'a>(body: &'a Value, field: &str) -> &'a str {
    body[field].as_str().unwrap_or_else(|| panic!("`{field}` in {body}"))
}

fn json_of(ran: Ran) -> Value {
    serde_json::from_str(&ran.ok()).expect("one JSON object")
}

/// Keys that are made, told again, rotated, mistyped, put in the wrong place, reported and revoked.
async fn lives_of_keys(engine: &Engine, diary: &mut Diary) {
    let admin = engine.client();
    let new = json!({"name": "canary", "scopes": ["posts:read", "media:upload"], "mode": "test"});
    let new_key = || admin.request(Method::POST, "/v1/keys").header("Idempotency-Key", "canary").json(&new);
    let made = admin.send(new_key()).await.expect(201);
    let first = diary.secret(&made["secret"]);
    assert_eq!(admin.send(new_key()).await.expect(201)["secret"], first.as_str(), "the receipt keeps it, sealed");
    let id = text(&made, "id");
    let rotated = admin.post(&format!("/v1/keys/{id}/rotate"), json!({"overlap_seconds": 60})).await.expect(201);
    let second = diary.secret(&rotated["secret"]);
    for secret in [&first, &second] {
        diary.get(&engine.client_of(secret), "/v1/me").await.expect(200);
    }
    let refused = [
        diary.get(&engine.client_of(&mistyped(&second)), "/v1/posts").await,
        diary.get(&admin, &format!("/v1/keys/{second}")).await,
        diary.get(&admin, &format!("/v1/keys?q={second}")).await,
        diary.post(&admin, &format!("/v1/keys/{second}/rotate"), json!({})).await,
        diary.post(&admin, "/v1/keys", json!({"name": "x", second.clone(): 1})).await,
        diary.post(&engine.client_of(&second), "/v1/keys", json!({"name": "x", "scopes": ["*"]})).await,
    ];
    assert!(refused.iter().all(|answer| answer.status >= 400), "{refused:?}");
    diary.post(&engine.anonymous(), "/v1/keys/revoke-by-secret", json!({"secret": first})).await.expect(200);
    diary.post(&engine.anonymous(), "/v1/keys/revoke-by-secret", json!({"secret": mistyped(&first)})).await;
    diary.delete(&admin, &format!("/v1/keys/{}", text(&rotated, "id"))).await.expect(200);
    for secret in [&first, &second] {
        diary.get(&engine.client_of(secret), "/v1/me").await.refused(401, "unauthorized");
    }
    diary.get(&admin, &format!("/v1/keys/{id}/history")).await.expect(200);

    let made = json_of(engine.command(&["keys", "create", "--name", "by hand", "--scope", "posts:read", "--json"]));
    diary.secret(&made["secret"]);
    let next = json_of(engine.command(&["keys", "rotate", text(&made, "id"), "--json"]));
    diary.secret(&next["secret"]);
    diary.ran("keys revoke", &engine.command(&["keys", "revoke", text(&next, "id")]));
}

/// Somebody who comes in by a link, signs in often, changes their password, forgets it, and leaves.
async fn life_of_a_person(engine: &Engine, diary: &mut Diary) {
    let (anonymous, program) = (engine.anonymous(), |arguments: &[&str]| json_of(engine.command(arguments)));
    let unused = program(&["people", "invite", "quiet-other@example.com", "--role", "viewer", "--json"]);
    diary.secret(&unused["token"]);
    let invited = program(&["people", "invite", EMAIL, "--role", "owner", "--json"]);
    let link = diary.secret(&invited["token"]);
    diary.secrets.extend([OWN[0], OWN[1], OWN[2], WRONG].map(|it| it.as_bytes().to_vec()));
    let accept = json!({"token": link, "password": OWN[0]});
    diary.post(&anonymous, "/v1/invitations/accept", accept.clone()).await.expect(201);
    diary.post(&anonymous, "/v1/invitations/accept", accept).await.refused(404, "not_found");

    let login = |password: &str| json!({"email": EMAIL, "password": password});
    diary.post(&anonymous, "/v1/auth/login", login(WRONG)).await.refused(401, "unauthorized");
    diary.post(&anonymous, "/v1/auth/login", json!({"email": EMAIL, "password": OWN[0], "x": OWN[0]})).await;
    let again =
        || anonymous.request(Method::POST, "/v1/auth/login").header("Idempotency-Key", "in").json(&login(OWN[0]));
    let begun = anonymous.send(again()).await.expect(200);
    let kept = diary.secret(&begun["token"]);
    assert_eq!(anonymous.send(again()).await.expect(200)["token"], kept.as_str());
    let mut sessions = vec![kept];
    for _ in 0..2 {
        let begun = anonymous.post("/v1/auth/login", login(OWN[0])).await.expect(200);
        sessions.push(diary.secret(&begun["token"]));
    }
    let person = engine.client_of(&sessions[0]);
    diary.get(&person, "/v1/auth/sessions").await.expect(200);
    diary.get(&person, "/v1/people").await.expect(200);
    diary.delete(&person, &format!("/v1/auth/sessions/{}", sessions[1])).await.refused(404, "not_found");
    let invited = person.post("/v1/invitations", json!({"email": "quiet-third@example.com", "role": "viewer"})).await;
    diary.secret(&invited.expect(201)["token"]);
    diary.get(&person, "/v1/invitations").await.expect(200);
    diary.post(&engine.client_of(&sessions[1]), "/v1/auth/logout", json!({})).await;
    let change = json!({"current_password": OWN[0], "new_password": OWN[1]});
    assert_eq!(diary.post(&person, "/v1/auth/password", change).await.status, 204);
    let reset = program(&["people", "reset", EMAIL, "--json"]);
    let reset = diary.secret(&reset["token"]);
    let wrong = json!({"token": mistyped(&reset), "password": OWN[2]});
    diary.post(&anonymous, "/v1/auth/reset", wrong).await.refused(404, "not_found");
    let reset = json!({"token": reset, "password": OWN[2]});
    assert_eq!(diary.post(&anonymous, "/v1/auth/reset", reset).await.status, 204);
    diary.get(&person, "/v1/me").await.refused(401, "unauthorized");

    // At another place's command line; what it keeps of its session is for its user alone.
    let home = tempfile::tempdir().expect("a folder");
    let password = home.path().join("password");
    fs::write(&password, OWN[2]).expect("written");
    let mut program = |what: &str, arguments: &[&str]| {
        let mut command: Command = engine.program();
        command.env("XDG_CONFIG_HOME", home.path()).env_remove("CAMPANILE_API_KEY").args(arguments);
        diary.ran(what, &Ran::of(&mut command));
    };
    let password = password.to_str().expect("a path");
    program("login", &["login", "--server", &engine.base(), "--email", EMAIL, "--password-file", password]);
    program("whoami", &["whoami", "--json"]);
    let kept = fs::read_to_string(home.path().join("campanile/sessions.json")).expect("a session is kept");
    let kept: Value = serde_json::from_str(&kept).expect("JSON");
    let session = kept["sessions"].as_object().and_then(|all| all.values().next()).expect("a session")["token"].clone();
    program("keys list", &["keys", "list"]);
    program("logout", &["logout"]);
    diary.secret(&session);
    diary.ran("people remove", &engine.command(&["people", "remove", EMAIL]));
}

/// Accounts that are connected both ways and refused both ways, a post, and pictures at their addresses.
async fn life_of_an_account(engine: &Engine, diary: &mut Diary) {
    let (client, server) = (engine.client(), MastodonStandIn::start(Flavour::Compatible).await);
    diary.secrets.extend([TOKEN, WRONG_TOKEN, HANDED].map(|it| it.as_bytes().to_vec()));
    let direct = |token: &str| json!({"instance_url": server.address, "access_token": token});
    diary.post(&client, "/v1/connect/mastodon", direct(WRONG_TOKEN)).await.refused(422, "connection_refused");
    let account = diary.post(&client, "/v1/connect/mastodon", direct(TOKEN)).await.expect(201)["id"].clone();
    let given = consent(&begin(&client, &server.address, BACK).await.expect(200)).await;
    let state = given["state"].clone();
    diary.post(&client, "/v1/connect/mastodon", given.clone()).await.expect(201);
    diary.secret(&state);
    let wrong = json!({"code": format!("wrong-code-{HANDED}"), "state": state});
    diary.post(&client, "/v1/connect/mastodon", wrong).await;

    let picture = png(8, 8, 500);
    for _ in 0..2 {
        let announced = client.announce("image/png", picture.len(), Some("a bell")).await.expect(201);
        let url = text(&announced, "upload_url");
        diary.secret(&json!(url.split_once("signature=").expect("a signature").1));
        diary.note(client.put(&url.replace("signature=", "signature=0"), picture.clone()).await);
        diary.note(client.put(url, picture.clone()).await).expect(204);
        diary.note(client.put(&format!("{url}&x=1"), picture.clone()).await).refused(400, "invalid_request");
        let confirm = format!("/v1/media/{}/confirm", text(&announced, "id"));
        diary.post(&client, &confirm, json!({})).await.expect(200);
        diary.note(client.put(url, picture.clone()).await).refused(409, "conflict");
        let post = json!({"body": "the bell", "account_ids": [account], "media_ids": [announced["id"]], "publish": true,
            "allow_duplicate": true});
        let post = diary.post(&client, "/v1/posts", post).await.expect(201);
        published(&client, text(&post, "id"), LIMIT).await;
        for more in ["", "/results", "/history"] {
            diary.get(&client, &format!("/v1/posts/{}{more}", text(&post, "id"))).await.expect(200);
        }
    }
    diary.get(&client, "/v1/accounts").await.expect(200);
    diary.delete(&client, &format!("/v1/accounts/{}", account.as_str().expect("an id"))).await.expect(204);
}

/// An account on a real server of the AT Protocol: the password for an app, and the tokens of one session after the other.
async fn life_of_a_resident(engine: &Engine, diary: &mut Diary) {
    let Some(pds) = Pds::shared() else { return };
    let (client, ada) = (engine.client(), Resident::move_in(pds, "canary-ada").await);
    let app_password = diary.secret(&json!(ada.app_password("campanile").await));
    for beginning in ada.beginnings().await {
        assert!(beginning.starts_with("eyJ") && beginning.len() > 20, "{beginning}");
        diary.secret(&json!(beginning));
    }
    let wrong = diary.secret(&json!("quiet-wrong-app-password-0e5"));
    let with = |password: &str| json!({"service_url": pds.url(), "identifier": ada.handle, "app_password": password});
    diary.post(&client, "/v1/connect/bluesky", with(&wrong)).await.refused(422, "connection_refused");
    let account = diary.post(&client, "/v1/connect/bluesky", with(&app_password)).await.expect(201)["id"].clone();
    for (text, hours) in [("the first bell", 0), ("the second bell", 3)] {
        // Past the end of the access token another one is asked for.
        if hours > 0 {
            pds.go_ahead(hours);
        }
        let post = json!({"body": text, "account_ids": [account], "publish": true});
        let post = diary.post(&client, "/v1/posts", post).await.expect(201)["id"].clone();
        let post = post.as_str().expect("an id");
        published(&client, post, LIMIT).await;
        diary.get(&client, &format!("/v1/posts/{post}/history")).await.expect(200);
    }
    diary.get(&client, "/v1/accounts").await.expect(200);
}

/// What opens the engine's own seals.
fn of_the_machine(engine: &Engine, diary: &mut Diary) -> PathBuf {
    let file = match engine.place().servers() {
        Some(servers) => servers.master_key(),
        None => engine.data().join("master.key"),
    };
    let hex = fs::read_to_string(&file).expect("the master key");
    let master = MasterKey::from_hex(hex.trim()).expect("a master key");
    let bytes = (0..32).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("digits")).collect();
    diary.secrets.extend([hex.trim().as_bytes().to_vec(), bytes]);
    diary.secrets.extend(DERIVED.map(|purpose| master.derive(purpose).to_vec()));
    if engine.place().servers().is_some() {
        diary.secrets.extend(PASSWORDS.map(|it| it.as_bytes().to_vec()));
    }
    file
}

fn looked_through(needles: &Needles, folders: &[PathBuf], but: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for path in folders.iter().flat_map(|folder| files(folder)).filter(|path| path != but) {
        let bytes = fs::read(&path).unwrap_or_default();
        found.extend(needles.found_in(&bytes).into_iter().map(|it| format!("{it} in {}", path.display())));
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_of_a_whole_life_leaves_the_engine() {
    let mut engine = Engine::start(Options { log: Some("trace"), timing: Some(TIMING), ..Options::default() }).await;
    engine.terminate();
    let (address, exported) = collector();
    let file = format!("[telemetry]\notlp_endpoint = \"http://{address}\"\n");
    fs::write(engine.outputs().join("campanile.toml"), file).expect("written");
    engine.restart().await;
    let mut diary = Diary { secrets: vec![engine.secret().as_bytes().to_vec()], ..Diary::default() };
    let master = of_the_machine(&engine, &mut diary);
    lives_of_keys(&engine, &mut diary).await;
    life_of_a_person(&engine, &mut diary).await;
    life_of_an_account(&engine, &mut diary).await;
    life_of_a_resident(&engine, &mut diary).await;

    // While it runs, and after a crash in the middle of whatever it does.
    let admin = engine.client();
    for path in ["/v1/keys", "/v1/me", "/v1/platforms", "/v1/scopes", "/v1/workspaces", "/v1/openapi.json", "/nowhere"]
    {
        diary.get(&admin, path).await;
    }
    for path in ["/metrics", "/readyz", "/healthz", "/join", "/reset", "/v1/openapi.json"] {
        diary.get(&engine.anonymous(), path).await;
    }
    let needles = Needles::of(&diary.secrets);
    let folders = engine.place().folders();
    assert_eq!(looked_through(&needles, &folders, &master), BTreeSet::new(), "while it runs");
    // In order, so that what is left of the traces is sent; then as a crash leaves it.
    engine.terminate();
    engine.restart().await;
    engine.kill9();
    engine.restart().await;

    for arguments in [
        &["log", "tail"][..],
        &["log", "stats"],
        &["log", "verify"],
        &["projections", "status"],
        &["keys", "list", "--json"],
        &["people", "list", "--json"],
        &["log", "export"],
        &["log", "export", "--output", "life.jsonl", "--bundle", "life.bundle"],
    ] {
        let ran = engine.command(arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.errors);
        diary.ran(&arguments.join(" "), &ran);
    }
    engine.terminate();
    if let Some(servers) = engine.place().servers() {
        diary.heard.push(("the whole database".to_owned(), servers.dump()));
    }
    diary.heard.push(("the log".to_owned(), engine.said()));
    let traces: Vec<u8> = exported.try_iter().flat_map(|(_, body)| body).collect();

    // What is looked through is what it should be.
    let heard = |what: &str, text: &str| diary.heard.iter().any(|(it, said)| it.contains(what) && said.contains(text));
    for (what, text) in [
        ("the log", "api.keys.create"),
        ("log export", "key.revoked"),
        ("log tail", "person.password_changed"),
        ("/metrics", "campanile_"),
        ("/readyz", "journal: ok"),
        ("/v1/keys/key_", "rotated"),
        ("people list", "@example.com"),
        ("whoami", EMAIL),
    ] {
        assert!(heard(what, text), "`{text}` in {what}");
    }
    assert!(traces.windows(15).any(|it| it == b"api.keys.rotate"), "{} bytes of traces", traces.len());
    assert!(fs::read(engine.data().join("life.bundle")).expect("a bundle").len() > 1_000);

    let mut found = looked_through(&needles, &folders, &master);
    found.extend(needles.found_in(&traces).into_iter().map(|it| format!("{it} in the traces")));
    for (what, said) in &diary.heard {
        found.extend(needles.found_in(said.as_bytes()).into_iter().map(|it| format!("{it} in {what}")));
    }
    assert_eq!(found, BTreeSet::new());
}
