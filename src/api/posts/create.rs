//! `POST /v1/posts`

use axum::extract::State;
use campanile_events::{
    ids::PostId,
    key::Scope,
    post::{Content, ContentInHand, Limits, PostAction, When},
};

use super::{input::NewPost, render, seal, targets::targets, when::Schedule};
use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, Body},
    media::attached,
    openapi::Made,
};

/// Writes a post; with `schedule` or `publish` it gets its due time in the same append, or nothing is stored.
#[utoipa::path(
    post, path = "/v1/posts",
    request_body = NewPost,
    responses(Made<super::shown::Post>),
    extensions(("x-refusals" = json!(["payment_required", "quota_exceeded", "not_found", "duplicate_post", "unprocessable_post", "test_key_live_account"])))
)]
pub async fn create(State(api): State<Api>, asker: Asker, Body(new): Body<NewPost>) -> Result<Answer, ApiError> {
    let core = &api.0;
    let asker = asker.creating();
    if new.publish || new.schedule.is_some() {
        asker.require(Scope::PostsPublish)?;
    }
    new.check()?;
    let allowance = core.plans.of(asker.caller.workspace).await?;
    new.check_plan(&allowance)?;
    let asker = asker.counting_post(&allowance);
    let when = match &new.schedule {
        Some(schedule) => Some(schedule.when("schedule.")?),
        None => new.publish.then(|| When::instant(core.clock.now())),
    };
    let key = api.data_key(&asker).await?;
    let media = attached(core, asker.caller.workspace, &key, &new.media_ids).await?;
    let targets = targets(core, &asker.caller, &new.account_ids).await?;
    let open = Content { media_ids: media.ids, ..new.content() };
    let content = Box::new(ContentInHand { media: media.facts, ..seal::seal(&key, open, &new.account_ids, None) });
    let tags = seal::tags(&key, &new.tags);
    let late_limit_seconds = new.late_limit_seconds.unwrap_or(Limits::default().late_limit_seconds);
    let give_up_after_seconds = new.give_up_after_seconds.unwrap_or(late_limit_seconds);
    let limits = Limits { late_limit_seconds, give_up_after_seconds };

    let id = PostId::fresh(core.clock.now());
    let digests = content.digests.clone();
    let action = match when {
        Some(when) => PostAction::DraftScheduled { content, targets, tags, limits, when },
        None => PostAction::Draft { content, targets, tags, limits },
    };
    let told = format!("schedule.{}", new.schedule.as_ref().map_or("at", Schedule::told));
    let write = api.begin(&asker, id, action, &told);
    let committed = if new.allow_duplicate {
        write.await?
    } else {
        let unless_there = async {
            core.duplicates.refuse(core, asker.caller.workspace, &digests, None).await?;
            write.await
        };
        core.duplicates.in_turn(core, &digests, unless_there, |committed| committed.position).await?
    };
    let post = render::post(&key, id, &committed.state, &asker.caller.actor())?;
    let answer = Answer::created(post).at_revision(committed.state.revision);
    Ok(api.placed(answer, committed.position).await)
}
