//! The way over a server's own page.

use std::collections::HashMap;

use campanile_events::{
    db::{Engine, engines::Databases},
    ids::{KeyId, WorkspaceId},
    seal::MasterKey,
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::*;
use crate::sign_ins::{Beginner, Invitation, SignInError, SignIns};

const METADATA: &str = "/.well-known/oauth-authorization-server";
const APPS: &str = "/api/v1/apps";
const TOKEN: &str = "/oauth/token";
const BACK: &str = "https://app.example/back";

struct Way {
    _databases: Databases,
    bench: Bench,
    sign_ins: SignIns,
}

impl Way {
    async fn start() -> Self {
        let (databases, bench) = (Databases::of(Engine::Sqlite), Bench::start().await);
        let sign_ins = SignIns::open(databases.open("a").await, &MasterKey::generate()).await.unwrap();
        bench.on(METADATA, 200, &json!({"code_challenge_methods_supported": ["S256"]}));
        bench.on(APPS, 200, &json!({"client_id": "client-1", "client_secret": "hush-1"}));
        bench.on(TOKEN, 200, &json!({"access_token": "hush-token", "token_type": "Bearer"}));
        bench.on(WHO, 200, &json!({"id": "7", "acct": "alice"})).on(V2, 200, &genuine());
        Self { _databases: databases, bench, sign_ins }
    }

    async fn begin(&self) -> Result<Invitation, SignInError> {
        let given = json!({"instance_url": self.bench.url, "redirect_uri": BACK});
        self.sign_ins.begin(&self.bench.platform, who(), given, timing(), start()).await
    }

    async fn finish(&self, begun: &Invitation) -> Result<crate::platforms::Connected, SignInError> {
        let given = json!({"code": "code-1", "state": begun.state});
        self.sign_ins.finish(&self.bench.platform, who(), &given, &timing(), start()).await
    }

    async fn refused(&self, path: &str, status: u16, body: &str) -> ConnectError {
        let begun = if path == TOKEN { Some(self.begin().await.unwrap()) } else { None };
        self.bench.forget(path);
        self.bench.on(path, status, body);
        let refused = match begun {
            Some(begun) => self.finish(&begun).await.map(drop),
            None => self.begin().await.map(drop),
        };
        match refused {
            Err(SignInError::Connect(error)) => error,
            other => panic!("{path} {status} {body}: {other:?}"),
        }
    }
}

/// The fields of a form, as JSON; null where there are none.
pub(super) fn form(body: &[u8]) -> Value {
    let fields: serde_json::Map<_, _> =
        url::form_urlencoded::parse(body).into_owned().map(|(name, value)| (name, value.into())).collect();
    if fields.is_empty() { Value::Null } else { fields.into() }
}

fn who() -> Beginner {
    Beginner { workspace: WorkspaceId::from(Uuid::from_u128(1)), key: KeyId::from(Uuid::from_u128(2)) }
}

fn query(begun: &Invitation) -> HashMap<String, String> {
    begun.auth_url.query_pairs().into_owned().collect()
}

#[tokio::test]
async fn the_page_is_asked_for_the_least_and_the_code_is_bound() {
    let way = Way::start().await;
    let begun = way.begin().await.unwrap();
    let page = query(&begun);
    let scopes = "read:accounts read:statuses write:statuses write:media";
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "client-1"),
        ("redirect_uri", BACK),
        ("scope", scopes),
        ("state", &begun.state),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(page.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert!(begun.state.len() >= 43 && !format!("{begun:?}").contains(&begun.state));
    let asked = way.bench.asked();
    let lines: Vec<_> = asked.iter().map(|it| it.line.as_str()).collect();
    assert_eq!(lines, [format!("GET {METADATA}"), format!("POST {APPS}")]);
    assert_eq!(asked[1].body, json!({"client_name": "Campanile", "redirect_uris": BACK, "scopes": scopes}));

    let connected = way.finish(&begun).await.unwrap();
    assert_eq!((connected.remote_id.as_str(), connected.handle.as_str()), ("7", "@alice@m.example"));
    let kept = connected.credentials.read::<Value>().unwrap();
    assert_eq!(kept, json!({"instance_url": format!("{}/", way.bench.url), "access_token": "hush-token"}));
    let asked = way.bench.asked();
    let verifier = asked[0].body["code_verifier"].as_str().unwrap();
    assert_eq!(page["code_challenge"], {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
    });
    let form = json!({"grant_type": "authorization_code", "code": "code-1", "client_id": "client-1",
        "client_secret": "hush-1", "redirect_uri": BACK, "code_verifier": verifier});
    assert_eq!((asked[0].line.as_str(), &asked[0].body), (&*format!("POST {TOKEN}"), &form));
    assert_eq!(asked[1].token.as_deref(), Some("Bearer hush-token"));
}

#[tokio::test]
async fn a_server_that_knows_no_challenges_is_sent_none() {
    for (status, body) in
        [(404, "<html>"), (200, "{}"), (200, "<html>"), (200, r#"{"code_challenge_methods_supported":["plain"]}"#)]
    {
        let way = Way::start().await;
        way.bench.forget(METADATA);
        way.bench.on(METADATA, status, body);
        let begun = way.begin().await.unwrap();
        assert!(!query(&begun).contains_key("code_challenge"), "{status} {body}");
        way.bench.asked();
        way.finish(&begun).await.unwrap();
        assert_eq!(way.bench.asked()[0].body.get("code_verifier"), None, "{status} {body}");
    }
}

#[tokio::test]
async fn an_app_is_made_once_and_anew_only_where_the_server_says_no() {
    let way = Way::start().await;
    let first = way.begin().await.unwrap();
    for (status, body) in [(200, "{}"), (400, r#"{"error":"unsupported_grant_type"}"#), (503, "")] {
        way.bench.asked();
        way.bench.forget(TOKEN);
        way.bench.on(TOKEN, status, body);
        assert_eq!(query(&way.begin().await.unwrap())["client_id"], "client-1", "{status} {body}");
        let asked = way.bench.asked();
        assert_eq!(
            (asked.len(), asked[1].body["grant_type"].as_str()),
            (2, Some("client_credentials")),
            "{status} {body}"
        );
    }
    for (number, (status, body)) in
        [(401, r#"{"error":"invalid_client"}"#), (400, r#"{"error":"invalid_client_id"}"#)].into_iter().enumerate()
    {
        way.bench.forget(TOKEN);
        way.bench.forget(APPS);
        way.bench.on(TOKEN, status, body);
        let next = format!("client-{}", number + 2);
        way.bench.on(APPS, 200, &json!({"client_id": next, "client_secret": "hush-2"}));
        assert_eq!(query(&way.begin().await.unwrap())["client_id"], next, "{status} {body}");
    }
    // What was begun as the first is finished as the first.
    way.bench.asked();
    way.finish(&first).await.unwrap_err();
    assert_eq!(way.bench.asked()[0].body["client_id"], "client-1");
}

#[tokio::test]
async fn what_a_server_refuses_is_told_in_its_own_words() {
    let way = Way::start().await;
    let quoted = |message: &str, status| ConnectError::Refused { message: message.to_owned(), status: Some(status) };
    let said = r#"{"error":"Validation failed: Redirect URI must be an absolute URI."}"#;
    let refused = way.refused(APPS, 422, said).await;
    assert_eq!(refused, quoted("Validation failed: Redirect URI must be an absolute URI.", 422));
    assert_eq!(way.refused(APPS, 403, "").await, quoted("the server knows no apps", 403));
    for (status, body) in [(404, ""), (200, "<html>"), (200, "{}")] {
        let refused = way.refused(APPS, status, body).await;
        assert!(matches!(refused, ConnectError::Invalid { code: "not_mastodon", .. }), "{status} {body}: {refused}");
    }
    assert!(matches!(way.refused(APPS, 429, "").await, ConnectError::Unreachable(_)));

    let way = Way::start().await;
    let said = r#"{"error":"invalid_grant","error_description":"The provided authorization grant is invalid"}"#;
    assert_eq!(way.refused(TOKEN, 400, said).await, quoted("The provided authorization grant is invalid", 400));
    for (status, body) in [(200, "{}"), (200, r#"{"access_token":"hu\nsh"}"#), (404, "")] {
        let refused = way.refused(TOKEN, status, body).await;
        assert!(matches!(refused, ConnectError::Invalid { code: "not_mastodon", .. }), "{status} {body}: {refused}");
    }
    assert!(matches!(way.refused(TOKEN, 502, "").await, ConnectError::Unreachable(_)));
}
