//! What must be true at the end.

use std::{collections::BTreeSet, time::Duration};

use serde_json::Value;

use super::cell::{Cell, Fate};
use crate::support::{Client, SandboxServer, attempts, settled};

/// When nothing dies any more, everything in doubt is settled within this.
const SETTLED: Duration = Duration::from_secs(90);

/// The posts of a class, each with the death that it met.
pub(super) struct Judge {
    class: &'static str,
    posts: Vec<(Cell, String)>,
}

impl Judge {
    pub fn new(class: &'static str) -> Self {
        Self { class, posts: Vec::new() }
    }

    /// A process died with this post on its way.
    pub fn died(&mut self, cell: Cell, post: String) {
        self.posts.push((cell, post));
    }

    /// Waits until everything has come to its end, and holds it against the platform's truth.
    pub async fn judge(self, client: &Client, sandbox: &SandboxServer) {
        let (mut wrong, mut unknown, mut tried) = (Vec::new(), 0, 0);
        let mut ends = Vec::new();
        for (cell, post) in &self.posts {
            let found = settled(client, post, SETTLED).await;
            ends.push((*cell, found["targets"][0]["status"].as_str().expect("a status").to_owned(), post));
        }
        let truth = sandbox.truth().await;
        let mut counts = truth.counts();
        for (cell, status, post) in ends {
            let attempts = attempts(client, post).await;
            tried += attempts.len();
            unknown += usize::from(status == "unknown");
            let live = cell.texts(self.class).map(|text| counts.remove(&(self.class.to_owned(), text)).unwrap_or(0));
            if !self.is_right(cell, &status, live, &attempts) {
                wrong.push(format!("{cell:?}: {post} is `{status}`, its parts are live {live:?} times: {attempts:?}"));
            }
        }
        println!(
            "record: {}: {} deaths at {} points, {tried} attempts, {} visible, {unknown} unknown, {} wrong",
            self.class,
            self.posts.len(),
            self.posts.iter().map(|(cell, _)| cell.point).collect::<BTreeSet<_>>().len(),
            truth.visible.len(),
            wrong.len()
        );
        assert!(wrong.is_empty(), "{} of {} posts are wrong:\n{}", wrong.len(), self.posts.len(), wrong.join("\n"));
        assert!(counts.is_empty(), "visible and never written: {counts:?}");
        // A request that was made again under its key wrote nothing again.
        assert_eq!(client.all("/v1/posts").await.len(), self.posts.len());
    }

    fn is_right(&self, cell: Cell, status: &str, live: [usize; 3], attempts: &[Value]) -> bool {
        let fate = if self.class == "blind" { cell.fate() } else { Fate::Published };
        match status {
            "published" => fate != Fate::Unknown && live == [1, 1, 1],
            // Said because the process died, and of a post that is live up to some part.
            "unknown" => {
                let last = attempts.last().map(|attempt| &attempt["error"]["class"]);
                fate != Fate::Published && last.is_some_and(|class| class == "lapsed") && is_a_beginning(live)
            }
            _ => false,
        }
    }
}

/// Whether parts are live once each, up to one and no further.
fn is_a_beginning(live: [usize; 3]) -> bool {
    [[0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 1]].contains(&live)
}
