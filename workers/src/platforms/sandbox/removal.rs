//! How posts go from the sandbox.

use serde_json::json;

use super::{
    Answer, Handling, Outcome, Point, Removed, Sandbox,
    answer::{BEFORE_EFFECT, handle},
    record::Record,
    state::unknown_token,
};

/// The code that says that no such post stands.
pub(super) const UNKNOWN_POST: &str = "unknown_post";

impl Sandbox {
    /// Takes a post away from its own account.
    pub fn remove(&self, token: &str, remote_id: &str) -> Handling {
        let now = self.now();
        let mut state = self.state();
        let Some(account) = state.by_token(token) else {
            return Handling::now(Outcome::Answer(unknown_token()));
        };
        let fault = state.faults.take(&account.handle, Point::Delete);
        handle(fault, || {
            let own = |post: &&super::Visible| post.account == account.handle && post.remote_id == remote_id;
            if state.standing().find(own).is_none() {
                return Answer::error(404, UNKNOWN_POST, "there is no such post");
            }
            let removed = Removed { account: account.handle, remote_id: remote_id.to_owned(), removed_at: now };
            match state.keep(vec![Record::Removed(removed)]) {
                Ok(()) => Answer::ok(&json!({ "id": remote_id })),
                Err(_) => Answer::error(503, BEFORE_EFFECT, "the sandbox's file can't be written"),
            }
        })
    }
}
