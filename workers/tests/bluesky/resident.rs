//! Somebody with an account on the server, as the tests and as the adapter see them.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use campanile_events::{
    clock::{ManualClock, SharedClock, SystemClock},
    ids::AccountId,
    post::Step,
    timing::Timing,
};
use campanile_test_servers::Pds;
use campanile_workers::{
    egress::{Egress, EgressLimits, EgressPolicy, Request, Response},
    platforms::{
        Access, ConnectError, ConnectRequest, Connected, CredentialKeeper, Credentials, InMemory, Message, Platform,
        RemoteRef, SendFailure, Sent, bluesky::Bluesky,
    },
};
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use url::Url;

const PASSWORD: &str = "the-account's-own-password";

pub(crate) struct Resident {
    pub server: &'static Pds,
    pub did: String,
    pub handle: String,
    pub app_password: String,
    pub platform: Bluesky,
    pub connected: Connected,
    pub keeper: InMemory,
    own_token: String,
}

pub(crate) fn now() -> DateTime<Utc> {
    SystemClock::shared().now()
}

pub(crate) fn policy() -> EgressPolicy {
    EgressPolicy { allow: vec!["127.0.0.0/8".parse().unwrap()] }
}

fn egress() -> Egress {
    Egress::new(policy(), EgressLimits::from(&Timing::default()))
}

/// Asks the server past the adapter.
pub(crate) async fn call(server: &Pds, method: &str, token: Option<&str>, body: &Value) -> (u16, Value) {
    let url = Url::parse(&format!("{}/xrpc/{method}", server.url())).unwrap();
    let mut request =
        if body.is_null() { Request::post(url) } else { Request::post_json(url, body.to_string().into()) };
    if let Some(token) = token {
        request = request.bearer(token).unwrap();
    }
    let answer: Response = egress().request(request).await.unwrap();
    (answer.status(), answer.json().unwrap_or_default())
}

impl Resident {
    /// An account of that name, and its connection.
    pub async fn move_in(server: &'static Pds, name: &str) -> Self {
        let handle = format!("{name}.test");
        let account = json!({"email": format!("{name}@example.test"), "handle": handle, "password": PASSWORD});
        let (status, account) = call(server, "com.atproto.server.createAccount", None, &account).await;
        assert_eq!(status, 200, "{account}");
        let own_token = account["accessJwt"].as_str().unwrap().to_owned();
        let named = json!({"name": "campanile"});
        let (_, made) = call(server, "com.atproto.server.createAppPassword", Some(&own_token), &named).await;
        let app_password = made["password"].as_str().unwrap().to_owned();
        let platform = Bluesky::new(egress(), SystemClock::shared());
        let connected = connect(&platform, server, &handle, &app_password).await.unwrap();
        let keeper = InMemory::of(connected.credentials.clone());
        let did = account["did"].as_str().unwrap().to_owned();
        Self { server, did, handle, app_password, platform, connected, keeper, own_token }
    }

    /// Asks the server in the account's own name.
    pub async fn call(&self, method: &str, body: &Value) -> (u16, Value) {
        call(self.server, method, Some(&self.own_token), body).await
    }

    /// The credentials as they are kept now.
    pub async fn kept(&self) -> Value {
        self.keeper.claim().await.unwrap().current().read().unwrap()
    }

    /// Puts something else in their place.
    pub async fn replace(&self, field: &str, value: &str) {
        let mut kept = self.kept().await;
        kept[field] = json!(value);
        self.keeper.claim().await.unwrap().replace(Credentials::of(&kept)).await.unwrap();
    }

    pub async fn access(&self) -> Access {
        Access {
            account_id: AccountId::fresh(now()),
            server: self.connected.server.clone(),
            remote_id: self.did.clone(),
            credentials: Credentials::of(&self.kept().await),
            keeper: Arc::new(self.keeper.clone()),
            delivery: self.connected.offer.delivery,
            timing: Timing::default(),
        }
    }

    pub async fn send(&self, message: Message) -> Result<Sent, SendFailure> {
        self.send_by(&self.platform, message).await
    }

    pub async fn send_by(&self, platform: &Bluesky, mut message: Message) -> Result<Sent, SendFailure> {
        let access = self.access().await;
        message.prepared = platform.prepare(&access, &message).await?;
        platform.open(&access).await?.send(message).await
    }

    /// Everything that the account has posted, oldest first.
    pub async fn posts(&self) -> Vec<Value> {
        let mut url = Url::parse(&format!("{}/xrpc/com.atproto.repo.listRecords", self.server.url())).unwrap();
        url.query_pairs_mut()
            .append_pair("repo", &self.did)
            .append_pair("collection", "app.bsky.feed.post")
            .append_pair("reverse", "true")
            .append_pair("limit", "100");
        let answer = egress().request(Request::get(url)).await.unwrap();
        answer.json::<Value>().unwrap()["records"].as_array().unwrap().clone()
    }

    /// An access token of the account's that the server made an hour too long ago.
    pub fn expired_token(&self) -> String {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let at = now().timestamp();
        let claims = json!({"scope": "com.atproto.appPass", "sub": self.did, "aud": "did:web:localhost",
                            "iat": at - 10_800, "exp": at - 3_600});
        let signed = format!("{}.{}", part(json!({"typ": "at+jwt", "alg": "HS256"})), part(claims));
        let mut mac = Hmac::<Sha256>::new_from_slice(Pds::JWT_SECRET.as_bytes()).unwrap();
        mac.update(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }
}

/// The adapter, as if it were `hours` later.
pub(crate) fn later(hours: i64) -> Bluesky {
    let clock: SharedClock = ManualClock::starting_at(now() + chrono::Duration::hours(hours));
    Bluesky::new(egress(), clock)
}

pub(crate) async fn connect(
    platform: &Bluesky,
    server: &Pds,
    identifier: &str,
    password: &str,
) -> Result<Connected, ConnectError> {
    let body = json!({"service_url": server.url(), "identifier": identifier, "app_password": password});
    platform.connect(ConnectRequest { body, timing: Timing::default() }).await
}

pub(crate) fn message(marker: &str, text: &str) -> Message {
    Message {
        step: Step::Part(0),
        text: text.into(),
        marker: marker.to_owned(),
        intended_at: "2026-11-20T09:00:00.123456Z".parse().unwrap(),
        is_repeat: false,
        reply_to: None,
        root: None,
        prepared: None,
        media: Vec::new(),
    }
}

pub(crate) fn remote(sent: &Sent) -> RemoteRef {
    RemoteRef { remote_id: sent.remote_id.clone(), url: sent.url.clone() }
}
