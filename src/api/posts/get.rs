//! `GET /v1/posts/{id}`

use std::sync::Arc;

use axum::extract::State;
use campanile_events::{ids::PostId, journal::Actor, post::Post};

use super::{render, targets::check_accounts};
use crate::api::{
    Api,
    http::{Answer, ApiError, Asker, Named},
    openapi::Told,
};

/// One post, from its aggregate.
#[utoipa::path(get, path = "/v1/posts/{id}", responses(Told<super::shown::Post>))]
pub async fn get(State(api): State<Api>, asker: Asker, Named(id): Named<PostId>) -> Result<Answer, ApiError> {
    let (post, created_by) = api.post_of(&asker, id).await?;
    let key = api.data_key(&asker).await?;
    let shown = render::post(&key, id, &post, &created_by)?;
    // A revision counts no attempts: who knows it may have seen the post as it was before them.
    Ok(Answer::ok(shown).at_revision(post.revision).moved(!post.is_untouched()))
}

impl Api {
    /// A post that can be read.
    pub(super) async fn post(&self, asker: &Asker, id: PostId) -> Result<Arc<Post>, ApiError> {
        self.post_of(asker, id).await.map(|(post, _)| post)
    }

    /// A post that can be read, and who wrote it.
    async fn post_of(&self, asker: &Asker, id: PostId) -> Result<(Arc<Post>, Actor), ApiError> {
        let loaded = self.0.posts.load(asker.caller.workspace, id.uuid()).await?;
        let found = loaded.filter(|loaded| !loaded.state.deleted).and_then(|it| Some((it.state, it.begun_by?)));
        let (post, created_by) = found.ok_or_else(|| ApiError::not_found("post"))?;
        check_accounts(&asker.caller, &post)?;
        Ok((post, created_by))
    }
}
