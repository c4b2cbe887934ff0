//! A session: opened with the app password, kept, and renewed by one writer at a time.
//!
//! Logging in is for when nothing else helps: a server allows it 30 times in five minutes and 300 times a day.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use campanile_events::post::FailureClass;
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;
use zeroize::Zeroizing;

use super::{Bluesky, answers};
use crate::{
    egress::Request,
    platforms::{Access, Credentials, SendFailure},
};

/// An access token that ends sooner is renewed before it is used.
const MARGIN: Duration = Duration::minutes(2);

/// What is kept of an account.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    /// Where it logs in.
    pub service_url: Url,
    /// Where its repository lives, if that is elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pds_url: Option<Url>,
    pub did: String,
    pub handle: String,
    pub app_password: String,
    pub access_jwt: String,
    pub refresh_jwt: String,
}

/// What the server gives for a password or a refresh token.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Session {
    did: String,
    handle: String,
    access_jwt: String,
    refresh_jwt: String,
    #[serde(default)]
    did_doc: Option<DidDocument>,
}

#[derive(Deserialize)]
struct DidDocument {
    #[serde(default)]
    service: Vec<Service>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Service {
    id: String,
    #[serde(default)]
    service_endpoint: serde_json::Value,
}

#[derive(Deserialize)]
struct Claims {
    exp: i64,
}

#[derive(Deserialize)]
struct Whose {
    did: String,
}

impl Kept {
    pub(super) fn of(credentials: &Credentials) -> Result<Self, SendFailure> {
        credentials.read().map_err(|_| SendFailure::of(FailureClass::NotSent, "unreadable_credentials"))
    }

    /// Where its repository lives.
    pub(super) fn home(&self) -> &Url {
        self.pds_url.as_ref().unwrap_or(&self.service_url)
    }

    /// The address of a method of the repository's server.
    pub(super) fn method(&self, name: &str) -> Url {
        method(self.home(), name)
    }

    /// Whether its access token holds for a while. One that doesn't tell is taken to: the server will say.
    fn holds(&self, now: DateTime<Utc>) -> bool {
        expiry(&self.access_jwt).is_none_or(|end| end - now > MARGIN)
    }
}

/// The address of a method.
pub(super) fn method(server: &Url, name: &str) -> Url {
    let mut url = server.clone();
    url.set_path(&format!("/xrpc/{name}"));
    url
}

/// When a token says that it ends. Nobody needs to believe it: the server checks its own.
fn expiry(token: &str) -> Option<DateTime<Utc>> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Claims = serde_json::from_slice(&claims).ok()?;
    DateTime::from_timestamp(claims.exp, 0)
}

impl Bluesky {
    /// The account's session, its access token good for a while; renewed for that if need be.
    pub(super) async fn session(&self, access: &Access) -> Result<Kept, SendFailure> {
        let kept = Kept::of(&access.credentials)?;
        if kept.holds(self.clock.now()) { Ok(kept) } else { self.renew(access, None).await }
    }

    /// Asks the server whether it takes the session, and renews it if not.
    pub(super) async fn check_session(&self, access: &Access) -> Result<(), SendFailure> {
        let kept = self.session(access).await?;
        let question = Request::get(kept.method("com.atproto.server.getSession")).bearer(&kept.access_jwt)?;
        match self.ask::<Whose>(question).await {
            Ok(whose) if whose.did == kept.did => Ok(()),
            Ok(_) => Err(SendFailure::of(FailureClass::AuthExpired, "another_account")),
            Err(failure) if failure.class == FailureClass::AuthExpired => {
                self.renew(access, Some(&kept.access_jwt)).await.map(drop)
            }
            Err(failure) => Err(failure),
        }
    }

    /// A session in place of the one that is kept, unless somebody has renewed that meanwhile. `refused` is an access token
    /// that the server didn't take.
    async fn renew(&self, access: &Access, refused: Option<&str>) -> Result<Kept, SendFailure> {
        let mut renewal = access.keeper.claim().await?;
        let kept = Kept::of(renewal.current())?;
        if kept.holds(self.clock.now()) && refused != Some(kept.access_jwt.as_str()) {
            return Ok(kept);
        }
        let session = match self.refresh(&kept).await {
            Err(failure) if failure.class == FailureClass::AuthExpired => self.log_in_again(&kept).await?,
            given => given?,
        };
        renewal.replace(Credentials::of(&session)).await?;
        Ok(session)
    }

    async fn refresh(&self, kept: &Kept) -> Result<Kept, SendFailure> {
        let url = method(&kept.service_url, "com.atproto.server.refreshSession");
        let session = self.ask(Request::post(url).bearer(&kept.refresh_jwt)?).await?;
        self.keep(session, kept).await
    }

    async fn log_in_again(&self, kept: &Kept) -> Result<Kept, SendFailure> {
        let session = self.create(&kept.service_url, &kept.did, &kept.app_password).await?;
        self.keep(session, kept).await
    }

    async fn keep(&self, session: Session, before: &Kept) -> Result<Kept, SendFailure> {
        if session.did != before.did {
            return Err(SendFailure::of(FailureClass::AuthExpired, "another_account"));
        }
        let known = before.pds_url.clone();
        let session = self.kept(session, before.service_url.clone(), before.app_password.clone()).await;
        Ok(Kept { pds_url: session.pds_url.clone().or(known), ..session })
    }

    /// Opens a first session.
    pub(super) async fn log_in(&self, service_url: Url, identifier: &str, password: &str) -> Result<Kept, SendFailure> {
        let session = self.create(&service_url, identifier, password).await?;
        Ok(self.kept(session, service_url, password.to_owned()).await)
    }

    async fn create(&self, service_url: &Url, identifier: &str, password: &str) -> Result<Session, SendFailure> {
        let body = Zeroizing::new(json!({"identifier": identifier, "password": password}).to_string());
        let url = method(service_url, "com.atproto.server.createSession");
        self.ask(Request::post_json(url, body.as_bytes().to_vec())).await
    }

    async fn kept(&self, session: Session, service_url: Url, app_password: String) -> Kept {
        let Session { did, handle, access_jwt, refresh_jwt, did_doc } = session;
        let pds_url = self.elsewhere(did_doc, &service_url).await;
        Kept { service_url, pds_url, did, handle, app_password, access_jwt, refresh_jwt }
    }

    /// Where the repository lives by the account's own document, if that is another server and one that may be used.
    async fn elsewhere(&self, document: Option<DidDocument>, service_url: &Url) -> Option<Url> {
        let services = document?.service;
        let pds = services.into_iter().find(|service| service.id.ends_with("#atproto_pds"))?;
        let url = Url::parse(pds.service_endpoint.as_str()?).ok()?;
        let is_usable = url.scheme() == "https" || (url.scheme() == "http" && self.egress.names(&url).await);
        (is_usable && url.origin() != service_url.origin()).then_some(url)
    }

    /// Asks something that shows nothing.
    pub(super) async fn ask<T: serde::de::DeserializeOwned>(&self, question: Request) -> Result<T, SendFailure> {
        let answer = self.egress.request(question).await;
        let answer = answer.map_err(|error| SendFailure::from(error).of_question())?;
        answers::read(&answer, self.clock.now()).map_err(SendFailure::of_question)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_tells_when_it_ends() {
        let token = |claims: &str| format!("eyJhbGciOiJIUzI1NiJ9.{}.c2ln", URL_SAFE_NO_PAD.encode(claims));
        let end = "2026-12-01T09:00:00Z".parse::<DateTime<Utc>>().unwrap();
        assert_eq!(expiry(&token(&format!(r#"{{"sub":"did:plc:a","exp":{}}}"#, end.timestamp()))), Some(end));
        for other in ["", "opaque", "a.b.c", &token("{}"), &token(r#"{"exp":"soon"}"#)] {
            assert_eq!(expiry(other), None, "{other}");
        }
    }
}
