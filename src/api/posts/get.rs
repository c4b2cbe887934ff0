//! `GET /v1/posts/{id}`

use axum::extract::State;
use campanile_events::{ids::PostId, post::Post};

use super::{render, targets::check_accounts};
use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, Named},
    openapi::Told,
};

/// One post, from its aggregate.
#[utoipa::path(get, path = "/v1/posts/{id}", responses(Told<super::shown::Post>))]
pub async fn get(State(api): State<Api>, asker: Asker, Named(id): Named<PostId>) -> Result<Answer, ApiError> {
    let post = api.post(&asker, id).await?;
    let key = api.data_key(&asker).await?;
    let shown = render::post(&key, id, &post, &api.created_by(asker.caller.workspace, id).await?)?;
    // A revision counts no attempts: who knows it may have seen the post as it was before them.
    Ok(Answer::ok(shown).at_revision(post.revision).moved(!post.is_untouched()))
}

impl Api {
    /// A post that can be read.
    pub(super) async fn post(&self, asker: &Asker, id: PostId) -> Result<Post, ApiError> {
        let loaded = self.0.posts.load(asker.caller.workspace, id.uuid()).await?;
        let post = loaded.map(|loaded| loaded.state).filter(|post| !post.deleted);
        let post = post.ok_or_else(|| ApiError::not_found("post"))?;
        check_accounts(&asker.caller, &post)?;
        Ok(post)
    }
}
