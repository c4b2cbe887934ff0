//! The server's own page and what leads there: apps, codes, tokens (OAuth 2.0, with PKCE on the genuine flavour).
//!
//! As on real ones, a code is good once, for the app, the address and the challenge that it was given for. The compatible
//! flavour knows no PKCE and refuses a verifier, as Mastodon did before 4.3.

use std::collections::{BTreeSet, HashMap};

use axum::{
    Json, Router,
    body::Body,
    extract::{Query, State},
    http::{HeaderMap, Response, StatusCode, header},
    response::IntoResponse,
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;
use sha2::{Digest, Sha256};
use url::Url;

use super::{
    Flavour, TOKEN,
    routes::{error, unauthorized},
    server::{Shared, State as Truth},
};

const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";
const KNOWN: [&str; 4] = ["read:accounts", "read:statuses", "write:media", "write:statuses"];

/// The end of every id, secret, code and token that it hands out.
pub const HANDED: &str = "9d41c7e05b";

/// An app that was registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// What the server calls it.
    pub client_id: String,
    /// What proves it.
    pub client_secret: String,
    /// Where its page may lead back to.
    pub redirect_uri: String,
    /// What it may ask for.
    pub scopes: BTreeSet<String>,
}

/// What the page gave, until it is exchanged.
#[derive(Debug, Clone)]
struct Given {
    client_id: String,
    redirect_uri: String,
    scopes: BTreeSet<String>,
    challenge: Option<String>,
}

/// Everything that was given.
#[derive(Debug)]
pub(super) struct OAuth {
    pub apps: Vec<App>,
    codes: HashMap<String, Given>,
    pub tokens: HashMap<String, BTreeSet<String>>,
    /// Those of them that don't hold now.
    pub revoked: BTreeSet<String>,
    /// Counts what was made.
    made: usize,
}

impl Default for OAuth {
    fn default() -> Self {
        let all = KNOWN.map(str::to_owned).into();
        Self {
            apps: Vec::new(),
            codes: HashMap::new(),
            tokens: [(TOKEN.to_owned(), all)].into(),
            revoked: BTreeSet::new(),
            made: 0,
        }
    }
}

impl OAuth {
    fn fresh(&mut self, kind: &str) -> String {
        self.made += 1;
        format!("mastodon-{kind}-{}-{HANDED}", self.made)
    }

    fn app(&self, form: &HashMap<String, String>) -> Option<&App> {
        let given = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        self.apps.iter().find(|it| it.client_id == given("client_id") && it.client_secret == given("client_secret"))
    }
}

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/.well-known/oauth-authorization-server", get(metadata))
        .route("/api/v1/apps", post(register))
        .route("/oauth/authorize", get(page))
        .route("/oauth/token", post(token))
}

/// Whether a request's token lets it do this; else the answer.
pub(super) fn may(state: &Truth, headers: &HeaderMap, scope: &str) -> Result<(), Box<Response<Body>>> {
    let given = headers.get(header::AUTHORIZATION).and_then(|given| given.to_str().ok()?.strip_prefix("Bearer "));
    let holds = |token: &&str| !state.oauth.revoked.contains(*token);
    match given.filter(holds).and_then(|token| state.oauth.tokens.get(token)) {
        None => Err(Box::new(unauthorized())),
        Some(scopes) if scopes.contains(scope) => Ok(()),
        Some(_) => Err(Box::new(error(StatusCode::FORBIDDEN, "This action is outside the authorized scopes"))),
    }
}

async fn metadata(State(state): State<Shared>) -> Response<Body> {
    let state = state.lock();
    if state.flavour == Flavour::Compatible {
        return error(StatusCode::NOT_FOUND, "Not Found");
    }
    let methods = json!({"issuer": state.address, "code_challenge_methods_supported": ["S256"]});
    Json(methods).into_response()
}

async fn register(State(state): State<Shared>, body: String) -> Response<Body> {
    let form = read(&body);
    let given = |name: &str| form.get(name).cloned().unwrap_or_default();
    let (redirect_uri, scopes) = (given("redirect_uris"), scopes(&given("scopes")));
    if redirect_uri != OUT_OF_BAND && Url::parse(&redirect_uri).is_err() {
        return error(StatusCode::UNPROCESSABLE_ENTITY, "Validation failed: Redirect URI must be an absolute URI.");
    }
    if given("client_name").is_empty() || !scopes.iter().all(|scope| KNOWN.contains(&scope.as_str())) {
        return error(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Validation failed: Scopes doesn't match configured on the server.",
        );
    }
    let mut state = state.lock();
    let (client_id, client_secret) = (state.oauth.fresh("client"), state.oauth.fresh("client-secret"));
    let shown =
        json!({"id": "1", "name": given("client_name"), "client_id": client_id, "client_secret": client_secret});
    state.oauth.apps.push(App { client_id, client_secret, redirect_uri, scopes });
    Json(shown).into_response()
}

/// The person before it always says yes.
async fn page(State(state): State<Shared>, Query(given): Query<HashMap<String, String>>) -> Response<Body> {
    let asked = |name: &str| given.get(name).cloned().unwrap_or_default();
    let mut state = state.lock();
    let (redirect_uri, scopes) = (asked("redirect_uri"), scopes(&asked("scope")));
    let app = state.oauth.apps.iter().find(|app| app.client_id == asked("client_id"));
    let Some(app) = app.filter(|app| app.redirect_uri == redirect_uri) else {
        return (StatusCode::UNAUTHORIZED, "<html>Client authentication failed due to unknown client</html>")
            .into_response();
    };
    if asked("response_type") != "code" || !scopes.is_subset(&app.scopes) {
        return (StatusCode::BAD_REQUEST, "<html>The request is missing a required parameter</html>").into_response();
    }
    let keeps = state.flavour == Flavour::Genuine;
    let challenge = given.get("code_challenge").filter(|_| keeps && asked("code_challenge_method") == "S256").cloned();
    let client_id = app.client_id.clone();
    let code = state.oauth.fresh("code");
    let given = Given { client_id, redirect_uri: redirect_uri.clone(), scopes, challenge };
    state.oauth.codes.insert(code.clone(), given);
    if redirect_uri == OUT_OF_BAND {
        return code.into_response();
    }
    let mut back = Url::parse(&redirect_uri).expect("it was registered");
    back.query_pairs_mut().append_pair("code", &code).append_pair("state", &asked("state"));
    (StatusCode::FOUND, [(header::LOCATION, back.to_string())]).into_response()
}

async fn token(State(state): State<Shared>, body: String) -> Response<Body> {
    let form = read(&body);
    let mut state = state.lock();
    let Some(client_id) = state.oauth.app(&form).map(|app| app.client_id.clone()) else {
        let words = "Client authentication failed due to unknown client, no client authentication included";
        return refused(StatusCode::UNAUTHORIZED, "invalid_client", words);
    };
    let given = |name: &str| form.get(name).cloned().unwrap_or_default();
    let scopes = match given("grant_type").as_str() {
        "client_credentials" => scopes(&given("scope")),
        "authorization_code" => {
            let verifier = form.get("code_verifier");
            if state.flavour == Flavour::Compatible && verifier.is_some() {
                return refused(
                    StatusCode::BAD_REQUEST,
                    "invalid_request",
                    "The authorization server does not support PKCE.",
                );
            }
            let digest = verifier.map(|verifier| URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)));
            // Whatever becomes of it, it was used.
            let code = state.oauth.codes.remove(&given("code"));
            let holds = |it: &Given| {
                it.client_id == client_id && it.redirect_uri == given("redirect_uri") && it.challenge == digest
            };
            let Some(code) = code.filter(holds) else {
                let words = "The provided authorization grant is invalid, expired or revoked";
                return refused(StatusCode::BAD_REQUEST, "invalid_grant", words);
            };
            code.scopes
        }
        _ => return refused(StatusCode::BAD_REQUEST, "unsupported_grant_type", "The grant type is not supported."),
    };
    let token = state.oauth.fresh("granted-token");
    let scope = scopes.iter().cloned().collect::<Vec<_>>().join(" ");
    state.oauth.tokens.insert(token.clone(), scopes);
    Json(json!({"access_token": token, "token_type": "Bearer", "scope": scope, "created_at": 1})).into_response()
}

fn refused(status: StatusCode, code: &str, words: &str) -> Response<Body> {
    (status, Json(json!({"error": code, "error_description": words}))).into_response()
}

fn read(body: &str) -> HashMap<String, String> {
    url::form_urlencoded::parse(body.as_bytes()).into_owned().collect()
}

fn scopes(text: &str) -> BTreeSet<String> {
    text.split_whitespace().map(str::to_owned).collect()
}
