//! Coming in by a link, and going.

use std::sync::Arc;

use campanile_events::clock::{ManualClock, SharedClock};
use chrono::Duration;
use serde_json::{Value, json};

use crate::api::tests::fixture::{Answered, Api};

async fn invite(api: &Api, by: &str, email: &str, role: &str) -> Answered {
    api.call_by(by, "POST", "/v1/invitations", json!({"email": email, "role": role})).await
}

async fn accept(api: &Api, token: &Value, password: &str) -> Answered {
    api.arrive("POST", "/v1/invitations/accept", json!({"token": token, "password": password})).await
}

#[tokio::test]
async fn a_link_lets_one_person_in_once() {
    let api = Api::start().await;
    let owner = api.login(Api::OWNER, Api::PASSWORD).await;
    let invited = invite(&api, &owner, " Bob@Example.com", "editor").await;
    assert_eq!(invited.status(), 201, "{}", invited.body);
    assert_eq!((&invited.body["email"], &invited.body["status"]), (&json!("bob@example.com"), &json!("open")));
    let token = invited.body["token"].clone();
    let listed = api.call_by(&owner, "GET", "/v1/invitations", json!(null)).await.body;
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(1));
    assert!(!listed.to_string().contains(token.as_str().expect("a token")), "a link is shown once");

    assert_eq!(accept(&api, &token, "short").await.code(), "invalid_request");
    assert_eq!(accept(&api, &json!("lt_nonsense"), Api::PASSWORD).await.code(), "not_found");
    let before =
        api.arrive("POST", "/v1/auth/login", json!({"email": "bob@example.com", "password": Api::PASSWORD})).await;
    assert_eq!(before.status(), 401);
    let (first, second) =
        futures::future::join(accept(&api, &token, "a password of bob"), accept(&api, &token, "a password of eve"))
            .await;
    let statuses = [first.status(), second.status()];
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{} {}", first.body, second.body);
    let password = if first.status() == 201 { "a password of bob" } else { "a password of eve" };
    assert_eq!(accept(&api, &token, password).await.code(), "not_found", "it is used up");
    let bob = api.login("bob@example.com", password).await;
    let me = api.call_by(&bob, "GET", "/v1/me", json!(null)).await.body;
    assert_eq!((&me["role"], &me["person"]["email"]), (&json!("editor"), &json!("bob@example.com")));

    let again = invite(&api, &owner, "BOB@example.com", "viewer").await;
    assert_eq!((again.status(), &again.body["error"]["state"]), (409, &json!("member")));
    let people = api.call_by(&owner, "GET", "/v1/people", json!(null)).await.body;
    let people = people["data"].as_array().expect("people").clone();
    assert_eq!(people.iter().map(|it| &it["email"]).collect::<Vec<_>>(), ["bob@example.com", Api::OWNER]);
    for (email, role, field) in [("nobody", "viewer", "email"), ("a@example.com", "king", "role")] {
        let refused = invite(&api, &owner, email, role).await;
        assert_eq!((refused.status(), &refused.body["error"]["details"][0]["field"]), (400, &json!(field)));
    }
}

#[tokio::test]
async fn a_link_ends_by_time_by_withdrawal_and_by_the_next() {
    let clock = ManualClock::starting_at(Api::START.parse().expect("a time"));
    let api = Api::start_with(Arc::clone(&clock) as SharedClock, &["api", "projector"]).await;
    let owner = api.login(Api::OWNER, Api::PASSWORD).await;
    let [replaced, replacing] = [
        invite(&api, &owner, "bob@example.com", "editor").await,
        invite(&api, &owner, "bob@example.com", "viewer").await,
    ];
    let of_before = accept(&api, &replaced.body["token"], Api::PASSWORD).await;
    let withdrawn = invite(&api, &owner, "cy@example.com", "editor").await;
    let path = format!("/v1/invitations/{}", withdrawn.id());
    assert_eq!(api.call_by(&owner, "DELETE", &path, json!({})).await.status(), 204);
    let of_withdrawn = accept(&api, &withdrawn.body["token"], Api::PASSWORD).await;
    clock.advance(Duration::days(7) - Duration::seconds(1));
    assert_eq!(accept(&api, &replacing.body["token"], Api::PASSWORD).await.status(), 201);
    let owner = api.login(Api::OWNER, Api::PASSWORD).await;
    let late = invite(&api, &owner, "dee@example.com", "editor").await;
    clock.advance(Duration::days(7));
    let of_late = accept(&api, &late.body["token"], Api::PASSWORD).await;
    let of_used = accept(&api, &replacing.body["token"], Api::PASSWORD).await;
    for over in [&of_before, &of_withdrawn, &of_late, &of_used] {
        assert_eq!((over.status(), over.code()), (404, "not_found"), "{}", over.body);
        assert_eq!(over.body["error"]["message"], of_late.body["error"]["message"], "nobody is told which");
    }
    let owner = api.login(Api::OWNER, Api::PASSWORD).await;
    let listed = api.call_by(&owner, "GET", "/v1/invitations", json!(null)).await.body;
    let statuses: Vec<_> = listed["data"].as_array().expect("all").iter().map(|it| it["status"].clone()).collect();
    assert_eq!(statuses, ["expired", "withdrawn", "accepted", "withdrawn"]);
    let anew = invite(&api, &owner, "dee@example.com", "editor").await;
    assert_eq!(anew.status(), 201, "one whose time is over makes room: {}", anew.body);
}

#[tokio::test]
async fn who_invites_can_not_become_who_is_invited() {
    let api = Api::start().await;
    let owner = api.login(Api::OWNER, Api::PASSWORD).await;
    let bob = api.joined(&owner, "bob@example.com", "editor").await;
    let made = api.call_by(&owner, "POST", "/v1/workspaces", json!({"name": "second"})).await;
    let second = made.id();
    let invite = Api::request_by(&owner, "POST", "/v1/invitations")
        .header("campanile-workspace", &second)
        .header("content-type", "application/json")
        .body(json!({"email": "bob@example.com", "role": "viewer"}).to_string().into());
    let invited = api.send(invite.expect("a request")).await;
    assert_eq!(invited.status(), 201, "{}", invited.body);
    let stolen = accept(&api, &invited.body["token"], "what the owner likes").await;
    assert_eq!((stolen.status(), &stolen.body["error"]["reason"]), (401, &json!("invalid_credentials")));
    assert_eq!(api.call_by(&bob, "GET", "/v1/me", json!(null)).await.body["role"], "editor", "nothing happened to bob");
    let own = accept(&api, &invited.body["token"], Api::PASSWORD).await;
    assert_eq!((own.status(), &own.body["workspace_id"]), (201, &json!(second)), "{}", own.body);
    let me = api.call_by(&bob, "GET", "/v1/me", json!(null)).await.body;
    assert_eq!((me["workspaces"].as_array().map(Vec::len), &me["role"]), (Some(2), &json!(null)));
}

#[tokio::test]
async fn a_role_counts_from_the_next_request_and_the_last_owner_stays() {
    let api = Api::start().await;
    let owner = api.login(Api::OWNER, Api::PASSWORD).await;
    let bob = api.joined(&owner, "bob@example.com", "viewer").await;
    let id = |me: &Answered| format!("/v1/people/{}", me.body["person"]["id"].as_str().expect("an id"));
    let [ada_path, bob_path] = [
        id(&api.call_by(&owner, "GET", "/v1/me", json!(null)).await),
        id(&api.call_by(&bob, "GET", "/v1/me", json!(null)).await),
    ];
    let drafts = async || api.call_by(&bob, "POST", "/v1/posts", json!({})).await.code().to_owned();
    assert_eq!(drafts().await, "forbidden_role");
    let changed = api.call_by(&owner, "PATCH", &bob_path, json!({"role": "editor"})).await;
    assert_eq!((changed.status(), &changed.body["role"]), (200, &json!("editor")), "{}", changed.body);
    assert_eq!(drafts().await, "invalid_request");
    for (method, body) in [("PATCH", json!({"role": "viewer"})), ("DELETE", json!({}))] {
        let refused = api.call_by(&owner, method, &ada_path, body).await;
        assert_eq!((refused.status(), &refused.body["error"]["state"]), (409, &json!("last_owner")), "{method}");
    }
    let raised = api.call_by(&owner, "PATCH", &bob_path, json!({"role": "owner"})).await;
    assert_eq!(raised.status(), 200, "{}", raised.body);
    assert_eq!(api.call_by(&bob, "PATCH", &ada_path, json!({"role": "viewer"})).await.status(), 200);
    let old = Api::request_by(&bob, "DELETE", &ada_path).header("if-match", "\"1\"");
    assert_eq!(api.send(old.body(axum::body::Body::empty()).expect("a request")).await.code(), "version_mismatch");
    assert_eq!(api.call_by(&bob, "DELETE", &ada_path, json!({})).await.status(), 204);
    let gone = api.call_by(&owner, "GET", "/v1/me", json!(null)).await;
    assert_eq!((gone.status(), &gone.body["error"]["reason"]), (401, &json!("expired_session")), "{}", gone.body);
    assert_eq!(api.call_by(&bob, "DELETE", &ada_path, json!({})).await.code(), "not_found");
    let homeless = api.login(Api::OWNER, Api::PASSWORD).await;
    let refused = api.call_by(&homeless, "GET", "/v1/posts", json!(null)).await;
    assert_eq!((refused.status(), refused.code()), (403, "forbidden_role"), "{}", refused.body);
}

/// What both ask, at the same time: that the other is no owner any more.
async fn each_other(nodes: [&Api; 2], by: [&str; 2], paths: [&str; 2], method: &str) -> [Answered; 2] {
    let body = json!({"role": "viewer"});
    let (first, second) = futures::future::join(
        nodes[0].call_by(by[0], method, paths[1], body.clone()),
        nodes[1].call_by(by[1], method, paths[0], body.clone()),
    )
    .await;
    [first, second]
}

async fn own_path(api: &Api, by: &str) -> String {
    let me = api.call_by(by, "GET", "/v1/me", json!(null)).await.body;
    format!("/v1/people/{}", me["person"]["id"].as_str().expect("an id"))
}

/// Rounds in which two owners demote each other at once, and the one who is left raises the other again.
async fn two_owners_against_each_other(nodes: [&Api; 2], rounds: usize) {
    let ada = nodes[0].login(Api::OWNER, Api::PASSWORD).await;
    let bob = nodes[0].joined(&ada, "bob@example.com", "owner").await;
    let paths = [own_path(nodes[0], &ada).await, own_path(nodes[0], &bob).await];
    let paths = [paths[0].as_str(), paths[1].as_str()];
    for round in 0..rounds {
        let answers = each_other(nodes, [&ada, &bob], paths, "PATCH").await;
        let won: Vec<_> = answers.iter().map(|it| it.status() == 200).collect();
        assert!(won[0] != won[1], "round {round}: {} {}", answers[0].body, answers[1].body);
        let lost = &answers[usize::from(won[0])];
        let too_late = (lost.status(), lost.code()) == (403, "forbidden_role");
        assert!(too_late || lost.body["error"]["state"] == "last_owner", "round {round}: {}", lost.body);
        let (by, path) = if won[0] { (&ada, paths[1]) } else { (&bob, paths[0]) };
        let raised = nodes[0].call_by(by, "PATCH", path, json!({"role": "owner"})).await;
        assert_eq!(raised.status(), 200, "{}", raised.body);
    }
    let answers = each_other(nodes, [&ada, &bob], paths, "DELETE").await;
    let gone = answers.iter().filter(|it| it.status() == 204).count();
    assert_eq!(gone, 1, "{} {}", answers[0].body, answers[1].body);
}

#[tokio::test]
async fn two_owners_who_take_each_others_role_leave_one() {
    let api = Api::start().await;
    two_owners_against_each_other([&api, &api], 8).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_owners_on_two_nodes_leave_one() {
    let server = campanile_test_servers::Postgres::start();
    let nodes = Api::two(&server).await;
    two_owners_against_each_other([&nodes[0], &nodes[1]], 8).await;
}

#[tokio::test]
async fn the_last_owner_stays_at_the_machine_too() {
    let api = Api::start().await;
    let refused = api.operate("POST", "/operator/people/remove", json!({"person": Api::OWNER})).await;
    assert_eq!((refused.status(), &refused.body["error"]["state"]), (409, &json!("last_owner")), "{}", refused.body);
    let owner = api.login(Api::OWNER, Api::PASSWORD).await;
    api.joined(&owner, "bob@example.com", "owner").await;
    let removed = api.operate("POST", "/operator/people/remove", json!({"person": Api::OWNER})).await;
    assert_eq!(removed.status(), 200, "{}", removed.body);
}

#[tokio::test]
async fn who_joins_is_recorded_in_one_append() {
    let api = Api::start().await;
    let core = api.engine.core();
    let owner = api.login(Api::OWNER, Api::PASSWORD).await;
    let before = core.journal.head().await.expect("a head").position;
    api.joined(&owner, "bob@example.com", "editor").await;
    let events = core.journal.everywhere().read(before, 10).await.expect("read");
    let names: Vec<_> = events.iter().map(|event| event.event_type.as_str()).collect();
    assert_eq!(names, ["invitation.made", "person.registered", "person.role_given", "invitation.accepted"]);
    // What goes in as one is recorded within microseconds of its first event.
    let spread = events[3].recorded_at - events[1].recorded_at;
    assert_eq!(spread.num_microseconds(), Some(2), "{spread}");
}

#[tokio::test]
async fn an_invitation_sent_again_is_the_same() {
    let api = Api::start().await;
    let owner = api.login(Api::OWNER, Api::PASSWORD).await;
    let send = async |by: &str, host: &str| {
        let request = Api::request_by(by, "POST", "/v1/invitations").header("content-type", "application/json");
        let body = json!({"email": "bob@example.com", "role": "editor"}).to_string();
        let request = request.header("idempotency-key", "one").header("host", host);
        api.send(request.body(body.into()).expect("a request")).await
    };
    let here = "127.0.0.1:8080";
    let (first, second) = (send(&owner, here).await, send(&owner, here).await);
    assert_eq!((second.status(), second.header("idempotent-replayed")), (201, "true"), "{}", second.body);
    assert_eq!(first.body, second.body, "whole, with the link");
    let token = first.body["token"].as_str().expect("a token");
    assert_eq!(first.body["url"], format!("http://{here}/join#{token}"));
    let elsewhere = send(&owner, "evil.example").await;
    assert_eq!(
        (&elsewhere.body["token"], &elsewhere.body["url"]),
        (&json!(token), &Value::Null),
        "of anybody's making"
    );
    let other = api.joined(&owner, "eve@example.com", "owner").await;
    assert_eq!(send(&other, here).await.code(), "idempotency_mismatch", "a link is for who made it");
}
