//! Bringing a post's pictures and films to its platform, before anything is intended: it shows nothing, and every attempt
//! does it anew.

use campanile_events::{
    ids::MediaId,
    post::{FailureClass, Step},
};

use super::{
    context::{Trouble, not_sent},
    publisher::{Look, Publisher},
};
use crate::{
    media::{FetchError, Place},
    platforms::{Access, Attachment, Media, Platform, SendFailure},
};

impl Publisher {
    /// What the step shows, brought to the platform.
    pub(super) async fn bring_media(
        &self,
        look: &Look<'_>,
        platform: &dyn Platform,
        access: &Access,
        step: Step,
    ) -> Result<Result<Vec<Attachment>, SendFailure>, Trouble> {
        let mut brought = Vec::new();
        // Media belong to the post itself, not to the parts that follow it.
        let ids = if step == Step::Part(0) { look.post.content.media_ids.as_slice() } else { &[] };
        for id in ids {
            let mut told = self.stop.clone();
            let attachment = tokio::select! {
                attachment = self.bring(look, platform, access, *id) => attachment,
                () = told.wait() => return Err(Trouble::Stopping),
            };
            match attachment {
                Ok(attachment) => brought.push(attachment),
                Err(failure) => return Ok(Err(failure)),
            }
        }
        Ok(Ok(brought))
    }

    async fn bring(
        &self,
        look: &Look<'_>,
        platform: &dyn Platform,
        access: &Access,
        id: MediaId,
    ) -> Result<Attachment, SendFailure> {
        let place = Place { workspace: look.job.workspace_id, id };
        let fetched = self.context.library.fetch(look.key, place).await.map_err(|error| {
            tracing::warn!(post.id = %look.job.post_id, media.id = %id, %error, "a medium can't be had");
            match error {
                FetchError::Absent => SendFailure::of(FailureClass::Rejected, "media_missing"),
                FetchError::Altered => SendFailure::of(FailureClass::Rejected, "media_altered"),
                FetchError::Load(_) | FetchError::Seal(_) | FetchError::Store(_) => not_sent("media_unreadable"),
            }
        })?;
        let Some((announced, confirmed)) = fetched.media.ready() else { return Err(not_sent("media_unreadable")) };
        let (kind, size) = (announced.kind, confirmed.size);
        let media = Media { id, kind, size, alt_text: fetched.alt_text.clone(), bytes: fetched.bytes.clone() };
        let remote = platform.upload(access, &media).await.map_err(SendFailure::of_question)?;
        Ok(Attachment { id, size, alt_text: media.alt_text, remote })
    }
}
