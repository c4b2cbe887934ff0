//! Last night's backup comes back, and nothing is sent twice.

use std::{fs, time::Duration};

use serde_json::{Value, json};

use super::import::{Moved, Place, post, text};
use crate::support::{Engine, Options, Ran, SOON, SandboxServer, campanile_in, eventually, now, published};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_after_the_backup_is_unknown_and_not_sent_again() {
    restored_in(Place::folder()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_in_postgresql() {
    restored_in(Place::database()).await;
}

async fn restored_in(place: Place) {
    let sandbox = SandboxServer::start().await;
    let mut old = Engine::start(Options::default()).await;
    let client = old.client();
    let account = client.connect_sandbox(&sandbox.address, "bells", "keyed").await;
    let soon = post(&client, "sent after the backup", &account).await;
    let later = post(&client, "due next year", &account).await;
    let out = post(&client, "sent before the backup", &account).await;
    client.post_empty(&format!("/v1/posts/{out}/publish")).await.expect(200);
    published(&client, &out, SOON).await;
    let schedule = async |id: &str, ahead: Duration| {
        let at = (now() + ahead).to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        client.post(&format!("/v1/posts/{id}/schedule"), json!({"at": at})).await.expect(200);
    };
    schedule(&later, Duration::from_secs(365 * 86_400)).await;
    schedule(&soon, Duration::from_secs(6)).await;
    let backup = Moved::of(&old);
    assert_eq!(sandbox.truth().await.visible.len(), 1, "the backup is of before");
    published(&client, &soon, SOON).await;
    let lost = post(&client, "written after the backup", &account).await;
    old.terminate();

    place.bring_key_of(&old);
    let checkpoint = old.data().join("checkpoint");
    let ran = place.run(&backup.import(&["--checkpoint", text(&checkpoint)]));
    assert!(ran.code == Some(2) && ran.errors.contains("say --restored"), "{}", ran.errors);
    let ran = place.run(&backup.import(&["--restored", "--checkpoint", text(&checkpoint)]));
    assert_eq!(ran.code, Some(0), "{}", ran.errors);
    let log = place.run(&["log", "tail"]).ok();
    let events: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let began = events.iter().find(|event| event["type"] == "log.epoch_started").expect("an epoch");
    assert_eq!(began["data"]["epoch"], 2);
    assert_eq!(began["data"]["last_checkpoint"], json!(fs::read_to_string(&checkpoint).expect("a checkpoint")));
    assert!(events.iter().all(|event| event["position"].as_str().is_some_and(|at| at.starts_with("2-"))));
    place.run(&["log", "verify"]).ok();
    let held = place.run(&["log", "verify", "--checkpoint", text(&checkpoint)]);
    assert!(held.code == Some(1) && held.output.contains("put back from an older copy"), "{}", held.output);

    let (mut process, client) = place.serve(old.secret()).await;
    let status = async |id: &str| client.get(&format!("/v1/posts/{id}")).await.expect(200)["status"].clone();
    assert_eq!((status(&soon).await, status(&later).await), (json!("unknown"), json!("unknown")));
    assert_eq!(status(&out).await, "published");
    assert_eq!(client.get(&format!("/v1/posts/{lost}")).await.status, 404);
    // Something else goes through from end to end meanwhile.
    let next = post(&client, "after the restore", &account).await;
    client.post_empty(&format!("/v1/posts/{next}/publish")).await.expect(200);
    published(&client, &next, SOON).await;
    let resolution = json!({"account_id": account, "outcome": "published"});
    client.post(&format!("/v1/posts/{soon}/resolve"), resolution).await.expect(200);
    assert_eq!(status(&soon).await, "published");
    let counts = sandbox.truth().await.counts();
    assert!(counts.len() == 3 && counts.values().all(|count| *count == 1), "{counts:?}");
    process.ask_to_stop();
    assert_eq!(process.ended(Duration::from_secs(40)).code(), Some(0), "{}", process.said());
    place.run(&["log", "verify"]).ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_was_put_back_begins_a_new_epoch() {
    let sandbox = SandboxServer::start().await;
    let mut engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let account = client.connect_sandbox(&sandbox.address, "bells", "searchable").await;
    let id = post(&client, "once", &account).await;
    let at = (now() + Duration::from_secs(6)).to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    client.post(&format!("/v1/posts/{id}/schedule"), json!({"at": at})).await.expect(200);
    engine.kill9();
    let copy = engine.outputs().join("copy");
    let copied = std::process::Command::new("cp").arg("-r").arg(engine.data()).arg(&copy).status();
    assert!(copied.expect("cp").success());
    engine.restart().await;
    published(&client, &id, SOON).await;
    engine.terminate();

    fs::remove_file(copy.join("campanile.sock")).ok();
    let newer = engine.data().join("checkpoint");
    let stranger = engine.outputs().join("stranger");
    fs::write(&stranger, fs::read_to_string(&newer).expect("a checkpoint").replace("campanile/", "campanile/x")).ok();
    let refused = campanile_in(&copy, &["log", "new-epoch", "--checkpoint", text(&stranger)]);
    assert_eq!(refused.code, Some(2), "{}", refused.errors);
    assert!(!campanile_in(&copy, &["log", "tail"]).ok().contains("epoch_started"), "nothing was changed");
    let ran = campanile_in(&copy, &["log", "new-epoch", "--checkpoint", text(&newer)]);
    assert!(ran.code == Some(0) && ran.errors.contains("1 targets"), "{}", ran.errors);
    campanile_in(&copy, &["log", "verify"]).ok();

    // The folder goes back to where it was.
    fs::remove_dir_all(engine.data()).expect("the folder goes");
    fs::rename(&copy, engine.data()).expect("the copy comes");
    engine.restart().await;
    eventually("it is unknown", SOON, async || {
        let answer = client.get(&format!("/v1/posts/{id}")).await;
        if answer.expect(200)["status"] == "unknown" { Ok(()) } else { Err(answer.text) }
    })
    .await;
    assert_eq!(sandbox.truth().await.visible.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_not_served_before_its_new_epoch_has_begun() {
    not_served_too_soon(Place::folder()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_one_in_postgresql_or_while_other_nodes_serve() {
    let place = Place::database();
    let place = not_served_too_soon(place).await;
    let (mut process, _) = place.serve("").await;
    let mut beside = place.command(&["log", "new-epoch"]);
    let refused = Ran::of(beside.env("CAMPANILE_DATA", place.folder.path().join("another node's")));
    assert!(refused.code == Some(2) && refused.errors.contains("nodes still serve"), "{}", refused.errors);
    process.ask_to_stop();
    assert_eq!(process.ended(Duration::from_secs(40)).code(), Some(0), "{}", process.said());
    let mut alone = place.command(&["log", "new-epoch"]);
    Ran::of(alone.env("CAMPANILE_DATA", place.folder.path().join("another node's"))).ok();
}

/// An import that brings the log back and fails before the new epoch: a `serve` by hand or by a supervisor comes next.
async fn not_served_too_soon(place: Place) -> Place {
    let mut old = Engine::start(Options::default()).await;
    let outdated = old.outputs().join("of the first epoch");
    old.command(&["log", "export", "--output", text(&old.outputs().join("log"))]).ok();
    fs::copy(old.data().join("checkpoint"), &outdated).expect("a checkpoint");
    old.terminate();
    old.command(&["log", "new-epoch"]).ok();
    let backup = Moved::of(&old);
    place.bring_key_of(&old);
    let ran = place.run(&backup.import(&["--restored", "--checkpoint", text(&outdated)]));
    assert!(ran.code == Some(1) && ran.errors.contains("the log is imported, but"), "{}", ran.errors);

    for _ in 0..2 {
        let refused = Ran::refused_to_serve(place.command(&[]), place.folder.path());
        assert_eq!(refused.code, Some(2), "{}{}", refused.output, refused.errors);
        assert!(refused.errors.contains("campanile log new-epoch"), "it says what to do: {}", refused.errors);
    }
    place.run(&["log", "verify"]).ok();
    let began = place.run(&["log", "new-epoch"]);
    assert!(began.code == Some(0) && began.errors.contains("epoch 3 begins"), "{}", began.errors);
    let (mut process, client) = place.serve(old.secret()).await;
    client.get("/v1/me").await.expect(200);
    process.ask_to_stop();
    assert_eq!(process.ended(Duration::from_secs(40)).code(), Some(0), "{}", process.said());
    place
}
