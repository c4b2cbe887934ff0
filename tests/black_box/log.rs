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
        let with_epoch = format!("1-{}", events.len() - 2);
        assert_eq!(engine.command(&["log", "tail", "--after", &with_epoch]).ok(), rest);
        let wrong = engine.command(&["log", "tail", "--after", "1-x"]);
        assert_eq!(wrong.code, Some(2), "{}", wrong.output);
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

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_lost_its_end_does_not_verify() {
    let mut engine = engine_with_posts().await;
    let last = whole(&engine).len();
    engine.terminate();
    let events = if engine.place().servers().is_some() { "campanile.events" } else { "events" };
    behind(&engine, &format!("create table kept as select * from {events} where position = {last}")).await;
    behind(&engine, &format!("delete from {events} where position = {last}")).await;
    let found = engine.command(&["log", "verify"]);
    assert_eq!(found.code, Some(1), "{}", found.output);
    let line = format!("reading      FAILED  the journal is damaged at position {last}");
    assert!(found.output.starts_with(&line), "{}", found.output);
    let found: Value = serde_json::from_str(&engine.command(&["log", "verify", "--json"]).output).expect("JSON");
    assert_eq!((&found["ok"], &found["findings"][0]["ok"]), (&json!(false), &json!(false)), "{found}");
    // What an engine must be at its end is asked of this one, too.
    behind(&engine, &format!("insert into {events} select * from kept")).await;
    behind(&engine, "drop table kept").await;
}

/// Does something to the journal's database behind the engine's back.
async fn behind(engine: &Engine, sql: &str) {
    if let Some(servers) = engine.place().servers() {
        servers.sql(sql);
        return;
    }
    let journal = Sqlite::open(&engine.data().join("journal.db"), Durability::Full).expect("the journal");
    journal.execute(sql, vec![]).await.expect("done");
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
