//! `GET /operator/peppers`, `POST /operator/peppers`

use std::collections::BTreeSet;

use axum::extract::State;
use campanile_projections::keys;
use serde_json::{Value, json};

use crate::{
    access::{PepperError, VersionShown},
    api::{
        Api,
        http::{Answer, ApiError, Code},
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
    match api.0.access.verifiers().add_pepper().await {
        Ok(version) => shown(&api, Some(version)).await,
        Err(PepperError::Db(error)) => Err(error.into()),
        Err(error @ PepperError::Unnamed) => Err(ApiError::new(Code::InvalidRequest, error.to_string())),
        // An operator reads it, at the machine.
        Err(error) => Err(ApiError::new(Code::Conflict, error.to_string())),
    }
}

async fn shown(api: &Api, added: Option<u64>) -> Result<Answer, ApiError> {
    let verifiers = api.0.access.verifiers();
    let over: BTreeSet<_> = keys::over(&*api.0.read, api.0.clock.now()).await?.into_iter().collect();
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
