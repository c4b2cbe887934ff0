//! Bringing a picture or film to a server, before any status names it.

use std::time::Duration;

use campanile_events::{post::FailureClass, random};
use serde::Deserialize;
use tokio::time::{sleep, timeout};

use super::{Kept, Mastodon, answers};
use crate::{
    egress::{Request, Response},
    platforms::{Access, Media, RemoteMedia, SendFailure},
};

/// How often a server is asked whether it is done with a film.
const BETWEEN: Duration = Duration::from_millis(500);
/// How many times a request's own time it may take for that.
const PATIENCE: u32 = 10;

#[derive(Deserialize)]
struct Attachment {
    id: String,
}

impl Mastodon {
    pub(super) async fn upload_media(&self, access: &Access, media: &Media) -> Result<RemoteMedia, SendFailure> {
        let kept = Kept::of(access)?;
        let boundary = format!("campanile-{}", hex::encode(random::bytes::<16>()));
        let request = Request::post_multipart(kept.at("/api/v2/media"), &boundary, form(&boundary, media))?;
        let answer = self.egress.request(request.bearer(&kept.access_token)?).await;
        let answer = answer.map_err(|error| SendFailure::from(error).of_question())?;
        let attachment: Attachment = self.read(&answer)?;
        // 202: it has a name already, and no status may use it yet.
        if answer.status() == 202 {
            let processed = timeout(access.timing.request() * PATIENCE, self.processed(&kept, &attachment.id));
            let late = |_| SendFailure::of(FailureClass::NotSent, "media_in_process");
            processed.await.map_err(late)??;
        }
        Ok(RemoteMedia { remote_id: attachment.id })
    }

    async fn processed(&self, kept: &Kept, id: &str) -> Result<(), SendFailure> {
        loop {
            let question = kept.question(kept.at(&format!("/api/v1/media/{id}")))?;
            let answer = self.egress.request(question).await;
            let answer = answer.map_err(|error| SendFailure::from(error).of_question())?;
            let _: Attachment = self.read(&answer)?;
            // 206 says that it goes on.
            if answer.status() == 200 {
                return Ok(());
            }
            sleep(BETWEEN).await;
        }
    }

    /// Nothing that is said of a medium can have shown anything. Here a type that isn't taken is the medium's fault, not
    /// ours.
    fn read(&self, answer: &Response) -> Result<Attachment, SendFailure> {
        answers::read(answer, false, self.clock.now()).map_err(|failure| match failure.status {
            Some(415) => SendFailure { class: FailureClass::Rejected, ..failure },
            _ => failure.of_question(),
        })
    }
}

/// The file's own name stays here: it is nobody's business there.
fn form(boundary: &str, media: &Media) -> Vec<u8> {
    let mut form = Vec::with_capacity(media.bytes.len() + 1024);
    if let Some(text) = &media.alt_text {
        let head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"description\"\r\n\r\n");
        form.extend_from_slice(head.as_bytes());
        form.extend_from_slice(text.as_str().as_bytes());
        form.extend_from_slice(b"\r\n");
    }
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"media.{}\"\r\nContent-Type: {}\r\n\r\n",
        media.kind.ending(),
        media.kind
    );
    form.extend_from_slice(head.as_bytes());
    form.extend_from_slice(&media.bytes);
    form.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    form
}
