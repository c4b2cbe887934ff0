//! The log: followed, verified, and what it says when somebody altered it.

use std::fs;

use campanile_events::db::{Database, Durability, Sqlite};
use serde_json::{Value, json};

use crate::support::{Engine, Options};

/// The whole log, an event each.
pub(crate) fn whole(engine: &Engine) -> Vec<Value> {
    let text = engine.command(&["log", "tail"]).ok();
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

/// An event's place, without its epoch.
pub(crate) fn position(event: &Value) -> u64 {
    let position = &event["position"];
    let text = position.as_str().map_or_else(|| position.to_string(), str::to_owned);
    text.rsplit('-').next().and_then(|place| place.parse().ok()).expect("a position")
}

/// An engine with a few events.
async fn engine_with_posts() -> Engine {
    let engine = Engine::start(Options::default()).await;
    let account = engine.client().own_account().await;
    for number in 0..5 {
        let body = json!({"body": format!("entered {number}"), "account_ids": [account]});
        engine.client().post("/v1/posts", body).await.expect(201);
    }
    engine
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_read_the_log_while_it_runs_and_after() {
    let mut engine = engine_with_posts().await;
    for runs in [true, false] {
        if !runs {
            engine.terminate();
        }
        let events = whole(&engine);
        assert_eq!(events.iter().map(position).collect::<Vec<_>>(), (1..=events.len() as u64).collect::<Vec<_>>());
        let tail = engine.command(&["log", "tail"]).ok();
        assert!(tail.matches("post.drafted").count() == 5, "{tail}");
        let verified = engine.command(&["log", "verify", "--json"]).ok();
        let verified: Value = serde_json::from_str(&verified).expect("JSON");
        assert_eq!((&verified["ok"], &verified["events"]), (&json!(true), &json!(events.len())));
        let rest = engine.command(&["log", "tail", "--after", &(events.len() - 2).to_string()]).ok();
        assert_eq!(rest.lines().count(), 2, "{rest}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn read_models_that_were_deleted_come_back() {
    let mut engine = engine_with_posts().await;
    let before = engine.client().all("/v1/posts").await;
    engine.terminate();
    for file in ["read.db", "read.db-wal", "read.db-shm"] {
        // The last two are there only after a crash.
        let _ = fs::remove_file(engine.data().join(file));
    }
    engine.restart().await;
    let client = engine.client();
    let after = crate::support::eventually("the lists are back", crate::support::SOON, async || {
        let found = client.all("/v1/posts").await;
        if found.len() == before.len() { Ok(found) } else { Err(found.len().to_string()) }
    })
    .await;
    assert_eq!(after, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_altered_log_does_not_verify() {
    let mut engine = engine_with_posts().await;
    engine.terminate();
    engine.command(&["log", "verify"]).ok();
    alter(&engine, "\"at\"", "\"At\"").await;
    let found = engine.command(&["log", "verify"]);
    assert_eq!(found.code, Some(1), "{}", found.output);
    assert!(found.output.contains("FAILED"), "{}", found.output);
    // What an engine must be at its end is asked of this one, too.
    alter(&engine, "\"At\"", "\"at\"").await;
}

/// Changes a stored event behind the engine's back, as who can write to its database can.
async fn alter(engine: &Engine, from: &str, to: &str) {
    if let Some(servers) = engine.place().servers() {
        let replaced = format!("replace(convert_from(payload, 'UTF8'), '{from}', '{to}')");
        let altered = format!(
            "update campanile.events set payload = convert_to({replaced}, 'UTF8') where position = 2 returning position"
        );
        assert_eq!(servers.sql(&altered), "2");
        return;
    }
    let journal = Sqlite::open(&engine.data().join("journal.db"), Durability::Full).expect("the journal");
    let replaced = format!("cast(replace(cast(payload as text), '{from}', '{to}') as blob)");
    let altered = journal.execute(&format!("update events set payload = {replaced} where position = 2"), vec![]).await;
    assert_eq!(altered.expect("an altered journal"), 1);
}
