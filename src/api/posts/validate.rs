//! `POST /v1/posts/validate`

use axum::extract::State;
use campanile_events::post::{Content, PostError};
use serde_json::{Value, json};

use super::{input::NewPost, refusal, targets::targets};
use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, Body},
    media::attached,
    openapi::Listed,
};

/// Says for each account whether its platform would take the post. Stores nothing; what a create refuses for its form,
/// or for its accounts, is refused here too. Nothing is stored of an `Idempotency-Key` either: it is asked anew each time.
#[utoipa::path(
    post,
    path = "/v1/posts/validate",
    request_body = NewPost,
    responses(Listed<super::shown::Verdict>),
    extensions(("x-refusals" = json!(["not_found", "test_key_live_account"])))
)]
pub async fn validate(State(api): State<Api>, asker: Asker, Body(new): Body<NewPost>) -> Result<Answer, ApiError> {
    new.check()?;
    if let Some(schedule) = &new.schedule
        && schedule.when("schedule.")?.is_past(api.0.clock.now())
    {
        return Err(refusal::by_post(PostError::InThePast, &format!("schedule.{}", schedule.told())));
    }
    let key = api.data_key(&asker).await?;
    let media = attached(&api.0, asker.caller.workspace, &key, &new.media_ids).await?;
    let content = Content { media_ids: media.ids, ..new.content() };
    let targets = targets(&api.0, &asker.caller, &new.account_ids).await?;
    let verdicts = targets.iter().map(|it| {
        let broken = it.rules.check_post(&content, it.target.account_id, &media.facts);
        let violations = broken
            .iter()
            .map(|violation| json!({"field": violation.field, "code": violation.code, "message": violation.message}));
        json!({
            "account_id": it.target.account_id,
            "platform": it.target.platform,
            "ok": broken.is_empty(),
            "violations": violations.collect::<Vec<Value>>(),
        })
    });
    Ok(Answer::list(verdicts.collect(), None))
}
