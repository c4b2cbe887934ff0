//! Taking a status away.

use serde::Deserialize;
use serde_json::Value;

use super::{Kept, Mastodon, answers};
use crate::{
    egress::{Request, Response},
    platforms::{Access, SendFailure},
};

/// How the API says that there is no such status; a page that stands where the API was says it otherwise.
#[derive(Deserialize)]
struct Missing {
    #[serde(rename = "error")]
    _words: String,
}

impl Mastodon {
    pub(super) async fn delete(&self, access: &Access, remote_id: &str) -> Result<(), SendFailure> {
        let kept = Kept::of(access)?;
        let mut url = kept.at("");
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().extend(["api", "v1", "statuses", remote_id]);
        }
        let answer = self.egress.request(Request::delete(url).bearer(&kept.access_token)?).await?;
        if is_missing(&answer) {
            return Ok(());
        }
        answers::read::<Value>(&answer, false, self.clock.now()).map(drop)
    }
}

fn is_missing(answer: &Response) -> bool {
    matches!(answer.status(), 404 | 410) && answer.json::<Missing>().is_some()
}
