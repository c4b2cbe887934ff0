//! Keys among others.

use chrono::Duration;
use serde_json::json;

use super::at_noon;

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
