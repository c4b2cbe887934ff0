//! Taking a post away from the sandbox.

use super::{
    SandboxPlatform, answers,
    route::{Route, at, perform},
};
use crate::{
    egress::Request,
    platforms::{Access, SendFailure, sandbox::removal::UNKNOWN_POST},
};

impl SandboxPlatform {
    pub(super) async fn delete(&self, access: &Access, remote_id: &str) -> Result<(), SendFailure> {
        let (kept, route) = self.route(access)?;
        let answer = match &route {
            Route::InProcess(sandbox) => perform(sandbox.remove(&kept.token, remote_id), &access.timing).await,
            Route::Service(url) => {
                let mut url = at(url, "");
                if let Ok(mut path) = url.path_segments_mut() {
                    path.clear().extend(["api", "posts", remote_id]);
                }
                self.ask(Request::delete(url).bearer(&kept.token)?).await
            }
        };
        match answers::read::<serde_json::Value>(&answer?) {
            Err(failure) if failure.status == Some(404) && failure.code.as_deref() == Some(UNKNOWN_POST) => Ok(()),
            answered => answered.map(drop),
        }
    }
}
