//! Bringing a picture or film to the sandbox.

use serde::Deserialize;

use super::{
    SandboxPlatform, answers,
    route::{Route, at, perform},
};
use crate::{
    egress::Request,
    platforms::{Access, Media, RemoteMedia, SendFailure, sandbox::Upload},
};

#[derive(Debug, Deserialize)]
struct Taken {
    id: String,
}

impl SandboxPlatform {
    pub(super) async fn upload_media(&self, access: &Access, media: &Media) -> Result<RemoteMedia, SendFailure> {
        let (kept, route) = self.route(access)?;
        let alt_text = media.alt_text.as_ref().map(|text| text.as_str().to_owned());
        let answer = match &route {
            Route::InProcess(sandbox) => {
                let content_type = media.kind.as_str().to_owned();
                let upload = Upload { content_type, bytes: media.bytes.len(), alt_text };
                perform(sandbox.upload(&kept.token, upload), &access.timing).await
            }
            Route::Service(url) => {
                let mut url = at(url, "/api/media");
                url.query_pairs_mut().extend_pairs(alt_text.iter().map(|text| ("alt_text", text)));
                let request =
                    Request::post_bytes(url, media.kind.as_str(), media.bytes.clone())?.bearer(&kept.token)?;
                self.ask(request).await
            }
        };
        let answer = answer.map_err(SendFailure::of_question)?;
        let taken: Taken = answers::read(&answer).map_err(SendFailure::of_question)?;
        Ok(RemoteMedia { remote_id: taken.id })
    }
}
