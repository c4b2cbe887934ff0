//! A command to one post, from the request to the answer.

use campanile_events::{
    commands::Committed,
    ids::PostId,
    post::{Post, PostAction, PostCommand},
    random,
    seal::DataKey,
};

use super::{refusal::refused, render};
use crate::api::{
    Api,
    http::{Answer, ApiError, Asker},
};

impl Api {
    /// The caller's data key.
    pub(in crate::api) async fn data_key(&self, asker: &Asker) -> Result<std::sync::Arc<DataKey>, ApiError> {
        Ok(self.0.data_keys.get(asker.caller.workspace.uuid()).await?)
    }

    /// Gives the post a command, if all of its accounts are within the key's reach. `field` names
    /// the one that its due time or its accounts stand in.
    pub(super) async fn command(
        &self,
        asker: &Asker,
        id: PostId,
        action: PostAction,
        field: &str,
    ) -> Result<Committed<Post>, ApiError> {
        if asker.caller.is_confined() {
            let loaded = self.0.posts.load(asker.caller.workspace, id.uuid()).await?;
            loaded.map_or(Ok(()), |loaded| asker.caller.reaches_post(&loaded.state))?;
        }
        let command = PostCommand::new(self.0.clock.now(), random::unit(), action);
        asker.execute(&self.0.posts, id.uuid(), command).await.map_err(|error| refused(error, field))
    }

    /// Gives the command that makes a post, whose id was made for it.
    pub(super) async fn begin(
        &self,
        asker: &Asker,
        id: PostId,
        action: PostAction,
        field: &str,
    ) -> Result<Committed<Post>, ApiError> {
        let command = PostCommand::new(self.0.clock.now(), random::unit(), action);
        asker.begin(&self.0.posts, id.uuid(), command).await.map_err(|error| refused(error, field))
    }

    /// Gives a command, answered with the post.
    pub(super) async fn perform(
        &self,
        asker: &Asker,
        id: PostId,
        action: PostAction,
        field: &str,
    ) -> Result<Answer, ApiError> {
        let committed = self.command(asker, id, action, field).await?;
        self.shown(asker, id, &committed).await
    }

    /// The post after a command.
    pub(super) async fn shown(
        &self,
        asker: &Asker,
        id: PostId,
        committed: &Committed<Post>,
    ) -> Result<Answer, ApiError> {
        let key = self.data_key(asker).await?;
        let created_by = committed.begun_by.as_ref().ok_or_else(|| ApiError::not_found("post"))?;
        let post = render::post(&key, id, &committed.state, created_by)?;
        let answer = Answer::ok(post).at_revision(committed.state.revision);
        Ok(self.placed(answer, committed.position).await)
    }
}
