//! `GET /v1/posts`

use axum::extract::State;
use campanile_events::{
    ids::{KeyId, PersonId},
    journal::Actor,
};
use campanile_projections::posts::{self, PostFilter};

use super::{render, seal};
use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, Parameters},
    openapi::{Listed, Paging},
};

/// The workspace's posts, newest first.
#[utoipa::path(get, path = "/v1/posts", params(Paging, super::shown::PostFilters), responses(Listed<super::shown::Post>))]
pub async fn list(State(api): State<Api>, asker: Asker, mut given: Parameters) -> Result<Answer, ApiError> {
    let key = api.data_key(&asker).await?;
    let page = given.page();
    let (from, to) = (given.time("from"), given.time("to"));
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        given.note("from", "invalid", "must not be later than `to`");
    }
    let filter = PostFilter {
        status: given.read("status"),
        target_status: given.read("target_status"),
        account_id: given.read("account_id"),
        platform: api.platform(&mut given),
        tag_index: given.text("tag").map(|tag| seal::tag_index(&key, &tag)),
        created_by: given.read_as("created_by", maker),
        from,
        to,
        only_accounts: asker.caller.grant.allowed_accounts.iter().copied().collect(),
    };
    given.finish()?;
    let found = posts::list(&api.0.read, asker.caller.workspace, &filter, &page).await?;
    let data = found.rows.iter().map(|row| render::post(&key, row.id, &row.post, &row.created_by));
    Ok(Answer::list(data.collect::<Result<_, _>>()?, found.next_cursor))
}

fn maker(text: &str) -> Result<Actor, &'static str> {
    let key = text.parse::<KeyId>().map(Actor::of);
    key.or_else(|_| text.parse::<PersonId>().map(Actor::of)).map_err(|_| "must be the id of a key or of a person")
}
