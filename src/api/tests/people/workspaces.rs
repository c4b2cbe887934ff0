//! Several workspaces, and which one is meant.

use axum::body::Body;
use serde_json::{Value, json};

use crate::api::tests::fixture::{Answered, Api};

async fn ask(api: &Api, by: &str, path: &str, workspace: Option<&str>) -> Answered {
    let request = Api::request_by(by, "GET", path);
    let request = workspace.iter().fold(request, |request, id| request.header("campanile-workspace", *id));
    api.send(request.body(Body::empty()).expect("a request")).await
}

#[tokio::test]
async fn who_may_enter_several_says_which() {
    let api = Api::start().await;
    let owner = api.login(Api::OWNER, Api::PASSWORD).await;
    let first = ask(&api, &owner, "/v1/me", None).await.body["workspace_id"].as_str().expect("an id").to_owned();
    let create = async |by: &str, key: &str| {
        let request = Api::request_by(by, "POST", "/v1/workspaces").header("content-type", "application/json");
        let body = json!({"name": " Newsroom "}).to_string();
        api.send(request.header("idempotency-key", key).body(body.into()).expect("a request")).await
    };
    let made = create(&owner, "one").await;
    assert_eq!((made.status(), &made.body["name"], &made.body["role"]), (201, &json!("Newsroom"), &json!("owner")));
    let again = create(&owner, "one").await;
    assert_eq!((again.header("idempotent-replayed"), again.id()), ("true", made.id()), "{}", again.body);
    let second = made.id();

    let unsaid = ask(&api, &owner, "/v1/posts", None).await;
    assert_eq!((unsaid.status(), &unsaid.body["error"]["details"][0]["field"]), (400, &json!("Campanile-Workspace")));
    let message = unsaid.body["error"]["message"].as_str().expect("words");
    assert!(message.contains(&first) && message.contains(&second), "{message}");
    let me = ask(&api, &owner, "/v1/me", None).await.body;
    assert_eq!((&me["workspace_id"], me["workspaces"].as_array().map(Vec::len)), (&Value::Null, Some(2)));
    assert_eq!(ask(&api, &owner, "/v1/platforms", None).await.status(), 200);
    assert_eq!(ask(&api, &owner, "/v1/me", Some(&second)).await.body["workspace_id"], json!(second));

    let account = api.account("ada").await;
    let drafted = api.call("POST", "/v1/posts", json!({"body": "of the first", "account_ids": [account]})).await;
    let path = format!("/v1/posts/{}", drafted.id());
    assert_eq!(ask(&api, &owner, &path, Some(&first)).await.body["body"], "of the first");
    assert_eq!(ask(&api, &owner, &path, Some(&second)).await.code(), "not_found");
    assert_eq!(ask(&api, &owner, "/v1/posts", Some(&second)).await.body["data"], json!([]));

    let bob = api.send(
        Api::request_by(&owner, "POST", "/v1/invitations")
            .header("content-type", "application/json")
            .header("campanile-workspace", &second)
            .body(json!({"email": "bob@example.com", "role": "viewer"}).to_string().into())
            .expect("a request"),
    );
    let invited = bob.await;
    let body = json!({"token": invited.body["token"], "password": Api::PASSWORD});
    assert_eq!(api.arrive("POST", "/v1/invitations/accept", body).await.status(), 201);
    let bob = api.login("bob@example.com", Api::PASSWORD).await;
    assert_eq!(ask(&api, &bob, "/v1/me", None).await.body["workspace_id"], json!(second), "his only one");
    for (workspace, code) in
        [(first.as_str(), "not_found"), ("ws_01k00000000000000000000000", "not_found"), ("x", "invalid_request")]
    {
        assert_eq!(ask(&api, &bob, "/v1/posts", Some(workspace)).await.code(), code, "{workspace}");
        assert_eq!(ask(&api, &bob, "/v1/me", Some(workspace)).await.code(), code, "{workspace}");
    }
    assert_eq!(create(&bob, "two").await.code(), "forbidden_role", "a viewer makes none");
    let key = &api.secret;
    assert_eq!(ask(&api, key, "/v1/posts", Some(&first)).await.status(), 200);
    assert_eq!(ask(&api, key, "/v1/posts", Some(&second)).await.code(), "not_found", "a key opens one");
}

#[tokio::test]
async fn a_workspace_and_its_owner_are_recorded_in_one_append() {
    let api = Api::start().await;
    let core = api.engine.core();
    let owner = api.login(Api::OWNER, Api::PASSWORD).await;
    let before = core.journal.head().await.expect("a head").position;
    let made = api.call_by(&owner, "POST", "/v1/workspaces", json!({"name": "Newsroom"})).await;
    assert_eq!(made.status(), 201, "{}", made.body);
    let events = core.journal.everywhere().read(before, 10).await.expect("read");
    let names: Vec<_> = events.iter().map(|event| event.event_type.as_str()).collect();
    assert_eq!(names, ["workspace.created", "person.role_given"]);
    assert_eq!(events[0].workspace.to_string(), made.id(), "its own");
    assert_eq!(events[1].workspace, core.people.home().await.expect("known").workspace, "where people's records are");
    // What goes in as one is recorded within a microsecond of its first event.
    let spread = events[1].recorded_at - events[0].recorded_at;
    assert_eq!(spread.num_microseconds(), Some(1), "{spread}");
}
