//! Connecting an account on its server's own page, all the way: the app, the page, the code, the first post.

use std::{collections::BTreeSet, time::Duration};

use reqwest::redirect::Policy;
use serde_json::{Value, json};
use url::Url;

use crate::support::{
    Answer, Client, Engine, Options,
    mastodon::{Flavour, MastodonStandIn, TOKEN},
    published,
};

const LIMIT: Duration = Duration::from_mins(1);
pub(crate) const BACK: &str = "https://app.example/back?tab=2";
const PATH: &str = "/v1/connect/mastodon";

/// Where the account's owner is sent to.
pub(crate) async fn begin(client: &Client, server: &str, redirect_uri: &str) -> Answer {
    let query = [("instance_url", server), ("redirect_uri", redirect_uri)];
    client.send(client.request(reqwest::Method::GET, &at(&query))).await
}

fn at(query: &[(&str, &str)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    format!("{PATH}?{query}")
}

/// Says yes on the page, and gives what it leads back with.
pub(crate) async fn consent(begun: &Value) -> Value {
    let http = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().expect("a client");
    let page = http.get(begun["auth_url"].as_str().expect("a page")).send().await.expect("the page");
    assert_eq!(page.status(), 302, "{}", page.text().await.unwrap_or_default());
    let back = page.headers()["location"].to_str().expect("an address").to_owned();
    assert!(back.starts_with(BACK), "{back}");
    let back = Url::parse(&back).expect("an address");
    let named = |name: &str| back.query_pairs().find(|(it, _)| it == name).map(|(_, value)| value.into_owned());
    json!({"code": named("code"), "state": named("state")})
}

fn asked(begun: &Value, name: &str) -> Option<String> {
    let page = Url::parse(begun["auth_url"].as_str().expect("a page")).expect("an address");
    page.query_pairs().find(|(it, _)| it == name).map(|(_, value)| value.into_owned())
}

fn detail(answer: &Answer) -> (Value, Value) {
    let error = answer.refused(400, "invalid_request");
    (error["details"][0]["field"].clone(), error["details"][0]["code"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_connected_on_its_servers_page_and_published_to() {
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    for flavour in [Flavour::Genuine, Flavour::Compatible] {
        let server = MastodonStandIn::start(flavour).await;
        let begun = begin(&client, &server.address, BACK).await.expect(200);
        let is_genuine = flavour == Flavour::Genuine;
        assert_eq!(asked(&begun, "code_challenge").is_some(), is_genuine, "{begun}");
        assert_eq!(asked(&begun, "state").as_deref(), begun["state"].as_str());
        let least = ["read:accounts", "read:statuses", "write:media", "write:statuses"].map(str::to_owned);
        let scopes: BTreeSet<_> = asked(&begun, "scope").unwrap_or_default().split(' ').map(str::to_owned).collect();
        assert_eq!(scopes, least.clone().into());
        assert_eq!(server.apps()[0].scopes, least.into());

        let given = consent(&begun).await;
        assert_eq!(given["state"], begun["state"]);
        let again = |key: &str| client.request(reqwest::Method::POST, PATH).header("Idempotency-Key", key).json(&given);
        let first = client.send(again(&server.address)).await;
        let account = first.expect(201);
        assert_eq!((account["platform"].as_str(), first.header("etag")), (Some("mastodon"), "\"1\""));
        assert_eq!(account["delivery"]["class"], if is_genuine { "keyed" } else { "searchable" });
        let replayed = client.send(again(&server.address)).await;
        assert_eq!(
            (replayed.expect(201)["id"].clone(), replayed.header("idempotent-replayed")),
            (account["id"].clone(), "true")
        );

        let picture = client.medium("image/png", &crate::support::png(4, 4, 0), Some("A bell")).await;
        let body =
            json!({"body": "by consent", "account_ids": [account["id"]], "media_ids": [picture], "publish": true});
        let post = client.post("/v1/posts", body).await.expect(201);
        published(&client, post["id"].as_str().expect("an id"), LIMIT).await;
        assert_eq!(server.count("by consent"), 1);

        // The same account, whichever way: it keeps its id.
        let direct = json!({"instance_url": server.address, "access_token": TOKEN});
        assert_eq!(client.post(PATH, direct).await.expect(201)["id"], account["id"]);
        let begun = begin(&client, &server.address, BACK).await.expect(200);
        let reconnected = client.post(PATH, consent(&begun).await).await.expect(201);
        assert_eq!((&reconnected["id"], &reconnected["revision"]), (&account["id"], &json!(3)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_gets_to_know_the_engine_once() {
    let mut engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let server = MastodonStandIn::start(Flavour::Genuine).await;
    let first = begin(&client, &server.address, BACK).await.expect(200);
    engine.terminate();
    engine.restart().await;
    let second = begin(&client, &format!("{}/", server.address), BACK).await.expect(200);
    assert_eq!(asked(&first, "client_id"), asked(&second, "client_id"));
    assert_ne!(first["state"], second["state"]);
    assert_eq!(server.apps().len(), 1);
    begin(&client, &server.address, "http://127.0.0.1:9/back").await.expect(200);
    assert_eq!(server.apps().len(), 2, "it leads back to another place");

    // Servers that tidy up: nobody is sent to an error page.
    server.forget_apps();
    let third = begin(&client, &server.address, BACK).await.expect(200);
    assert_ne!(asked(&third, "client_id"), asked(&first, "client_id"));
    client.post(PATH, consent(&third).await).await.expect(201);
    // What was begun before goes by the app that it was begun as.
    let given = json!({"code": "mastodon-code", "state": second["state"]});
    let refused = client.post(PATH, given).await.refused(422, "connection_refused");
    assert_eq!(refused["platform_status"], "401");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_is_good_once_for_the_key_that_got_it() {
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let server = MastodonStandIn::start(Flavour::Genuine).await;
    let unknown = (json!("state"), json!("unknown_state"));
    let begun = begin(&client, &server.address, BACK).await.expect(200);
    let given = consent(&begun).await;

    let other = engine.client_of(&client.key(&["connections:write"]).await);
    assert_eq!(detail(&other.post(PATH, given.clone()).await), unknown, "another key's");
    let made_up = json!({"code": given["code"], "state": "mJ3s0aJmZk7Qe2b9xYlT4wVn8cRgU5hD1oKfPiB6XtE"});
    assert_eq!(detail(&client.post(PATH, made_up).await), unknown);
    client.post(PATH, given.clone()).await.expect(201);
    assert_eq!(detail(&client.post(PATH, given.clone()).await), unknown, "used");

    // A code that is not the page's: the server's own words, and the state is used.
    let begun = begin(&client, &server.address, BACK).await.expect(200);
    let mut tampered = consent(&begun).await;
    let code = tampered["code"].take();
    tampered["code"] = format!("{}x", code.as_str().expect("a code")).into();
    let refused = client.post(PATH, tampered.clone()).await.refused(422, "connection_refused");
    assert_eq!(refused["platform_status"], "400");
    assert_eq!(refused["message"], "The provided authorization grant is invalid, expired or revoked");
    tampered["code"] = code;
    assert_eq!(detail(&client.post(PATH, tampered).await), unknown);

    // Somebody else's code under one's own state: its challenge is another.
    let (own, others) = (
        begin(&client, &server.address, BACK).await.expect(200),
        begin(&other, &server.address, BACK).await.expect(200),
    );
    let mixed = json!({"code": consent(&others).await["code"], "state": own["state"]});
    client.post(PATH, mixed).await.refused(422, "connection_refused");
    assert_eq!(client.get("/v1/accounts").await.expect(200)["data"].as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_way_is_named() {
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let server = MastodonStandIn::start(Flavour::Genuine).await;
    let address = server.address.as_str();
    let named = |name: &str, code: &str| (json!(name), json!(code));
    for (query, expected) in [
        (vec![("instance_url", address)], named("redirect_uri", "missing")),
        (vec![("redirect_uri", BACK)], named("instance_url", "missing")),
        (
            vec![("instance_url", address), ("redirect_uri", BACK), ("scope", "write")],
            named("scope", "unknown_parameter"),
        ),
        (vec![("instance_url", address), ("redirect_uri", "http://app.example/")], named("redirect_uri", "invalid")),
        (
            vec![("instance_url", address), ("redirect_uri", "https://a.example/\nhttps://b.example/")],
            named("redirect_uri", "invalid"),
        ),
        (vec![("instance_url", "https://m.example/x"), ("redirect_uri", BACK)], named("instance_url", "invalid")),
        (vec![("instance_url", "http://127.0.0.1:1"), ("redirect_uri", BACK)], named("instance_url", "unreachable")),
    ] {
        assert_eq!(detail(&client.get(&at(&query)).await), expected, "{query:?}");
    }
    assert!(server.apps().is_empty(), "nothing left before all was well");
    begin(&client, "https://10.0.0.1", BACK).await.refused(422, "connection_refused");
    assert_eq!(detail(&client.get("/v1/connect/sandbox").await), named("platform", "no_oauth"));
    client.get("/v1/connect/nowhere").await.refused(404, "not_found");
    for (body, expected) in [
        (json!({"code": "c"}), named("state", "missing")),
        (json!({"state": "s"}), named("code", "missing")),
        (json!({"code": "c", "state": "s", "instance_url": address}), named("instance_url", "unknown_field")),
    ] {
        assert_eq!(detail(&client.post(PATH, body.clone()).await), expected, "{body}");
    }
    let reader = engine.client_of(&client.key(&["connections:read"]).await);
    begin(&reader, address, BACK).await.refused(403, "forbidden_scope");
    let test_key = json!({"name": "trial", "scopes": ["*"], "mode": "test"});
    let secret = client.post("/v1/keys", test_key).await.expect(201)["secret"].as_str().expect("a secret").to_owned();
    begin(&engine.client_of(&secret), address, BACK).await.refused(403, "test_key_live_account");

    let platforms = client.get("/v1/platforms").await.expect(200);
    let oauth = |name: &str| {
        let all = platforms["data"].as_array().expect("a list");
        all.iter().find(|it| it["name"] == name).map(|it| (it["connect_fields"].clone(), it["oauth"]["fields"].clone()))
    };
    let both = (json!(["instance_url", "access_token"]), json!(["instance_url", "redirect_uri"]));
    assert_eq!(oauth("mastodon"), Some(both));
    assert_eq!(oauth("bluesky").map(|(_, oauth)| oauth), Some(Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_may_be_shown_instead_of_led_back_with() {
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let server = MastodonStandIn::start(Flavour::Genuine).await;
    let begun = begin(&client, &server.address, "urn:ietf:wg:oauth:2.0:oob").await.expect(200);
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let shown = http.get(begun["auth_url"].as_str().expect("a page")).send().await.expect("the page");
    let code = shown.text().await.expect("a code");
    client.post(PATH, json!({"code": code, "state": begun["state"]})).await.expect(201);
}
