//! `GET /operator/peppers`, `POST /operator/peppers`, `DELETE /operator/peppers/{version}`

use std::collections::BTreeSet;

use axum::extract::State;
use campanile_projections::keys;
use serde_json::{Value, json};

use crate::{
    access::{PepperError, Retirement, VersionShown},
    api::{
        Api,
        http::{Answer, ApiError, Code, Named},
    },
};

/// How many keys stand under each version of the pepper.
pub async fn list(State(api): State<Api>) -> Result<Answer, ApiError> {
    let verifiers = api.0.access.verifiers();
    verifiers.look().await?;
    shown(&api, None).await
}

/// Adds a version, which is used from now on unless other nodes lack it.
pub async fn add(State(api): State<Api>) -> Result<Answer, ApiError> {
    let version = api.0.access.verifiers().add_pepper().await.map_err(refused)?;
    shown(&api, Some(version)).await
}

/// Takes a version away that no key needs.
pub async fn retire(State(api): State<Api>, Named(version): Named<u64>) -> Result<Answer, ApiError> {
    let over = keys::over(&**api.0.read.everywhere(), api.0.clock.now()).await?.into_iter().collect();
    let why = match api.0.access.verifiers().retire(version, &over).await.map_err(refused)? {
        Retirement::Done(forgotten) => return Ok(Answer::ok(json!({ "retired": version, "forgotten": forgotten }))),
        Retirement::Needed(keys) => format!(
            "keys that open something stand under version {version} of the pepper ({keys}): they move when they are used, or \
             are rotated or revoked"
        ),
        Retirement::Newest => format!("new keys stand under version {version} of the pepper: add another one first"),
        Retirement::Unknown => {
            return Err(ApiError::new(Code::NotFound, format!("there is no version {version} of the pepper")));
        }
    };
    Err(ApiError::new(Code::Conflict, why))
}

/// An operator reads it, at the machine.
fn refused(error: PepperError) -> ApiError {
    match error {
        PepperError::Db(error) => error.into(),
        error @ PepperError::Unnamed => ApiError::new(Code::InvalidRequest, error.to_string()),
        error => ApiError::new(Code::Conflict, error.to_string()),
    }
}

async fn shown(api: &Api, added: Option<u64>) -> Result<Answer, ApiError> {
    let verifiers = api.0.access.verifiers();
    let over: BTreeSet<_> = keys::over(&**api.0.read.everywhere(), api.0.clock.now()).await?.into_iter().collect();
    let version = |it: &VersionShown| -> Value {
        let over = it.keys.iter().filter(|key| over.contains(key)).count();
        json!({
            "version": it.version,
            "state": if !it.is_here { "missing" } else if it.is_waiting { "waiting" } else if it.is_newest { "newest" } else { "older" },
            "keys": it.keys.len() - over,
            "keys_over": over,
        })
    };
    let versions: Vec<_> = verifiers.versions().await?.iter().map(version).collect();
    Ok(Answer::ok(json!({ "data": versions, "added": added, "place": verifiers.peppers_place() })))
}
