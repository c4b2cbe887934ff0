//! `GET /v1/connect/{platform}`

use axum::extract::State;
use campanile_workers::{
    platforms::Description,
    sign_ins::{Beginner, SignInError},
};
use serde_json::{Map, Value, json};

use super::refusal;
use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, Detail, Named, Parameters, instant},
    openapi::Told,
};

/// Begins to connect an account on the platform's own page (OAuth 2.0). Send the account's owner to `auth_url`; the page leads
/// back to `redirect_uri` with `code` and `state`, which `POST` takes once, from the same key, within ten minutes. Where a
/// platform has no such page it is refused with the code `no_oauth`, and says what `POST` takes instead.
#[utoipa::path(
    get, path = "/v1/connect/{platform}",
    params(super::request::SignInFields),
    responses(Told<super::shown::SignIn>),
    extensions(("x-refusals" = json!(["connection_refused", "test_key_live_account"])))
)]
pub async fn begin(
    State(api): State<Api>,
    asker: Asker,
    Named(name): Named<String>,
    given: Parameters,
) -> Result<Answer, ApiError> {
    let core = &api.0;
    let platform = core.platforms.get(&name).ok_or_else(|| ApiError::not_found("platform"))?;
    let about = platform.describe();
    asker.caller.reaches_platform(&name)?;
    let body = fields(&about, given)?;
    let begun = core.sign_ins.begin(platform.as_ref(), asker.beginner(), body, core.timing, core.clock.now()).await;
    let begun = begun.map_err(|error| refusal::of_sign_in(&about, error))?;
    Ok(Answer::ok(json!({
        "auth_url": begun.auth_url,
        "state": begun.state,
        "expires_at": instant(begun.expires_at),
    }))
    .unstored())
}

/// What the platform's description names, and nothing else.
fn fields(about: &Description, mut given: Parameters) -> Result<Value, ApiError> {
    let Some(sign_in) = &about.sign_in else {
        return Err(refusal::of_sign_in(about, SignInError::NotOffered));
    };
    let (mut body, mut missing) = (Map::new(), Vec::new());
    for field in sign_in.fields {
        match given.text(field.name) {
            Some(text) => drop(body.insert(field.name.to_owned(), text.into())),
            None if field.is_optional => {}
            None => missing.push(Detail::new(field.name, "missing", "is required")),
        }
    }
    given.finish()?;
    if missing.is_empty() { Ok(Value::Object(body)) } else { Err(ApiError::invalid_all(missing)) }
}

impl Asker {
    /// Who begins a way that only the same key or person finishes.
    pub(super) fn beginner(&self) -> Beginner {
        Beginner { workspace: self.caller.workspace, key: self.caller.id().into() }
    }
}
