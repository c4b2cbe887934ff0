//! A post as it was answered.

use campanile_events::{journal::Receipt, key::Scope};

use super::render;
use crate::api::{
    Api,
    http::{Answer, ApiError, Asker},
};

/// The post at the receipt's position.
pub async fn replayed(api: &Api, asker: &Asker, receipt: &Receipt) -> Result<Answer, ApiError> {
    let id = receipt.receipt.resource.id;
    let then = api.0.posts.load_at(asker.caller.workspace, id, receipt.position).await?;
    let then = then.and_then(|then| Some((then.state, then.begun_by?)));
    let (post, created_by) = then.ok_or_else(|| ApiError::not_found("post"))?;
    // What writing a post asks for beyond its route's scope, by what came of it.
    if receipt.receipt.status == 201 && post.when.is_some() {
        asker.require(Scope::PostsPublish)?;
    }
    asker.caller.reaches_post(&post)?;
    let key = api.data_key(asker).await?;
    let shown = render::post(&key, id.into(), &post, &created_by)?;
    Ok(Answer::ok(shown).at_revision(post.revision))
}
