//! When posts go out.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{Town, draft, id};
use crate::support::{SOON, now, published, until};

fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_goes_out_at_its_instant_and_not_before() {
    let town = Town::start().await;
    let client = town.client();
    let due = now() + Duration::from_millis(1500);
    let body = json!({"body": "on the hour", "account_ids": [town.keyed], "schedule": {"at": rfc3339(due)}});
    let made = client.post("/v1/posts", body).await.expect(201);
    assert_eq!((&made["status"], &made["scheduled_at"]), (&json!("scheduled"), &json!(rfc3339(due))));
    published(&client, &id(&made), SOON).await;
    let truth = town.sandbox.truth().await;
    let came = truth.requests[0].at;
    assert!(rfc3339(came) >= rfc3339(due), "due {due}, came {came}");
    assert_eq!(truth.visible.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn local_time_and_zone_give_the_instant() {
    let town = Town::start().await;
    let client = town.client();
    let post = format!("/v1/posts/{}", draft(&client, "in Berlin", &[&town.keyed]).await);
    let berlin = |local: &str| json!({"local_time": local, "time_zone": "Europe/Berlin"});
    let with = |mut body: Value, field: &str, value: &str| {
        body[field] = json!(value);
        body
    };
    let gap = berlin("2027-03-28T02:30:00");
    let overlap = berlin("2027-10-31T02:30:00");
    for (body, instant) in [
        (berlin("2027-07-01T09:00:00"), "2027-07-01T07:00:00.000Z"),
        (berlin("2027-12-01T09:00:00"), "2027-12-01T08:00:00.000Z"),
        (with(gap.clone(), "on_gap", "later"), "2027-03-28T01:30:00.000Z"),
        (with(overlap.clone(), "on_overlap", "earlier"), "2027-10-31T00:30:00.000Z"),
        (with(overlap, "on_overlap", "later"), "2027-10-31T01:30:00.000Z"),
    ] {
        let planned = client.post(&format!("{post}/schedule"), body.clone()).await.expect(200);
        assert_eq!(
            (&planned["scheduled_at"], &planned["time_zone"]),
            (&json!(instant), &json!("Europe/Berlin")),
            "{body}"
        );
    }
    let moved = client.post_empty(&format!("{post}/unschedule")).await.expect(200);
    assert_eq!((&moved["status"], &moved["scheduled_at"]), (&json!("draft"), &Value::Null));
    let gone_by = client.post(&format!("{post}/schedule"), json!({"at": "2020-01-01T00:00:00Z"})).await;
    gone_by.refused(400, "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_called_off_does_not_go_out() {
    let town = Town::start().await;
    let client = town.client();
    let due = rfc3339(now() + Duration::from_secs(3));
    let mut called_off = Vec::new();
    for (index, verb) in ["cancel", "unschedule"].into_iter().enumerate() {
        let body = json!({"body": format!("called off {index}"), "account_ids": [town.keyed], "schedule": {"at": due}});
        let post = id(&client.post("/v1/posts", body).await.expect(201));
        client.post_empty(&format!("/v1/posts/{post}/{verb}")).await.expect(200);
        called_off.push(post);
    }
    let body = json!({"body": "deleted", "account_ids": [town.keyed], "schedule": {"at": due}});
    let deleted = id(&client.post("/v1/posts", body).await.expect(201));
    assert!(client.delete(&format!("/v1/posts/{deleted}")).await.status < 300);
    // What is due with them and does go out shows that their time has come.
    let body = json!({"body": "not called off", "account_ids": [town.keyed], "schedule": {"at": due}});
    let sent = id(&client.post("/v1/posts", body).await.expect(201));
    published(&client, &sent, SOON).await;
    let texts: Vec<_> = town.sandbox.truth().await.visible.into_iter().map(|post| post.text).collect();
    assert_eq!(texts, ["not called off"]);
    for (post, status) in called_off.iter().zip(["canceled", "draft"]) {
        assert_eq!(client.get(&format!("/v1/posts/{post}")).await.expect(200)["status"], status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_while_the_engine_is_down_goes_out_when_it_is_back() {
    let mut town = Town::start().await;
    let client = town.client();
    let due = rfc3339(now() + Duration::from_millis(600));
    let late = json!({"body": "late", "account_ids": [town.keyed], "schedule": {"at": due}});
    let too_late = json!({
        "body": "too late", "account_ids": [town.keyed], "schedule": {"at": due}, "late_limit_seconds": 1,
    });
    let late = id(&client.post("/v1/posts", late).await.expect(201));
    let too_late = id(&client.post("/v1/posts", too_late).await.expect(201));
    town.engine.terminate();
    let over: DateTime<Utc> = due.parse().expect("a time");
    until(over + Duration::from_millis(1200)).await;
    town.engine.restart().await;
    published(&client, &late, SOON).await;
    let missed = crate::support::settled(&client, &too_late, SOON).await;
    assert_eq!(missed["status"], "missed", "{missed}");
    assert_eq!(town.sandbox.truth().await.visible.len(), 1);
}
