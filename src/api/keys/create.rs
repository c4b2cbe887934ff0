//! `POST /v1/keys`

use axum::extract::State;
use campanile_events::{
    commands::CommandError,
    ids::KeyId,
    key::{KeyAction, KeyCommand, KeyError, KeyMode, RateLimit, Scope, Scopes},
    seal::{Open, fields},
};
use chrono::Duration;
use serde::Deserialize;

use super::render;
use crate::{
    access::{Holder, KeySecret},
    api::{
        Api,
        http::{Answer, ApiError, Asker, Body, Code, refused_anyway},
        openapi::{AskedScope, KeyModeName, Made},
    },
};

const LONGEST_NAME: usize = 100;
const LONGEST_DESCRIPTION: usize = 1_000;
const MOST_DAYS: u32 = 3_650;
const USUAL: RateLimit = RateLimit { per_minute: 60, per_day: 10_000 };

/// A new key.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// What you call it.
    #[schema(min_length = 1, max_length = 100, pattern = "\\S")]
    pub(in crate::api) name: String,
    /// What it is for.
    #[schema(max_length = 1_000)]
    pub(in crate::api) description: Option<String>,
    /// What it may do; none beyond what the key that makes it may.
    #[schema(value_type = Vec<AskedScope>, min_items = 1)]
    scopes: Vec<String>,
    /// Whether it may publish to live accounts.
    #[serde(default)]
    #[schema(value_type = KeyModeName)]
    pub(in crate::api) mode: KeyMode,
    /// When its time is over; never, if not said.
    #[schema(minimum = 1, maximum = 3_650)]
    pub(in crate::api) expires_in_days: Option<u32>,
    /// How many requests it may make; 60 a minute and 10,000 a day if not said.
    rate_limit: Option<NewRateLimit>,
}

impl NewKey {
    /// How many requests it may make: the usual number unless another is said.
    pub(in crate::api) fn rate_limit(&self) -> RateLimit {
        let asked = self.rate_limit.as_ref();
        asked.map_or(USUAL, |limit| RateLimit { per_minute: limit.per_minute, per_day: limit.per_day })
    }
}

/// How many requests it may make.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct NewRateLimit {
    /// In a minute.
    #[schema(minimum = 1, maximum = 4_294_967_295_u64)]
    per_minute: u32,
    /// In a day.
    #[schema(minimum = 1, maximum = 4_294_967_295_u64)]
    per_day: u32,
}

/// Makes a key; its secret stands in this answer only.
#[utoipa::path(
    post, path = "/v1/keys",
    request_body = NewKey,
    responses(Made<super::shown::KeyWithSecret>),
    extensions(("x-refusals" = json!(["forbidden_scope", "test_key_live_account"])))
)]
pub async fn create(State(api): State<Api>, asker: Asker, Body(new): Body<NewKey>) -> Result<Answer, ApiError> {
    let core = &api.0;
    let caller = &asker.caller;
    let scopes = check(&new)?;
    if caller.key.mode == KeyMode::Test && new.mode == KeyMode::Live {
        let message = "a test key makes test keys only: say `\"mode\": \"test\"`";
        return Err(ApiError::new(Code::TestKeyLiveAccount, message));
    }
    let now = core.clock.now();
    let data_key = api.data_key(&asker).await?;
    let secret = KeySecret::generate(new.mode);
    let id = KeyId::fresh(now);
    let rate_limit = Some(new.rate_limit());
    let action = KeyAction::Create {
        workspace_id: caller.workspace,
        name: data_key.seal(fields::KEY_NAME, &Open::new(new.name.trim())),
        description: new.description.map(|text| data_key.seal(fields::KEY_DESCRIPTION, &Open::new(text))),
        prefix: secret.prefix().to_owned(),
        scopes: scopes.clone(),
        maker: caller.scopes().clone(),
        mode: new.mode,
        expires_at: new.expires_in_days.map(|days| now + Duration::days(i64::from(days))),
        rate_limit,
    };
    // First, so that a key in the journal can be used; without one there, a verifier opens nothing.
    core.access.verifiers().keep(&secret, Holder { key_id: id, workspace: caller.workspace }).await?;
    let shown_once = data_key.seal(fields::RECEIPT_SECRET, &Open::new(secret.expose()));
    let made = asker.clone().creating().showing_once(shown_once);
    let made = made.execute(&core.keys, id.uuid(), KeyCommand { now, action }).await;
    let made = match made {
        Ok(made) => made,
        Err(error) => {
            core.access.verifiers().drop_key(id).await?;
            return Err(refused(error, caller.scopes(), &scopes));
        }
    };
    let mut shown = render::key(&data_key, id, &made.state, &caller.actor(), None, now)?;
    shown["secret"] = secret.expose().into();
    Ok(api.placed(Answer::created(shown).at_revision(made.state.revision), made.position).await)
}

/// What it may do, if all that is said of it can be.
pub(in crate::api) fn check(new: &NewKey) -> Result<Scopes, ApiError> {
    let name = new.name.trim().chars().count();
    if !(1..=LONGEST_NAME).contains(&name) {
        return Err(ApiError::invalid("name", "invalid", format!("must have from 1 to {LONGEST_NAME} characters")));
    }
    if new.description.as_ref().is_some_and(|text| text.chars().count() > LONGEST_DESCRIPTION) {
        let message = format!("may have at most {LONGEST_DESCRIPTION} characters");
        return Err(ApiError::invalid("description", "too_long", message));
    }
    if new.expires_in_days.is_some_and(|days| !(1..=MOST_DAYS).contains(&days)) {
        return Err(ApiError::invalid("expires_in_days", "out_of_range", format!("must be from 1 to {MOST_DAYS}")));
    }
    if new.rate_limit.as_ref().is_some_and(|limit| limit.per_minute == 0 || limit.per_day == 0) {
        return Err(ApiError::invalid("rate_limit", "out_of_range", "must allow at least one request"));
    }
    if new.scopes.is_empty() {
        return Err(ApiError::invalid("scopes", "empty", "must name at least one scope"));
    }
    for (at, name) in new.scopes.iter().enumerate() {
        if let Err(error) = Scopes::read([name.as_str()]) {
            return Err(ApiError::invalid(format!("scopes[{at}]"), "unknown_scope", error.to_string()));
        }
    }
    Scopes::read(new.scopes.iter().map(String::as_str))
        .map_err(|error| ApiError::invalid("scopes", "unknown_scope", error.to_string()))
}

/// What a refusal means to a maker with these scopes.
pub(in crate::api) fn refused(error: CommandError<KeyError>, own: &Scopes, asked: &Scopes) -> ApiError {
    refused_anyway(error, "key", |error| match error {
        KeyError::BeyondMaker => {
            let lacking = Scope::ALL.iter().find(|scope| asked.allows(**scope) && !own.allows(**scope));
            let lacking = lacking.map_or("*", |scope| scope.as_str());
            ApiError::new(Code::ForbiddenScope, format!("{error}: it lacks `{lacking}`")).with("scope", lacking)
        }
        KeyError::NoScopes => ApiError::invalid("scopes", "empty", error.to_string()),
        KeyError::ExpiryInThePast => ApiError::invalid("expires_in_days", "out_of_range", error.to_string()),
        KeyError::NotFound => ApiError::not_found("key"),
        KeyError::Exists => ApiError::internal(error),
    })
}
