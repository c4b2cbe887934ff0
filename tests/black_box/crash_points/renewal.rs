//! The process dies with new credentials in hand that it has not kept, where old ones are good once: on a real server of the
//! AT Protocol. Where none can be had, it says `SKIPPED`.

use campanile_events::sabotage::CrashPoint;
use serde_json::json;

use super::cell::rounds;
use crate::{
    bluesky::{LIMIT, TIMING, resident::Resident, way::Way},
    support::{Engine, Options, published},
};

const LOGIN: &str = "com.atproto.server.createSession";
/// An access token is good for two hours; a refresh token that was used, for two more.
const TOO_LONG: u32 = 3;

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_were_renewed_and_not_kept_are_no_dead_end() {
    let Some(way) = Way::open().await else { return };
    let mut engine = Engine::start(Options { timing: Some(TIMING), crash_points: true, ..Options::default() }).await;
    let client = engine.client();
    let ada = Resident::move_in(&way.pds, "crashed-ada").await;
    let account = ada.connect(&client, &way.url, &ada.app_password("campanile").await).await;
    let mut texts = Vec::new();
    for round in 0..rounds() {
        let text = format!("round {round}");
        let logins = way.heard(LOGIN);
        way.pds.go_ahead(TOO_LONG);
        engine.die_at(CrashPoint::AfterTokenRefresh, 1);
        let body = json!({"body": text, "account_ids": [account], "publish": true});
        let made = client.post("/v1/posts", body).await.expect(201);
        engine.dies_at(CrashPoint::AfterTokenRefresh, 1).await;
        // The server gives the new ones again to who asks soon; to who asks late, nothing: then the password has to do.
        let is_late = round % 2 == 1;
        if is_late {
            way.pds.go_ahead(TOO_LONG);
        }
        engine.restart().await;
        published(&client, made["id"].as_str().expect("an id"), LIMIT).await;
        assert_eq!(way.heard(LOGIN) > logins, is_late, "round {round}");
        texts.push(text);
    }
    let shown = client.get(&format!("/v1/accounts/{account}")).await.expect(200);
    assert_eq!(shown["status"], "connected");
    let records = ada.posts().await;
    let shown: Vec<_> = records.iter().map(|record| record["value"]["text"].as_str().expect("a text")).collect();
    assert_eq!(shown, texts, "each once");
}
