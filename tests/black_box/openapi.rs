//! The API's description: committed, served, valid, and true of every answer that thousands of requests get.

use std::{fs, path::Path, process::Command};

use serde_json::{Value, json};

use crate::support::{Client, Engine, Options, Ran, campanile};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// Where `tests/run` puts what checks the description.
const TOOLS: &str = "target/schemathesis/bin";
/// How many requests are made up for each operation, beside those that the description itself leads to.
const EXAMPLES: &str = "CAMPANILE_TEST_OPENAPI_EXAMPLES";

fn committed() -> String {
    fs::read_to_string(Path::new(ROOT).join("openapi.json")).expect("the committed description")
}

fn tool(name: &str) -> Option<Command> {
    let folder = Path::new(ROOT).join(TOOLS);
    let path = folder.join(name);
    path.exists().then(|| {
        let mut command = Command::new(path);
        // Schemathesis keeps notes in the folder that it runs in.
        command.current_dir(folder);
        command
    })
}

#[test]
fn the_committed_description_is_the_programs() {
    let printed = Ran::of(campanile().arg("openapi")).ok();
    assert!(printed == committed(), "openapi.json is not fresh: `cargo run -- openapi > openapi.json` writes it anew");
}

#[tokio::test]
async fn the_description_is_served_to_anybody() {
    let engine = Engine::start(Options::default()).await;
    let served = engine.anonymous().get("/v1/openapi.json").await.expect(200);
    assert_eq!(served, serde_json::from_str::<Value>(&committed()).expect("JSON"));
}

/// What is tried of the description, and by whom.
struct Tried<'a> {
    /// Who asks: a key or a session.
    secret: &'a str,
    /// The key or session, and the account, that the tests stand on.
    kept: [&'a str; 2],
    /// What else schemathesis is told.
    arguments: &'a [&'a str],
}

/// Holds what an engine answers against its description; `None` where there is nothing to do it with.
async fn hold(engine: &Engine, tried: Tried<'_>) -> Option<()> {
    let Some(mut schemathesis) = tool("schemathesis") else {
        eprintln!("skipped: {TOOLS} has no schemathesis; tests/run installs it");
        return None;
    };
    schemathesis
        .env("SCHEMATHESIS_HOOKS", Path::new(ROOT).join("tests/openapi/hooks.py"))
        .env("CAMPANILE_KEY", tried.kept[0])
        .env("CAMPANILE_ACCOUNT", tried.kept[1])
        .arg("--config-file")
        .arg(Path::new(ROOT).join("tests/openapi/schemathesis.toml"))
        .arg("run")
        .arg(format!("{}/v1/openapi.json", engine.base()))
        .args(["--header", &format!("Authorization: Bearer {}", tried.secret)])
        .args(["--max-examples", &std::env::var(EXAMPLES).unwrap_or_else(|_| "5".to_owned())])
        .args(["--continue-on-failure", "--no-color"])
        .args(tried.arguments);
    let ran = tokio::task::spawn_blocking(move || Ran::of(&mut schemathesis)).await.expect("it runs");
    println!("{}", ran.output);
    assert_eq!(ran.code, Some(0), "answers differ from the description:\n{}{}", ran.output, ran.errors);
    Some(())
}

#[tokio::test]
async fn every_answer_is_one_that_the_description_names() {
    if let Some(mut validator) = tool("openapi-spec-validator") {
        Ran::of(validator.arg(Path::new(ROOT).join("openapi.json"))).ok();
    }
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let key = client.get("/v1/me").await.expect(200)["key"]["id"].as_str().expect("an id").to_owned();
    let account = client.own_account().await;
    let before = drafted(&engine);
    let tried = Tried { secret: engine.secret(), kept: [&key, &account], arguments: &[] };
    if hold(&engine, tried).await.is_none() {
        return;
    }
    // Where everything is refused for one reason, nothing was tried.
    assert!(client.get("/v1/me").await.expect(200)["key"]["id"] == key.as_str(), "the tests' own key was taken away");
    assert!(drafted(&engine) > before, "no post was made");
}

#[tokio::test]
async fn every_answer_to_a_person_is_one_that_the_description_names() {
    let options = Options { limits: Some("per_minute=1000000,per_day=1000000"), ..Options::default() };
    let engine = Engine::start(options).await;
    let (email, password) = ("owner.of.all@example.com", "a password for answers");
    let invited = engine.command(&["people", "invite", email, "--role", "owner", "--json"]).ok();
    let invited: Value = serde_json::from_str(&invited).expect("JSON");
    let accept = json!({"token": invited["token"], "password": password});
    let workspace = engine.anonymous().post("/v1/invitations/accept", accept).await.expect(201)["workspace_id"].clone();
    let login = json!({"email": email, "password": password});
    let begun = engine.anonymous().post("/v1/auth/login", login).await.expect(200);
    let [token, session] = ["token", "session_id"].map(|it| begun[it].as_str().expect("a text"));
    let person = engine.client_of(token);
    // Who makes workspaces has to say which one they mean.
    let here = format!("Campanile-Workspace: {}", workspace.as_str().expect("an id"));
    // Whoever signs out is nobody from then on.
    let arguments = [
        "--header",
        &here,
        "--include-path-regex",
        "^/v1/(people|invitations|workspaces|auth/(sessions|password)|me$)",
        "--exclude-operation-id",
        "auth.end_all_sessions",
    ];
    let tried = Tried { secret: token, kept: [session, ""], arguments: &arguments };
    if hold(&engine, tried).await.is_none() {
        return;
    }
    let made = count(&person, "/v1/workspaces").await;
    assert!(made > 1, "no workspace was made");
}

/// How many posts were ever drafted: some of them are deleted again.
fn drafted(engine: &Engine) -> u64 {
    let stats: Value = serde_json::from_str(&engine.command(&["log", "stats", "--json"]).ok()).expect("JSON");
    stats["by_type"]["post.drafted"].as_u64().unwrap_or_default()
}

async fn count(client: &Client, path: &str) -> usize {
    client.get(path).await.expect(200)["data"].as_array().map_or(0, Vec::len)
}
