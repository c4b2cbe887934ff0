//! Another password, known or forgotten.

use serde_json::json;

use crate::api::tests::fixture::Api;

const NEW: &str = "battery staple 77c2";

#[tokio::test]
async fn another_password_ends_all_other_sessions() {
    let api = Api::start().await;
    let [own, other] = [api.login(Api::OWNER, Api::PASSWORD).await, api.login(Api::OWNER, Api::PASSWORD).await];
    let offered = api.operate("POST", "/operator/people/reset", json!({"person": Api::OWNER})).await;
    let change = async |current: &str, new: &str| {
        api.call_by(&own, "POST", "/v1/auth/password", json!({"current_password": current, "new_password": new})).await
    };
    let wrong = change("wrong horse", NEW).await;
    assert_eq!((wrong.status(), &wrong.body["error"]["reason"]), (401, &json!("invalid_credentials")));
    assert_eq!(wrong.body["error"]["details"][0]["field"], "current_password", "{}", wrong.body);
    assert_eq!(change(Api::PASSWORD, "short").await.body["error"]["details"][0]["field"], "new_password");
    assert_eq!(api.call_by(&other, "GET", "/v1/me", json!(null)).await.status(), 200);
    let changed = change(Api::PASSWORD, NEW).await;
    assert_eq!(changed.status(), 204, "{}", changed.body);
    assert_eq!(api.call_by(&own, "GET", "/v1/me", json!(null)).await.status(), 200);
    assert_eq!(api.call_by(&other, "GET", "/v1/me", json!(null)).await.body["error"]["reason"], "expired_session");
    let old = api.arrive("POST", "/v1/auth/login", json!({"email": Api::OWNER, "password": Api::PASSWORD})).await;
    assert_eq!(old.status(), 401);
    api.login(Api::OWNER, NEW).await;
    let reset = json!({"token": offered.body["token"], "password": Api::PASSWORD});
    assert_eq!(api.arrive("POST", "/v1/auth/reset", reset).await.code(), "not_found", "a link of before");
}

#[tokio::test]
async fn a_reset_link_is_made_at_the_machine_and_good_for_once() {
    let api = Api::start().await;
    let own = api.login(Api::OWNER, Api::PASSWORD).await;
    let offered = api.operate("POST", "/operator/people/reset", json!({"person": "Ada@example.com"})).await;
    assert_eq!((offered.status(), &offered.body["email"]), (201, &json!(Api::OWNER)), "{}", offered.body);
    let reset = async |password: &str| {
        api.arrive("POST", "/v1/auth/reset", json!({"token": offered.body["token"], "password": password})).await
    };
    assert_eq!(reset("short").await.code(), "invalid_request", "the link is still good");
    let invitation = json!({"token": offered.body["token"], "password": NEW});
    assert_eq!(api.arrive("POST", "/v1/invitations/accept", invitation).await.code(), "not_found");
    assert_eq!(reset(NEW).await.status(), 204);
    assert_eq!(reset("another one 99").await.code(), "not_found");
    assert_eq!(api.call_by(&own, "GET", "/v1/me", json!(null)).await.status(), 401);
    api.login(Api::OWNER, NEW).await;
    for (person, code) in [("bob@example.com", "not_found"), ("nobody", "invalid_request")] {
        assert_eq!(api.operate("POST", "/operator/people/reset", json!({"person": person})).await.code(), code);
    }
}

#[tokio::test]
async fn who_has_no_password_gets_none_by_an_invitation() {
    let api = Api::start().await;
    let core = api.engine.core();
    let owner = api.login(Api::OWNER, Api::PASSWORD).await;
    let bob = api.joined(&owner, "bob@example.com", "editor").await;
    let me = api.call_by(&bob, "GET", "/v1/me", json!(null)).await;
    let id = me.body["person"]["id"].as_str().expect("an id").parse().expect("an id");
    core.people.passwords().drop_person(id).await.expect("dropped");
    let removed = api.operate("POST", "/operator/people/remove", json!({"person": "bob@example.com"})).await;
    assert_eq!(removed.status(), 200, "{}", removed.body);
    let invited = api.operate("POST", "/operator/people/invite", json!({"email": "bob@example.com", "role": "viewer"}));
    let invited = invited.await;
    assert_eq!(invited.status(), 201, "{}", invited.body);
    let body = json!({"token": invited.body["token"], "password": NEW});
    let refused = api.arrive("POST", "/v1/invitations/accept", body).await;
    assert_eq!((refused.status(), &refused.body["error"]["state"]), (409, &json!("no_password")), "{}", refused.body);
}
