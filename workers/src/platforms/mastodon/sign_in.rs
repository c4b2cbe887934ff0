//! How an account is connected on its server's own page (OAuth 2.0).
//!
//! Each server gets to know this engine once for each address that its page may lead back to; what it knows it by is kept.
//! Servers forget such apps: Mastodon 4.1 and 4.2 take away within a day what no token hangs on, and say nothing until a
//! person stands before an error page. So a kept app is asked for before anybody is sent there; the token that asking
//! makes keeps it alive, too.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use campanile_events::{random, timing::Timing};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use url::Url;

use super::{Kept, Mastodon, answers, at, connect::refused, description::INSTANCE_URL};
use crate::{
    egress::{Request, Response},
    platforms::{Begun, ConnectError, Connected, Credentials, SendFailure, SignIn, SignInRequest},
};

/// The least that publishing takes: who somebody is, whether a post stands, posts, their pictures.
pub(super) const SCOPES: &[&str] = &["read:accounts", "read:statuses", "write:statuses", "write:media"];
/// What people read on the page.
const NAME: &str = "Campanile";
const METADATA: &str = "/.well-known/oauth-authorization-server";
const APPS: &str = "/api/v1/apps";
const PAGE: &str = "/oauth/authorize";
const TOKEN: &str = "/oauth/token";

/// What a server knows this engine by.
#[derive(Clone, Serialize, Deserialize)]
struct App {
    client_id: String,
    client_secret: String,
    /// What it may ask for at most.
    scopes: String,
}

/// What finishing takes.
#[derive(Serialize, Deserialize)]
struct Pending {
    instance_url: Url,
    redirect_uri: String,
    app: App,
    /// What the page was shown the digest of, where the server looks at that.
    verifier: Option<String>,
}

#[derive(Deserialize)]
struct Registered {
    client_id: String,
    client_secret: String,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    code_challenge_methods_supported: Vec<String>,
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
}

#[async_trait::async_trait]
impl SignIn for Mastodon {
    async fn begin(&self, request: SignInRequest<'_>) -> Result<Begun, ConnectError> {
        let mut fields = request.given.fields()?;
        let instance_url = INSTANCE_URL.server(&mut fields)?;
        fields.finish()?;
        INSTANCE_URL.keeps_secrets(&instance_url, &self.egress).await?;
        let redirect_uri = request.redirect_uri.as_str().to_owned();
        let verifier = self.takes_challenges(&instance_url).await?.then(verifier);
        let app = self.app(&instance_url, &redirect_uri, &request).await?;
        let mut auth_url = at(&instance_url, PAGE);
        auth_url
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &app.client_id)
            .append_pair("redirect_uri", &redirect_uri)
            .append_pair("scope", &app.scopes)
            .append_pair("state", request.state);
        if let Some(verifier) = &verifier {
            let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
            auth_url
                .query_pairs_mut()
                .append_pair("code_challenge", &challenge)
                .append_pair("code_challenge_method", "S256");
        }
        let kept = Credentials::of(&Pending { instance_url, redirect_uri, app, verifier });
        Ok(Begun { auth_url, kept })
    }

    async fn finish(&self, code: &str, kept: &Credentials, timing: &Timing) -> Result<Connected, ConnectError> {
        let unreadable = |_| ConnectError::invalid("state", "unreadable", "was given by another version: begin again");
        let Pending { instance_url, redirect_uri, app, verifier } = kept.read().map_err(unreadable)?;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("client_id", &app.client_id),
            ("client_secret", &app.client_secret),
            ("redirect_uri", &redirect_uri),
        ];
        form.extend(verifier.as_deref().map(|verifier| ("code_verifier", verifier)));
        let answer = self.asked(Request::post_form(at(&instance_url, TOKEN), &form)).await?;
        let Token { access_token } = self.told(&answer, "the code was refused")?;
        if !access_token.bytes().all(|letter| letter.is_ascii_graphic()) {
            return Err(ConnectError::invalid(INSTANCE_URL.name, "not_mastodon", "gave a token that is none"));
        }
        self.connect_kept(Kept { instance_url, access_token }, timing).await
    }
}

impl Mastodon {
    /// Whether a server looks at what binds a code to who asked for it (PKCE). One that doesn't say so is not sent it: older
    /// ones refuse the whole request.
    async fn takes_challenges(&self, instance: &Url) -> Result<bool, ConnectError> {
        let answer = self.asked(Request::get(at(instance, METADATA))).await?;
        let metadata = answer.is_success().then(|| answer.json::<Metadata>()).flatten().unwrap_or_default();
        Ok(metadata.code_challenge_methods_supported.iter().any(|method| method == "S256"))
    }

    async fn app(&self, instance: &Url, redirect_uri: &str, request: &SignInRequest<'_>) -> Result<App, ConnectError> {
        let (server, scopes) = (instance.origin().ascii_serialization(), SCOPES.join(" "));
        let kept = request.apps.get(&server).await?.and_then(|kept| kept.read::<App>().ok());
        if let Some(app) = kept.filter(|app| app.scopes == scopes)
            && self.is_known(instance, &app).await?
        {
            return Ok(app);
        }
        let form = [("client_name", NAME), ("redirect_uris", redirect_uri), ("scopes", &scopes)];
        let answer = self.asked(Request::post_form(at(instance, APPS), &form)).await?;
        let Registered { client_id, client_secret } = self.told(&answer, "the server knows no apps")?;
        let app = App { client_id, client_secret, scopes };
        request.apps.keep(&server, &Credentials::of(&app)).await?;
        Ok(app)
    }

    /// Only a plain no counts: not every server gives tokens to apps themselves.
    async fn is_known(&self, instance: &Url, app: &App) -> Result<bool, ConnectError> {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &app.client_id),
            ("client_secret", &app.client_secret),
            ("scope", SCOPES[0]),
        ];
        let answer = self.asked(Request::post_form(at(instance, TOKEN), &form)).await?;
        let says_no = answers::error_code(&answer).is_some_and(|code| code.starts_with("invalid_client"));
        Ok(answer.status() != 401 && !says_no)
    }

    fn told<T: DeserializeOwned>(&self, answer: &Response, otherwise: &str) -> Result<T, ConnectError> {
        answers::read(answer, false, self.clock.now())
            .map_err(|failure| refused(answer, SendFailure::of_question(failure), otherwise))
    }
}

/// 43 letters that nobody can guess.
fn verifier() -> String {
    URL_SAFE_NO_PAD.encode(random::bytes::<32>())
}
