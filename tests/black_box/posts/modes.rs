//! Test keys, and what a revoked key leaves behind.

use serde_json::{Value, json};

use super::{Town, draft, id};
use crate::support::{
    Answer, Client,
    mastodon::{Flavour, MastodonStandIn, TOKEN},
};

async fn key(town: &Town, mode: &str) -> (String, Client) {
    let body = json!({"name": mode, "scopes": ["*"], "mode": mode});
    let answered = town.client().post("/v1/keys", body).await.expect(201);
    (id(&answered), town.engine.client_of(answered["secret"].as_str().expect("a secret")))
}

/// Every request that leads to sending, on a live account's post in the right state for it.
async fn tries(town: &Town, trial: &Client, live: &str) -> Vec<Answer> {
    let client = town.client();
    let later = json!({"at": "2126-12-01T09:00:00Z"});
    let written = draft(&client, "live words", &[live]).await;
    let planned = json!({"body": "planned live", "account_ids": [live], "schedule": later});
    let planned = id(&client.post("/v1/posts", planned).await.expect(201));
    let body = |text: &str| json!({"body": text, "account_ids": [town.keyed, live]});
    let mut at_once = body("at once");
    at_once["publish"] = json!(true);
    let mut then = body("then");
    then["schedule"] = later.clone();
    let own = draft(trial, "on trial", &[&town.keyed]).await;
    vec![
        trial.post("/v1/posts", body("a draft")).await,
        trial.post("/v1/posts", at_once).await,
        trial.post("/v1/posts", then).await,
        trial.patch(&format!("/v1/posts/{own}"), json!({"account_ids": [town.keyed, live]})).await,
        trial.patch(&format!("/v1/posts/{planned}"), json!({"body": "other words"})).await,
        trial.post(&format!("/v1/posts/{written}/schedule"), later).await,
        trial.post_empty(&format!("/v1/posts/{written}/publish")).await,
        trial.post_empty(&format!("/v1/posts/{written}/retry")).await,
        trial
            .post(
                &format!("/v1/posts/{written}/resolve"),
                json!({"account_id": live, "outcome": "not_published", "then": "resend"}),
            )
            .await,
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_way_leads_a_test_key_to_a_live_account() {
    let town = Town::start().await;
    let server = MastodonStandIn::start(Flavour::Genuine).await;
    let body = json!({"instance_url": server.address, "access_token": TOKEN});
    let live = id(&town.client().post("/v1/connect/mastodon", body).await.expect(201));
    let (_, trial) = key(&town, "test").await;
    for answer in tries(&town, &trial, &live).await {
        assert_eq!(answer.refused(403, "test_key_live_account")["account_id"], live, "{}", answer.request);
    }
    assert!(server.statuses().is_empty(), "{:?}", server.statuses());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_s_plans_are_counted_and_called_off_if_asked() {
    let town = Town::start().await;
    let client = town.client();
    let plan =
        |text: &str| json!({"body": text, "account_ids": [town.keyed], "schedule": {"at": "2126-12-01T09:00:00Z"}});
    for (path, canceled, status) in [("", 0, "scheduled"), ("?cancel_scheduled=true", 2, "canceled")] {
        let (key, own) = key(&town, "live").await;
        let mut posts = Vec::new();
        for text in ["first", "second"] {
            posts.push(id(&own.post("/v1/posts", plan(&format!("{text} {status}"))).await.expect(201)));
        }
        let written = draft(&own, &format!("a draft {status}"), &[&town.keyed]).await;
        let revoked = client.delete(&format!("/v1/keys/{key}{path}")).await.expect(200);
        let counts = (&revoked["scheduled_posts"], &revoked["canceled_posts"]);
        assert_eq!(counts, (&json!(2), &json!(canceled)), "{revoked}");
        let left: Vec<Value> = client.all(&format!("/v1/posts?created_by={key}")).await;
        let of = |post: &str| left.iter().find(|it| it["id"] == post).map(|it| it["status"].clone());
        assert_eq!(left.len(), 3);
        assert!(posts.iter().all(|post| of(post) == Some(json!(status))), "{left:?}");
        assert_eq!(of(&written), Some(json!("draft")), "a draft was never to be sent");
    }
}

/// Every request that takes something live away, or brings it in.
async fn takes(town: &Town, trial: &Client, server: &MastodonStandIn, live: &str) -> Vec<Answer> {
    let client = town.client();
    let workspace = client.get("/v1/me").await.expect(200)["workspace_id"].as_str().expect("an id").to_owned();
    let (key, _) = key(town, "live").await;
    let planned = json!({"body": "planned", "account_ids": [live], "schedule": {"at": "2126-12-01T09:00:00Z"}});
    let planned = id(&client.post("/v1/posts", planned).await.expect(201));
    let renewed = json!({"instance_url": server.address, "access_token": TOKEN});
    vec![
        trial.post_empty(&format!("/v1/posts/{planned}/cancel")).await,
        trial.post_empty(&format!("/v1/posts/{planned}/unschedule")).await,
        trial.delete(&format!("/v1/posts/{planned}")).await,
        trial.delete(&format!("/v1/accounts/{live}")).await,
        trial.post("/v1/connect/mastodon", renewed).await,
        trial.patch(&format!("/v1/keys/{key}"), json!({"name": "taken"})).await,
        trial.delete(&format!("/v1/keys/{key}")).await,
        trial.post_empty(&format!("/v1/workspaces/{workspace}/pause")).await,
        trial.post_empty(&format!("/v1/workspaces/{workspace}/resume")).await,
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_key_takes_nothing_live_away() {
    let town = Town::start().await;
    let server = MastodonStandIn::start(Flavour::Genuine).await;
    let body = json!({"instance_url": server.address, "access_token": TOKEN});
    let live = id(&town.client().post("/v1/connect/mastodon", body).await.expect(201));
    let (own, trial) = key(&town, "test").await;
    let wrong: Vec<_> =
        takes(&town, &trial, &server, &live).await.into_iter().map(|it| (it.status, it.request)).collect();
    assert!(wrong.iter().all(|(status, _)| *status == 403), "{wrong:?}");

    let planned = json!({"body": "mine", "account_ids": [town.keyed], "schedule": {"at": "2126-12-01T09:00:00Z"}});
    let planned = id(&trial.post("/v1/posts", planned).await.expect(201));
    trial.post_empty(&format!("/v1/posts/{planned}/cancel")).await.expect(200);
    trial.delete(&format!("/v1/posts/{planned}")).await.expect(204);
    trial.patch(&format!("/v1/keys/{own}"), json!({"name": "its own"})).await.expect(200);
    trial.delete(&format!("/v1/keys/{own}")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_with_accounts_of_its_own_rules_neither_the_workspace_nor_freer_keys() {
    let town = Town::start().await;
    let client = town.client();
    let workspace = client.get("/v1/me").await.expect(200)["workspace_id"].as_str().expect("an id").to_owned();
    let (free, _) = key(&town, "live").await;
    let bound = json!({"name": "bound", "scopes": ["*"], "allowed_accounts": [town.keyed]});
    let bound = client.post("/v1/keys", bound).await.expect(201);
    let narrow = town.engine.client_of(bound["secret"].as_str().expect("a secret"));
    for answer in [
        narrow.post_empty(&format!("/v1/workspaces/{workspace}/pause")).await,
        narrow.post_empty(&format!("/v1/workspaces/{workspace}/resume")).await,
        narrow.patch(&format!("/v1/keys/{free}"), json!({"name": "taken"})).await,
        narrow.delete(&format!("/v1/keys/{free}")).await,
    ] {
        answer.refused(403, "account_not_allowed");
    }
    narrow.delete(&format!("/v1/keys/{}", id(&bound))).await.expect(200);
}
