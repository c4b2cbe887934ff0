//! One class, from point to point.

use std::time::Duration;

use campanile_events::sabotage::CrashPoint;
use chrono::SecondsFormat;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    cell::{Cell, cells},
    judge::Judge,
};
use crate::support::{Client, Engine, Options, SOON, SandboxServer, eventually, now, settled};

/// How long after it was written a post falls due: its worker is told a second before.
const DUE: Duration = Duration::from_millis(1_500);

/// How long a request may be kept waiting that is made again: the turn that a dead node took at equal posts lapses after 30 s.
const TAKEN: Duration = Duration::from_secs(55);

/// Goes to every point with accounts of one class, and judges what became of it all.
pub(super) async fn walk(class: &'static str) {
    let sandbox = SandboxServer::start().await;
    let mut engine = Engine::start(Options { crash_points: true, ..Options::default() }).await;
    let client = engine.client();
    let account = client.connect_sandbox(&sandbox.address, class, class).await;
    let mut judge = Judge::new(class);
    for cell in cells() {
        if let Some(after) = cell.late_answer() {
            sandbox.fault(json!({"kind": "answer_late", "seconds": 0.4, "account": class, "after": after})).await;
        }
        let received = sandbox.truth().await.requests.len();
        let post = die(&mut engine, &client, cell, &body(cell, class, &account)).await;
        if cell.point == CrashPoint::AfterSend {
            assert!(sandbox.truth().await.requests.len() > received, "{cell:?}: nothing had left");
        }
        sandbox.no_faults().await;
        // One that can't be asked comes to its end at once: what becomes of it is this death's doing alone.
        if class == "blind" {
            settled(&client, &post, SOON).await;
        }
        judge.died(cell, post);
    }
    judge.judge(&client, &sandbox).await;
}

/// Has a post on its way and the process die; gives the post's id once the process is back.
async fn die(engine: &mut Engine, client: &Client, cell: Cell, body: &Value) -> String {
    let key = format!("{} {}", cell.point, cell.round);
    let mut body = body.clone();
    let (point, time) = (cell.point, cell.time());
    if cell.falls_due() {
        body["schedule"] = json!({"at": (now() + DUE).to_rfc3339_opts(SecondsFormat::Millis, true)});
        let post = insist(client, &key, &body).await;
        engine.die_at(point, time);
        engine.dies_at(point, time).await;
        engine.restart().await;
        return post;
    }
    body["publish"] = json!(true);
    engine.die_at(point, time);
    // It may die over this very request; then the client asks again under the same key.
    let asked = write(client, &key, &body).await;
    engine.dies_at(point, time).await;
    engine.restart().await;
    match asked {
        Ok(post) => post,
        Err(_) => insist(client, &key, &body).await,
    }
}

/// Writes a post until it is taken.
async fn insist(client: &Client, key: &str, body: &Value) -> String {
    eventually("the post is taken", TAKEN, async || write(client, key, body).await).await
}

async fn write(client: &Client, key: &str, body: &Value) -> Result<String, String> {
    let request = client.request(Method::POST, "/v1/posts").header("Idempotency-Key", key).json(body);
    let answer = client.try_send(request).await.map_err(|error| error.to_string())?;
    match answer.status {
        201 => Ok(answer.json()["id"].as_str().expect("an id").to_owned()),
        // The first request may still be under way, or something not be there yet.
        409 | 503 => Err(answer.text),
        _ => panic!("{}: {} {}", answer.request, answer.status, answer.text),
    }
}

/// A post of three steps.
fn body(cell: Cell, class: &str, account: &str) -> Value {
    let [first, second, comment] = cell.texts(class);
    json!({"body": first, "thread": [{"body": second}], "first_comment": comment, "account_ids": [account]})
}
