//! Sessions: opened, kept, renewed by one writer.

use async_trait::async_trait;
use campanile_events::post::FailureClass;
use serde_json::json;

use super::*;
use crate::platforms::{NotKept, Renewal};

#[tokio::test]
async fn an_account_is_connected_with_what_its_server_says() {
    let bench = Bench::start(60).await;
    // The account's own document names another server; so does what the requests after the login go to.
    let home = Bench::start(60).await;
    let mut opened = session("new");
    opened["didDoc"] = json!({"id": DID, "service": [
        {"id": "#other", "type": "x", "serviceEndpoint": {"not": "text"}},
        {"id": format!("{DID}#atproto_pds"), "type": "AtprotoPersonalDataServer", "serviceEndpoint": home.url},
    ]});
    bench.on(CREATE_SESSION, 200, &opened);
    home.on(GET, 200, &json!({"uri": "at://x", "cid": "x", "value": {"displayName": "Ada"}}));
    let given =
        json!({"service_url": format!("{}/", bench.url), "identifier": "@ada.example", "app_password": "hush-hush"});
    let connected = bench.connect(given).await.unwrap();
    assert_eq!((connected.server.as_str(), connected.remote_id.as_str()), (bench.url.as_str(), DID));
    assert!(!bench.platform.names_by_server(), "it is the same account by whatever server it is reached");
    assert_eq!((connected.handle.as_str(), connected.display_name.as_deref()), ("@ada.example", Some("Ada")));
    assert_eq!((connected.offer.rules.max_text, connected.offer.rules.max_bytes), (300, Some(3000)));
    assert_eq!(connected.offer.delivery, Delivery::Keyed { window_ms: None, quiet_ms: 0, searchable: true });
    assert!(!format!("{connected:?}").contains("hush"));
    let asked = bench.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].body, json!({"identifier": "ada.example", "password": "hush-hush"}));
    assert_eq!(home.paths(), [GET]);
    let kept: Value = connected.credentials.read().unwrap();
    assert_eq!((&kept["pds_url"], &kept["app_password"]), (&json!(format!("{}/", home.url)), &json!("hush-hush")));
    assert_eq!(kept["access_jwt"], json!(token("new", 120)));
}

#[tokio::test]
async fn a_document_that_names_no_usable_server_is_not_followed() {
    let bench = Bench::start(60).await;
    for endpoint in ["http://192.168.0.1", "http://pds.invalid", "ftp://a.example", "nonsense", &bench.url] {
        let mut opened = session("new");
        opened["didDoc"] = json!({"service": [{"id": "#atproto_pds", "serviceEndpoint": endpoint}]});
        bench.forget(CREATE_SESSION).on(CREATE_SESSION, 200, &opened);
        let given = json!({"service_url": bench.url, "identifier": "ada.example", "app_password": "x"});
        let connected = bench.connect(given).await.unwrap();
        let kept: Value = connected.credentials.read().unwrap();
        assert_eq!(kept["pds_url"], Value::Null, "{endpoint}");
        assert_eq!(bench.paths(), [CREATE_SESSION, GET]);
    }
}

#[tokio::test]
async fn a_server_that_refuses_is_quoted_and_a_wrong_one_is_named() {
    let bench = Bench::start(60).await;
    let given = json!({"service_url": bench.url, "identifier": "ada.example", "app_password": "hush-hush"});
    for (status, error) in [(401, "AuthenticationRequired"), (401, "AuthFactorTokenRequired"), (400, "InvalidRequest")]
    {
        bench.forget(CREATE_SESSION).on(CREATE_SESSION, status, &refusal(error));
        let refused = bench.connect(given.clone()).await.unwrap_err();
        assert_eq!(refused, ConnectError::Refused { message: format!("{error} it is"), status: Some(status) });
    }
    for (status, body) in [(404, ""), (200, "<html>"), (405, ""), (301, "")] {
        bench.forget(CREATE_SESSION).on(CREATE_SESSION, status, body);
        let refused = bench.connect(given.clone()).await.unwrap_err();
        assert!(matches!(&refused, ConnectError::Invalid { code: "not_a_pds", .. }), "{refused}");
    }
    for status in [429, 500, 502] {
        bench.forget(CREATE_SESSION).on(CREATE_SESSION, status, "");
        assert!(matches!(bench.connect(given.clone()).await, Err(ConnectError::Unreachable(_))), "{status}");
    }
    bench.asked();
    for (given, message) in [
        (json!({"identifier": "a", "app_password": "x"}), "`service_url`: is required"),
        (json!({"service_url": "https://a.example", "app_password": "x"}), "`identifier`: is required"),
        (json!({"service_url": "https://a.example", "identifier": "a"}), "`app_password`: is required"),
        (
            json!({"service_url": "http://1.1.1.1", "identifier": "a", "app_password": "x"}),
            "`service_url`: must begin with https://; plain http goes only to servers that this engine's operator named \
             with `--allow-egress`",
        ),
        (
            json!({"service_url": "http://10.0.0.1:3000", "identifier": "a", "app_password": "x"}),
            "`service_url`: must begin with https://; plain http goes only to servers that this engine's operator named \
             with `--allow-egress`",
        ),
        (
            json!({"service_url": "https://a.example/xrpc", "identifier": "a", "app_password": "x"}),
            "`service_url`: must be an address such as https://bsky.social",
        ),
        (
            json!({"service_url": "https://192.168.0.1", "identifier": "a", "app_password": "x"}),
            "the server's address is not one that outgoing requests may reach",
        ),
    ] {
        assert_eq!(bench.connect(given).await.unwrap_err().to_string(), message);
    }
    assert_eq!(bench.asked(), []);
}

#[tokio::test]
async fn many_who_need_a_new_token_spend_one_refresh_token() {
    let bench = Bench::start(1).await;
    bench.on(REFRESH_SESSION, 200, &session("second")).on(REFRESH_SESSION, 400, &refusal("ExpiredToken"));
    // All of them hold the credentials as they were before.
    let access = bench.access().await;
    let opened = futures::future::join_all((0..8).map(|_| bench.platform.open(&access))).await;
    assert!(opened.iter().all(Result::is_ok));
    let asked = bench.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(
        (asked[0].line.as_str(), asked[0].token.as_deref()),
        (&*format!("POST {REFRESH_SESSION}"), Some("Bearer refresh-first"))
    );
    let kept = bench.kept().await;
    assert_eq!((&kept["access_jwt"], &kept["refresh_jwt"]), (&json!(token("second", 120)), &json!("refresh-second")));
    assert_eq!(kept["app_password"], "hush-hush");
}

#[tokio::test]
async fn a_refused_refresh_token_is_made_good_by_the_password() {
    let bench = Bench::start(-1).await;
    for (status, error) in [(400, "ExpiredToken"), (400, "InvalidToken"), (401, "AuthMissing")] {
        let bench = Bench::start(-1).await;
        bench.on(REFRESH_SESSION, status, &refusal(error)).on(CREATE_SESSION, 200, &session("third"));
        bench.platform.open(&bench.access().await).await.unwrap();
        let asked = bench.asked();
        assert_eq!(asked[1].body, json!({"identifier": DID, "password": "hush-hush"}), "{error}");
        assert_eq!(bench.kept().await["refresh_jwt"], "refresh-third");
    }
    // Trouble is no refusal: nothing is logged in for it, and nothing is lost.
    let before = bench.kept().await;
    for (status, class) in
        [(500, FailureClass::NotSent), (429, FailureClass::RateLimited), (200, FailureClass::NotSent)]
    {
        bench.forget(REFRESH_SESSION).on(REFRESH_SESSION, status, "");
        let Err(failure) = bench.platform.open(&bench.access().await).await else { panic!("{status}") };
        assert_eq!((failure.class, failure.status), (class, Some(status)));
        assert_eq!(bench.paths(), [REFRESH_SESSION]);
    }
    bench.forget(REFRESH_SESSION).on(REFRESH_SESSION, 400, &refusal("ExpiredToken"));
    for (status, error, class) in [
        (401, "AuthenticationRequired", FailureClass::AuthExpired),
        (429, "RateLimitExceeded", FailureClass::RateLimited),
        (500, "InternalServerError", FailureClass::NotSent),
    ] {
        bench.forget(CREATE_SESSION).on(CREATE_SESSION, status, &refusal(error));
        let Err(failure) = bench.platform.open(&bench.access().await).await else { panic!("{error}") };
        assert_eq!((failure.class, failure.code.as_deref()), (class, Some(error)));
        assert_eq!(failure.message.expect("its words").as_str(), format!("{error} it is"));
    }
    // A server that gives somebody else's session is not believed.
    let mut other = session("other");
    other["did"] = json!("did:plc:eve");
    bench.forget(REFRESH_SESSION).on(REFRESH_SESSION, 200, &other);
    bench.forget(CREATE_SESSION).on(CREATE_SESSION, 200, &other);
    let Err(failure) = bench.platform.open(&bench.access().await).await else { panic!("another account") };
    assert_eq!((failure.class, failure.code.as_deref()), (FailureClass::AuthExpired, Some("another_account")));
    assert_eq!(bench.kept().await, before);
}

/// Gives credentials and keeps none.
#[derive(Debug)]
struct Full(Credentials);

struct FullRenewal(Credentials);

#[async_trait]
impl CredentialKeeper for Full {
    async fn claim(&self) -> Result<Box<dyn Renewal>, NotKept> {
        Ok(Box::new(FullRenewal(self.0.clone())))
    }
}

#[async_trait]
impl Renewal for FullRenewal {
    fn current(&self) -> &Credentials {
        &self.0
    }

    async fn replace(&mut self, _: Credentials) -> Result<(), NotKept> {
        Err(NotKept)
    }
}

#[tokio::test]
async fn a_token_that_could_not_be_kept_is_not_used() {
    let bench = Bench::start(1).await;
    bench.on(REFRESH_SESSION, 200, &session("second")).on(PUT, 200, "{}");
    let access = bench.access().await;
    let access = Access { keeper: Arc::new(Full(access.credentials.clone())), ..access };
    let Err(failure) = bench.platform.open(&access).await else { panic!("it was not kept") };
    assert_eq!((failure.class, failure.code.as_deref()), (FailureClass::NotSent, Some("credentials_not_kept")));
    assert_eq!(bench.paths(), [REFRESH_SESSION]);
}

#[tokio::test]
async fn asked_on_purpose_a_refused_token_is_renewed() {
    let bench = Bench::start(60).await;
    bench.on(GET_SESSION, 200, &json!({"did": DID, "handle": "ada.example"}));
    assert_eq!(bench.platform.observe(&bench.access().await).await.unwrap().delivery.class(), "keyed");
    assert_eq!(bench.paths(), [GET_SESSION]);

    bench.forget(GET_SESSION).on(GET_SESSION, 400, &refusal("InvalidToken"));
    bench.on(REFRESH_SESSION, 200, &session("second"));
    let before = bench.access().await;
    bench.platform.observe(&before).await.unwrap();
    assert_eq!(bench.paths(), [GET_SESSION, REFRESH_SESSION]);
    // Who still holds the refused one finds that it was renewed meanwhile.
    bench.platform.observe(&before).await.unwrap();
    assert_eq!(bench.paths(), [GET_SESSION]);

    bench.forget(GET_SESSION).on(GET_SESSION, 500, "");
    let failure = bench.platform.observe(&before).await.unwrap_err();
    assert_eq!((failure.class, failure.status), (FailureClass::NotSent, Some(500)));
}
