//! `GET /v1/posts/{id}/results`

use axum::extract::State;
use campanile_events::{
    ids::PostId,
    post::{Attempt, Target},
    seal::DataKey,
};
use serde_json::{Value, json};

use super::render;
use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, Named, instant, optional_instant},
    openapi::Listed,
};

/// Every attempt at every target.
#[utoipa::path(get, path = "/v1/posts/{id}/results", responses(Listed<super::shown::TargetResults>))]
pub async fn results(State(api): State<Api>, asker: Asker, Named(id): Named<PostId>) -> Result<Answer, ApiError> {
    let post = api.post(&asker, id).await?;
    let key = api.data_key(&asker).await?;
    let data = post.targets.iter().map(|it| target(&key, it)).collect::<Result<_, _>>()?;
    Ok(Answer::list(data, None))
}

fn target(key: &DataKey, target: &Target) -> Result<Value, ApiError> {
    let attempts: Vec<_> = target.attempts.iter().map(|it| attempt(key, target, it)).collect::<Result<_, _>>()?;
    Ok(json!({
        "account_id": target.account_id,
        "platform": target.platform,
        "status": target.status(),
        "url": render::url(key, target.url.as_ref())?,
        "parts": render::standing(key, target)?,
        "published_at": optional_instant(target.published_at),
        "duplicates_observed": target.duplicates,
        "attempts": attempts,
    }))
}

fn attempt(key: &DataKey, target: &Target, attempt: &Attempt) -> Result<Value, ApiError> {
    let failure = attempt.end.as_ref().and_then(|end| end.failure.as_ref());
    let safe = !target.is_in_doubt() && !attempt.is_live();
    let outcome = attempt.end.as_ref().map(|end| end.failure.as_ref().map_or("published", |it| it.class.as_str()));
    let steps = target.made_by(attempt.number).map(|step| {
        let done = target.done.get(&step);
        Ok(json!({
            "step": step,
            "remote_id": done.map(|done| &done.remote_id),
            "url": render::url(key, done.and_then(|done| done.url.as_ref()))?,
        }))
    });
    Ok(json!({
        "number": attempt.number,
        "started_at": instant(attempt.started_at),
        "ended_at": optional_instant(attempt.end.as_ref().map(|end| end.at)),
        "outcome": outcome,
        "delivery": attempt.delivery.class(),
        "error": failure.map(|it| render::failure(key, it, safe)).transpose()?,
        "steps": steps.collect::<Result<Vec<_>, ApiError>>()?,
    }))
}
