//! `PATCH /v1/posts/{id}`

use axum::extract::State;
use campanile_events::{
    ids::{PostId, Version, WorkspaceId},
    journal::{StreamId, StreamKind},
    key::Scope,
    post::{ContentInHand, Limits, Post, PostAction, PostError, PostStatus, TargetRef, TargetRules},
};

use super::{input::PostChanges, seal, targets::targets};
use crate::{
    access::{is_sandbox, plans::Quota},
    api::{
        Api,
        http::{Answer, ApiError, Asker, Body, Code, IfMatch, Named},
        media::attached,
        openapi::Told,
    },
    engine::Core,
};

/// Among how many of its first events is looked for one that counted: it has no attempts yet.
const FIRST: usize = 1_000;

/// Changes what is named; the whole is checked again by the rules of every platform that it goes to.
#[utoipa::path(
    patch, path = "/v1/posts/{id}",
    request_body = PostChanges,
    responses(Told<super::shown::Post>),
    extensions(("x-refusals" = json!(["payment_required", "quota_exceeded", "conflict", "duplicate_post", "unprocessable_post", "test_key_live_account"])))
)]
pub async fn edit(
    State(api): State<Api>,
    asker: Asker,
    Named(id): Named<PostId>,
    if_match: IfMatch,
    Body(changes): Body<PostChanges>,
) -> Result<Answer, ApiError> {
    let core = &api.0;
    let loaded = core.posts.load(asker.caller.workspace, id.uuid()).await?;
    let before = loaded.ok_or_else(|| ApiError::not_found("post"))?.state;
    if before.deleted {
        return Err(ApiError::new(Code::Conflict, PostError::Deleted.to_string()).with("state", "deleted"));
    }
    // What has a due time is published as it reads then: changing it is more than drafting.
    if before.status() != PostStatus::Draft {
        asker.require(Scope::PostsPublish)?;
    }
    let if_revision = if_match.checked(before.revision)?;
    let known: Vec<_> = before.targets.iter().map(|target| target.account_id).collect();
    let accounts = changes.account_ids.clone().unwrap_or_else(|| known.clone());
    changes.check(&accounts)?;
    let allowance = core.plans.of(asker.caller.workspace).await?;
    changes.check_plan(&allowance)?;

    let targets: Vec<TargetRules> = targets(core, &asker.caller, &accounts).await?;
    let counts = allowance.counting(Quota::Posts, 1).is_some() && becomes_live(&before, &targets);
    let counts = counts && !is_counted(core, asker.caller.workspace, id).await?;
    let asker = if counts { asker.counting_post(&allowance) } else { asker };
    debug_assert!(targets.iter().map(|it| &it.target).all(|it: &TargetRef| accounts.contains(&it.account_id)));
    let key = api.data_key(&asker).await?;
    let open = seal::open(&key, &before.content)?;
    let mut content = changes.content(&open);
    let named = changes.media_ids.clone();
    let named = named.unwrap_or_else(|| open.media_ids.iter().map(ToString::to_string).collect());
    let media = attached(core, asker.caller.workspace, &key, &named).await?;
    content.media_ids = media.ids;
    content.overrides.retain(|account, _| accounts.contains(account));
    let content = seal::seal(&key, content, &accounts, Some((&open, &before.content)));
    let content = Box::new(ContentInHand { media: media.facts, ..content });
    let limits = Limits {
        late_limit_seconds: changes.late_limit_seconds.unwrap_or(before.limits.late_limit_seconds),
        give_up_after_seconds: changes.give_up_after_seconds.unwrap_or(before.limits.give_up_after_seconds),
    };

    let digests = content.digests.clone();
    let is_new = !changes.allow_duplicate && digests != before.digests;
    let action = PostAction::Edit {
        if_revision,
        content,
        targets,
        tags: changes.tags.as_deref().map(|tags| seal::tags(&key, tags)),
        limits: Some(limits),
    };
    let write = async {
        if is_new {
            core.duplicates.refuse(core, asker.caller.workspace, &digests, Some(id)).await?;
        }
        api.command(&asker, id, action, "at").await
    };
    let committed = core.duplicates.in_turn(core, &digests, write, |committed| committed.position).await?;
    api.shown(&asker, id, &committed).await
}

/// Whether it gets its first account that isn't of the sandbox: one that a test key wrote is a post from then on.
fn becomes_live(before: &Post, targets: &[TargetRules]) -> bool {
    before.targets.iter().all(|target| is_sandbox(&target.platform))
        && targets.iter().any(|it| !is_sandbox(&it.target.platform))
}

/// Whether it counted against a plan before.
async fn is_counted(core: &Core, workspace: WorkspaceId, id: PostId) -> Result<bool, ApiError> {
    let events =
        core.journal.read_stream(workspace, StreamId::new(StreamKind::Post, id.uuid()), Version(0), FIRST).await?;
    Ok(events.iter().any(|event| event.metadata.counted.is_some()))
}
