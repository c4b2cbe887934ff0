//! Whether this build has met what only a newer one knows.
//!
//! While nodes are upgraded one by one, an older build reads what newer ones write. It never skips what it doesn't know: who
//! meets such a thing says so here, and whatever could do wrong or stand in a newer node's way listens and gives way.

use std::fmt::Display;

use tokio::sync::watch;

/// What was met first, if anything was. Clones share it.
#[derive(Debug, Clone)]
pub struct Outdated(watch::Sender<Option<String>>);

impl Default for Outdated {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl Outdated {
    /// Says that something was met. The first word counts, and goes to the log.
    pub fn met(&self, what: impl Display) {
        self.0.send_if_modified(|known| {
            let is_news = known.is_none();
            if is_news {
                let what = what.to_string();
                tracing::error!(%what, "a newer build is needed: this node gives way to those that run one");
                *known = Some(what);
            }
            is_news
        });
    }

    /// What was met.
    pub fn reason(&self) -> Option<String> {
        self.0.borrow().clone()
    }

    /// Waits until something is met.
    pub async fn wait(&self) {
        // Its sender is this value: it can't be gone.
        let _ = self.0.subscribe().wait_for(Option::is_some).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_waits_is_woken_by_the_first_word_and_no_later_one_replaces_it() {
        let outdated = Outdated::default();
        assert_eq!(outdated.reason(), None);
        let elsewhere = outdated.clone();
        let waiting = tokio::spawn(async move { elsewhere.wait().await });
        outdated.met("`post.sung`");
        outdated.met("`post.danced`");
        waiting.await.expect("woken");
        assert_eq!(outdated.reason().as_deref(), Some("`post.sung`"));
    }
}
