//! Keys among others.

use chrono::Duration;
use serde_json::{Value, json};

use super::{super::fixture::Api, at_noon, get_by};

#[tokio::test]
async fn keys_are_found_by_status_and_name() {
    let (api, clock) = at_noon().await;
    for (name, days) in [("Deploy north", Some(1)), ("deploy south", None), ("report", None)] {
        api.key(json!({"name": name, "scopes": ["posts:read"], "expires_in_days": days})).await;
    }
    let (dead, _) = api.key(json!({"name": "old deploy", "scopes": ["posts:read"]})).await;
    api.call("DELETE", &format!("/v1/keys/{dead}"), json!({})).await;
    clock.advance(Duration::days(1));
    let names = async |query: &str| {
        let (mut names, mut cursor) = (Vec::new(), String::new());
        loop {
            let part = api.get(&format!("/v1/keys?{query}&cursor={cursor}")).await.body;
            let rows = part["data"].as_array().unwrap_or_else(|| panic!("{query}: {part}"));
            names.extend(rows.iter().map(|it| it["name"].as_str().expect("a name").to_owned()));
            match part["next_cursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => return names,
            }
        }
    };
    assert_eq!(names("status=active").await, ["report", "deploy south", "init"]);
    assert_eq!(names("status=expired").await, ["Deploy north"]);
    assert_eq!(names("status=revoked").await, ["old deploy"]);
    let deploys = ["old deploy", "deploy south", "Deploy north"];
    assert_eq!(names("name=DEPLOY").await, deploys);
    assert_eq!(names("name=deploy&limit=1").await, deploys);
    assert_eq!(names("name=deploy&offset=1&limit=50").await, deploys[1..]);
    assert_eq!(names("name=deploy&status=active").await, ["deploy south"]);
    assert_eq!(api.get("/v1/keys?status=dead").await.code(), "invalid_request");
}

#[tokio::test]
async fn lists_that_no_read_model_holds_have_parts_too() {
    let api = Api::start().await;
    let (id, _) = api.key(json!({"name": "0", "scopes": ["posts:read"]})).await;
    let path = format!("/v1/keys/{id}");
    for name in 1..5 {
        api.call("PATCH", &path, json!({"name": name.to_string()})).await;
    }
    let mut token = api.login(Api::OWNER, Api::PASSWORD).await;
    for _ in 0..4 {
        token = api.login(Api::OWNER, Api::PASSWORD).await;
    }
    for name in ["b", "c", "d", "e"] {
        assert_eq!(api.call_by(&token, "POST", "/v1/workspaces", json!({"name": name})).await.status(), 201);
    }
    let history = format!("{path}/history");
    let mut cursors = Vec::new();
    for (secret, path) in [(&api.secret, history.as_str()), (&token, "/v1/auth/sessions"), (&token, "/v1/workspaces")] {
        let part = async |query: &str| {
            let part = get_by(&api, secret, &format!("{path}?{query}")).await;
            assert_eq!(part.status(), 200, "{path}?{query}: {}", part.body);
            let ids = part.body["data"].as_array().expect("a list").iter().map(|it| it["id"].clone()).collect();
            (ids, part.body["next_cursor"].as_str().map(str::to_owned))
        };
        let (all, end): (Vec<Value>, _) = part("").await;
        assert_eq!((all.len(), end), (5, None), "{path}");
        let (mut found, mut cursor, mut times) = (Vec::new(), String::new(), 0);
        loop {
            let (ids, next) = part(&format!("limit=2&cursor={cursor}")).await;
            found.extend(ids);
            times += 1;
            let Some(next) = next else { break };
            cursor = next;
        }
        assert_eq!((found, times), (all.clone(), 3), "{path}");
        assert_eq!(part("limit=2&offset=1").await.0, all[1..3], "{path}");
        assert_eq!(part(&format!("offset=1&cursor={}", part("limit=2").await.1.expect("more"))).await.0, all[3..]);
        for wrong in ["limit=0", "limit=51", "cursor=nonsense", "colour=1", "offset=x"] {
            let refused = get_by(&api, secret, &format!("{path}?{wrong}")).await;
            let field = wrong.split('=').next();
            assert_eq!(refused.body["error"]["details"][0]["field"].as_str(), field, "{path}: {}", refused.body);
        }
        cursors.push(cursor);
    }
    let other = get_by(&api, &token, &format!("/v1/workspaces?cursor={}", cursors[1])).await;
    assert_eq!(other.code(), "invalid_request", "another list's");
    let whole = get_by(&api, &api.secret, "/v1/scopes?limit=1").await;
    assert_eq!(whole.body["error"]["details"][0]["field"], "limit", "what has no parts takes no word of them");
    for wrong in ["nonsense", "post_01k00000000000000000000000", "operator"] {
        let refused = get_by(&api, &api.secret, &format!("/v1/posts?created_by={wrong}")).await;
        assert_eq!(refused.body["error"]["details"][0]["field"], "created_by", "{wrong}: {}", refused.body);
    }
    for known in ["key_01k00000000000000000000000", "user_01k00000000000000000000000"] {
        assert_eq!(get_by(&api, &api.secret, &format!("/v1/posts?created_by={known}")).await.status(), 200);
    }
}
