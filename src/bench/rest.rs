//! What the program keeps of its memory once it has worked and nothing happens any more.

use std::{path::Path, time::Duration};

use anyhow::{Context, ensure};
use campanile_events::clock::SharedClock;
use futures::future::try_join_all;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    Telling,
    connection::{Connection, Request},
    startup::{resident, started},
};
use crate::engine::PATIENCE;

const CLIENTS: usize = 48;
pub(super) const POSTS: usize = 4_000;
/// How long before they are due they are scheduled.
const LEAD: Duration = Duration::from_secs(2);
const LEAD_EACH: Duration = Duration::from_micros(1_200);
const LOOK: Duration = Duration::from_millis(50);
/// How long nothing happens before the memory is looked at.
const QUIET: Duration = Duration::from_secs(20);
/// How often it is shown how far that is.
const SHOWN: Duration = Duration::from_millis(500);

/// Lets the program of a folder publish so many posts, and rest; says how much memory is resident then, in MiB.
pub(super) async fn resident_after_work(
    folder: &Path,
    secret: &str,
    posts: usize,
    clock: &SharedClock,
    telling: &dyn Telling,
) -> anyhow::Result<f64> {
    telling.begins("publishes", posts as u64);
    let (started, address) = started(folder).await?;
    let mut connection = Connection::open(address, Some(secret)).await?;
    let account = json!({"handle": "worked", "delivery": "keyed"});
    let account = made(&mut connection, Request::post("/v1/connect/sandbox", &account)).await?;
    let at = (clock.now() + LEAD + LEAD_EACH * posts as u32).to_rfc3339();
    let clients = (0..CLIENTS).map(|client| {
        let (account, at) = (account.clone(), at.clone());
        async move {
            let mut connection = Connection::open(address, Some(secret)).await?;
            let mut scheduled = Vec::new();
            for number in (client..posts).step_by(CLIENTS) {
                let body = format!("A post of the usual length that says something: number {number}.");
                let post = json!({"body": body, "account_ids": [account], "schedule": {"at": at}});
                scheduled.push(made(&mut connection, Request::post("/v1/posts", &post)).await?);
            }
            anyhow::Ok(scheduled)
        }
    });
    let scheduled: Vec<String> = try_join_all(clients).await?.into_iter().flatten().collect();
    let deadline = Instant::now() + PATIENCE + LEAD_EACH * posts as u32 * 10;
    for (done, post) in scheduled.iter().enumerate() {
        while asked(&mut connection, Request::get(format!("/v1/posts/{post}"))).await?["status"] != "published" {
            ensure!(Instant::now() < deadline, "{post} was not published");
            tokio::time::sleep(LOOK).await;
        }
        telling.at(done as u64 + 1);
    }
    telling.lasts("rests", QUIET.as_millis() as u64);
    let began = Instant::now();
    while began.elapsed() < QUIET {
        tokio::time::sleep(SHOWN).await;
        telling.at(began.elapsed().as_millis() as u64);
    }
    resident(&started)
}

/// The id of what a request made.
async fn made(connection: &mut Connection, request: Request) -> anyhow::Result<String> {
    let answer = asked(connection, request).await?;
    Ok(answer["id"].as_str().context("what is made has an id")?.to_owned())
}

async fn asked(connection: &mut Connection, request: Request) -> anyhow::Result<Value> {
    let (status, answer) = connection.ask(request).await?;
    ensure!(matches!(status, StatusCode::OK | StatusCode::CREATED), "{status}: {}", String::from_utf8_lossy(&answer));
    Ok(serde_json::from_slice(&answer)?)
}
