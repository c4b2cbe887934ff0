//! How pictures and films come to the sandbox: it keeps what is said of them, not the bytes.

use serde_json::json;

use super::{
    Answer, Handling, Outcome, Point, Sandbox, Uploaded,
    answer::{BEFORE_EFFECT, handle},
    record::Record,
    state::unknown_token,
};

/// A picture or film on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// What it is.
    pub content_type: String,
    /// How many bytes it has.
    pub bytes: usize,
    /// What somebody reads who can't see it.
    pub alt_text: Option<String>,
}

impl Sandbox {
    /// Takes a picture or film, which shows nothing until a post names it.
    pub fn upload(&self, token: &str, upload: Upload) -> Handling {
        let mut state = self.state();
        let Some(account) = state.by_token(token) else {
            return Handling::now(Outcome::Answer(unknown_token()));
        };
        let fault = state.faults.take(&account.handle, Point::Upload);
        handle(fault, || {
            if upload.bytes == 0 || !(upload.content_type.starts_with("image/") || upload.content_type == "video/mp4") {
                return Answer::error(422, "not_media", "that is no picture or film");
            }
            let id = format!("m{}", state.uploads.len() + 1);
            let Upload { content_type, bytes, alt_text } = upload;
            let uploaded = Uploaded { id: id.clone(), account: account.handle, content_type, bytes, alt_text };
            match state.keep(vec![Record::Uploaded(uploaded)]) {
                Ok(()) => Answer::ok(&json!({ "id": id })),
                Err(_) => Answer::error(503, BEFORE_EFFECT, "the sandbox's file can't be written"),
            }
        })
    }
}
