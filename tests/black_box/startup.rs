//! Starting, stopping, and who holds the folder.

use std::time::Duration;

use serde_json::json;

use crate::support::{Engine, Options, Place, Ran, SandboxServer, campanile, now, published, until};

const SOON: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_folder_is_served_at_once_and_in_little_memory() {
    let mut engine = Engine::start(Options { timing: None, ..Options::default() }).await;
    let (ready, resident) = (engine.ready_after(), engine.process().resident_kib());
    println!("record: ready on a fresh folder after {} ms, {} MiB resident", ready.as_millis(), resident / 1024);
    assert!(ready < Duration::from_secs(10), "{ready:?}");
    assert!(resident < 256 * 1024, "{resident} KiB");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_is_told_who_holds_the_folder() {
    let mut engine = Engine::start(Options::default()).await;
    let second = engine.command(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.code, Some(2), "{}{}", second.output, second.errors);
    let pid = engine.process().pid().to_string();
    assert!(second.errors.contains(&pid), "it should name process {pid}: {}", second.errors);
    assert_eq!(engine.client().get("/v1/posts").await.status, 200, "the first goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_was_left_by_a_killed_process_is_served_again() {
    let mut engine = Engine::start(Options::default()).await;
    let account = engine.client().own_account().await;
    let made = engine.client().post("/v1/posts", json!({"body": "kept", "account_ids": [account]})).await;
    let kept = made.expect(201)["id"].as_str().expect("an id").to_owned();
    engine.kill9();
    engine.restart().await;
    assert_eq!(engine.client().get(&format!("/v1/posts/{kept}")).await.expect(200)["body"], "kept");
}

#[test]
fn an_empty_place_says_to_run_init() {
    let ran = Place::new().command(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(ran.code, Some(2), "{}{}", ran.output, ran.errors);
    assert!(ran.errors.contains("campanile init"), "{}", ran.errors);
}

#[test]
fn a_second_init_changes_nothing() {
    let place = Place::new();
    place.init();
    let made = place.stored();
    let second = place.command(&["init", "--email", "other@example.com"]);
    assert_eq!(second.code, Some(2), "{}", second.output);
    assert!(!second.output.contains("sk_live_") && !second.errors.is_empty());
    assert!(place.stored() == made, "something was changed");
}

#[test]
fn init_in_json_gives_three_fields() {
    // One JSON object and nothing else.
    let made = Place::new().init();
    let mut fields: Vec<_> = made.as_object().expect("an object").keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["key_id", "secret", "workspace_id"]);
    assert!(made["secret"].as_str().is_some_and(|secret| secret.starts_with("sk_live_") && secret.len() == 44));
}

#[test]
fn settings_that_make_no_sense_are_named() {
    let place = Place::new();
    place.init();
    for (arguments, named) in [
        (&["serve", "--roles", "api,bellringer"][..], "bellringer"),
        (&["serve", "--timing", "rent=1"], "rent"),
        (&["serve", "--allow-egress", "everything"], "everything"),
        (&["serve", "--lissten", "127.0.0.1:0"], "--lissten"),
    ] {
        let ran = place.command(arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}{}", ran.output, ran.errors);
        assert!(ran.errors.contains(named), "{arguments:?}: {}", ran.errors);
    }
    let file = place.data().with_file_name("settings.toml");
    for (text, named) in [
        ("listen = \"127.0.0.1:0\"\n[timing]\nfoo = 1\n", "line 3: unknown key `foo`: `[timing]` has `lease`"),
        ("\nlisten = 5\n", "line 2: `listen` must be a text such as \"127.0.0.1:8080\", not a number"),
    ] {
        std::fs::write(&file, text).expect("a file of ours");
        let ran = place.command(&["serve", "--config", file.to_str().expect("text")]);
        assert_eq!(ran.code, Some(2), "{}{}", ran.output, ran.errors);
        assert!(ran.errors.contains(named), "{text}: {}", ran.errors);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_finishes_what_is_in_hand() {
    let sandbox = SandboxServer::start().await;
    let mut engine = Engine::start(Options { timing: None, ..Options::default() }).await;
    let client = engine.client();
    let account = client.connect_sandbox(&sandbox.address, "slow", "blind").await;
    sandbox.fault(json!({"kind": "answer_late", "seconds": 1.5})).await;
    let made = client.post("/v1/posts", json!({"body": "in hand", "account_ids": [account], "publish": true})).await;
    let post = made.expect(201)["id"].as_str().expect("an id").to_owned();
    crate::support::eventually("the request is on its way", SOON, async || {
        let truth = sandbox.truth().await;
        if truth.visible.is_empty() { Err(format!("{truth:?}")) } else { Ok(()) }
    })
    .await;
    engine.terminate();
    engine.restart().await;
    // Blind: had the answer been lost, nobody could know.
    let post = published(&engine.client(), &post, SOON).await;
    assert_eq!(post["targets"][0]["attempts"], 1, "{post}");
    assert_eq!(sandbox.truth().await.visible.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_on_a_taken_port_leaves_nothing_in_doubt() {
    let sandbox = SandboxServer::start().await;
    let mut engine = Engine::start(Options { timing: None, ..Options::default() }).await;
    let client = engine.client();
    let account = client.connect_sandbox(&sandbox.address, "slow", "blind").await;
    sandbox.fault(json!({"kind": "answer_late", "seconds": 1})).await;
    let due = now() + Duration::from_millis(500);
    let body = json!({"body": "overdue", "account_ids": [account], "schedule": {"at": due.to_rfc3339()}});
    let post = client.post("/v1/posts", body).await.expect(201)["id"].as_str().expect("an id").to_owned();
    engine.terminate();
    until(due).await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    let ran = engine.command(&["serve", "--listen", &address, "--allow-egress", "127.0.0.0/8"]);
    assert_eq!(ran.code, Some(1), "{}", ran.errors);
    assert!(ran.errors.contains(&address), "{}", ran.errors);
    engine.restart().await;
    published(&engine.client(), &post, SOON).await;
    assert_eq!(sandbox.truth().await.visible.len(), 1);
}

#[test]
fn the_program_says_what_it_can() {
    let help = Ran::of(campanile().arg("--help")).ok();
    for command in ["serve", "demo", "init", "log", "sandbox", "master-key"] {
        assert!(help.contains(command), "`{command}` in:\n{help}");
    }
    let key = Ran::of(campanile().arg("master-key")).ok();
    assert!(key.trim().len() == 64 && key.trim().chars().all(|digit| digit.is_ascii_hexdigit()), "{key}");
}
