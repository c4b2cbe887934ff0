//! `campanile log export --bundle` and `campanile log import`: an engine moves, and nobody notices.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Arc, RwLock},
    time::Duration,
};

use campanile_test_servers::Postgres;
use serde_json::{Value, json};

use crate::support::{
    Client, Engine, Options, Process, Ran, SOON, SandboxServer, campanile, eventually, now, published,
};

/// Where an engine moves to.
pub(super) struct Place {
    pub(super) folder: tempfile::TempDir,
    database: Option<(Postgres, String)>,
}

impl Place {
    pub(super) fn folder() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), database: None }
    }

    pub(super) fn database() -> Self {
        let server = Postgres::start();
        let url = server.create_database("campanile");
        Self { database: Some((server, url)), ..Self::folder() }
    }

    pub(super) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The master key that was brought along.
    pub(super) fn bring_key_of(&self, engine: &Engine) {
        fs::copy(engine.data().join("master.key"), self.folder.path().join("the.key")).expect("a copy of the key");
    }

    pub(super) fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = campanile();
        command.args(arguments).env("CAMPANILE_DATA", self.data()).current_dir(self.folder.path());
        command.env("CAMPANILE_MASTER_KEY_FILE", self.folder.path().join("the.key"));
        if let Some((_, url)) = &self.database {
            command.env("CAMPANILE_DATABASE_URL", url);
        }
        command
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.command(arguments))
    }

    /// Serves there, until the process is dropped.
    pub(super) async fn serve(&self, secret: &str) -> (Process, Client) {
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0", "--allow-egress", "127.0.0.0/8"]);
        command.env("CAMPANILE_TIMING", crate::support::QUICK);
        let mut process = Process::start("moved", &mut command, self.folder.path());
        let address = process.address().await;
        let client = Client::new(Arc::new(RwLock::new(address)), Some(secret));
        eventually("the moved engine is ready", SOON, async || match client.get("/readyz").await {
            answer if answer.status == 200 => Ok(()),
            answer => Err(answer.text),
        })
        .await;
        (process, client)
    }

    /// The events as `log export` tells them, without header and checkpoint.
    fn events(&self) -> Vec<Value> {
        let exported = self.run(&["log", "export"]).ok();
        let lines: Vec<Value> = exported.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        lines[1..lines.len() - 1].to_vec()
    }
}

/// An export and the bundle with it.
pub(super) struct Moved {
    pub(super) log: PathBuf,
    pub(super) bundle: PathBuf,
}

impl Moved {
    pub(super) fn of(engine: &Engine) -> Self {
        let (log, bundle) = (engine.outputs().join("log.jsonl"), engine.outputs().join("keys.bundle"));
        engine.command(&["log", "export", "--output", text(&log), "--bundle", text(&bundle)]).ok();
        Self { log, bundle }
    }

    pub(super) fn import<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        [&["log", "import", text(&self.log), "--bundle", text(&self.bundle)], more].concat()
    }
}

pub(super) fn text(path: &Path) -> &str {
    path.to_str().expect("a path")
}

fn whole(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).expect("an export");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

pub(super) async fn post(client: &Client, body: &str, account: &str) -> String {
    let body = json!({"body": body, "account_ids": [account]});
    let made = client.post("/v1/posts", body).await.expect(201);
    made["id"].as_str().expect("an id").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_moves_to_another_folder() {
    moves_to(Place::folder()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_moves_to_postgresql() {
    moves_to(Place::database()).await;
}

async fn moves_to(place: Place) {
    let sandbox = SandboxServer::start().await;
    let mut old = Engine::start(Options::default()).await;
    let client = old.client();
    let account = client.connect_sandbox(&sandbox.address, "bells", "keyed").await;
    let (out, draft, due) = (
        post(&client, "out already", &account).await,
        post(&client, "a draft", &account).await,
        post(&client, "due after the move", &account).await,
    );
    let reader = client.key(&["posts:read"]).await;
    client.post_empty(&format!("/v1/posts/{out}/publish")).await.expect(200);
    published(&client, &out, SOON).await;
    let request = client.request(reqwest::Method::POST, "/v1/posts").header("Idempotency-Key", "once");
    let once = json!({"body": "asked for twice", "account_ids": [account]});
    let first = client.send(request.json(&once)).await.expect(201);
    let at = (now() + Duration::from_secs(20)).to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    client.post(&format!("/v1/posts/{due}/schedule"), json!({"at": at})).await.expect(200);

    // While it runs, through its socket.
    let early = Moved::of(&old);
    let mode = fs::metadata(&early.bundle).expect("a bundle").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let bytes = fs::read(&early.bundle).expect("a bundle");
    for secret in [&b"platform_tokens"[..], b"campanile/", b"bells", b"verifying_key"] {
        assert!(!bytes.windows(secret.len()).any(|part| part == secret), "{}", String::from_utf8_lossy(secret));
    }
    old.terminate();
    let moved = Moved::of(&old);
    assert_eq!(sandbox.truth().await.visible.len(), 1, "the scheduled one is not out yet");

    let refused = place.run(&moved.import(&[]));
    assert_eq!(refused.code, Some(2), "without the master key: {}", refused.errors);
    assert!(!place.data().exists(), "nothing was made");
    place.bring_key_of(&old);
    let imported = place.run(&moved.import(&[]));
    assert_eq!(imported.code, Some(0), "{}", imported.errors);
    let before = whole(&moved.log);
    assert_eq!(place.events(), before[1..before.len() - 1], "every event as it was");
    let verified = place.run(&["log", "verify", "--checkpoint", text(&old.data().join("checkpoint"))]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.output, verified.errors);
    let again = place.run(&moved.import(&[]));
    assert_eq!(again.code, Some(2), "a second time: {}", again.errors);
    assert_eq!(place.events(), before[1..before.len() - 1], "and nothing was changed");

    let (mut process, client) = place.serve(old.secret()).await;
    published(&client, &due, SOON + Duration::from_secs(30)).await;
    let counts = sandbox.truth().await.counts();
    let expected = ["due after the move", "out already"].map(|body| (("bells".to_owned(), body.to_owned()), 1));
    assert_eq!(counts.into_iter().collect::<Vec<_>>(), expected, "each once");
    let shown = client.get(&format!("/v1/posts/{draft}")).await.expect(200);
    assert_eq!((&shown["status"], &shown["body"]), (&json!("draft"), &json!("a draft")));
    let request = client.request(reqwest::Method::POST, "/v1/posts").header("Idempotency-Key", "once");
    assert_eq!(client.send(request.json(&once)).await.expect(201)["id"], first["id"], "a receipt moves, too");
    let narrow = Client::new(Arc::new(RwLock::new(process.address().await)), Some(&reader));
    narrow.get("/v1/posts").await.expect(200);
    let forbidden = narrow.post("/v1/posts", json!({"body": "no", "account_ids": [account]})).await;
    assert_eq!(forbidden.status, 403, "{}", forbidden.text);
    process.ask_to_stop();
    assert_eq!(process.ended(Duration::from_secs(40)).code(), Some(0), "{}", process.said());
    place.run(&["log", "verify"]).ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_refused_and_leaves_the_log_empty() {
    let mut old = Engine::start(Options::default()).await;
    let account = old.client().own_account().await;
    let earlier = fs::read({
        let moved = Moved::of(&old);
        let kept = old.outputs().join("earlier.bundle");
        fs::copy(&moved.bundle, &kept).expect("a copy");
        kept
    })
    .expect("a bundle");
    post(&old.client(), "after the bundle", &account).await;
    old.terminate();
    let moved = Moved::of(&old);
    let (log, bundle) = (fs::read_to_string(&moved.log).expect("text"), fs::read(&moved.bundle).expect("a bundle"));
    let place = Place::folder();
    place.bring_key_of(&old);
    let with = |log: &str, bundle: &[u8], more: &[&str]| {
        fs::write(&moved.log, log).expect("written");
        fs::write(&moved.bundle, bundle).expect("written");
        place.run(&moved.import(more))
    };
    let mut lines: Vec<&str> = log.lines().collect();
    let altered = log.replacen("operator", "0perator", 1);
    let mut broken = bundle.clone();
    *broken.last_mut().expect("bytes") ^= 1;
    for (what, code, ran) in [
        ("an altered event", 2, with(&altered, &bundle, &[])),
        ("a bundle that was changed", 2, with(&log, &broken, &[])),
        ("a bundle of before", 2, with(&log, &earlier, &[])),
        ("no bundle at all", 2, place.run(&["log", "import", text(&moved.log)])),
        ("no checkpoint", 2, {
            lines.pop();
            with(&(lines.join("\n") + "\n"), &bundle, &[])
        }),
    ] {
        assert_eq!(ran.code, Some(code), "{what}: {}{}", ran.output, ran.errors);
        assert!(!place.data().exists(), "{what}: nothing was made");
        assert_eq!(place.run(&["log", "stats"]).code, Some(2), "{what}: there is still no log");
    }
    let part = old.command(&["log", "export", "--after", "2"]).ok();
    assert_eq!(with(&part, &bundle, &[]).code, Some(2), "a part of a log");
    let other = Engine::start(Options::default()).await;
    let foreign = other.command(&["log", "export"]).ok();
    assert_eq!(with(&foreign, &bundle, &[]).code, Some(2), "another engine's log");

    // What was refused stands in nobody's way.
    assert_eq!(with(&log, &bundle, &[]).code, Some(0));
    place.run(&["log", "verify"]).ok();
    let events = Place::folder();
    fs::write(events.folder.path().join("the.key"), Ran::of(campanile().arg("master-key")).ok()).expect("a key");
    let ran = events.run(&["log", "import", text(&moved.log), "--without-bundle"]);
    assert_eq!(ran.code, Some(0), "the events alone: {}", ran.errors);
    events.run(&["log", "verify"]).ok();
}
