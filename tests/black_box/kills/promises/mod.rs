//! Whether what was promised held: what clients were told, what the engine's log says, and what the platform knows to be
//! true, held against one another.
//!
//! - `table`: the promises with figures.
//! - `platform`: what stands there, and how often. `sent`: what came there, and when. `doubt`: why a target is unknown.
//! - `kept`: what clients were answered.

mod doubt;
mod kept;
mod platform;
mod sent;
mod table;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use super::{
    ended::Posts,
    story::{Log, Story},
    troubles::Past,
    written::{Entry, Wish},
};
use crate::support::{Truth, Visible};
pub(super) use table::Table;

/// All that is known when a run is over.
pub(super) struct Evidence<'e> {
    pub journal: &'e [Entry],
    pub posts: &'e Posts,
    pub log: &'e Log,
    pub truth: &'e Truth,
    pub past: &'e [Past],
}

/// A target that was to be published, with all that is known of it.
struct Target<'e> {
    entry: &'e Entry,
    status: &'e str,
    /// The platform's name of it, as the engine says.
    remote_id: Option<&'e str>,
    story: &'e Story,
    visible: &'e [&'e Visible],
}

/// What became visible, by account and text.
type Standing<'e> = BTreeMap<(&'e str, &'e str), Vec<&'e Visible>>;

/// Holds every promise against the evidence.
pub(super) fn check(evidence: &Evidence<'_>, table: &mut Table) {
    let mut standing = Standing::new();
    for post in &evidence.truth.visible {
        standing.entry((&post.account, &post.text)).or_default().push(post);
    }
    let nothing = Story::default();
    let mut targets = Vec::new();
    for entry in evidence.journal.iter().filter(|entry| entry.wish != Wish::Draft) {
        for post in evidence.posts.get(&entry.text).into_iter().flatten() {
            let visible = standing.get(&(entry.account.handle.as_str(), entry.text.as_str()));
            targets.push(Target {
                entry,
                status: super::ended::status(post),
                remote_id: post["targets"][0]["parts"][0]["remote_id"].as_str(),
                story: evidence.log.of(post["id"].as_str().expect("an id")).unwrap_or(&nothing),
                visible: visible.map_or(&[], Vec::as_slice),
            });
        }
    }
    let arrivals = sent::arrivals(evidence.truth);
    platform::check(evidence, &targets, &standing, &arrivals, table);
    sent::check(&targets, &arrivals, table);
    doubt::check(&targets, evidence, table);
    kept::check(evidence, table);
}

impl Target<'_> {
    /// What is said of it when something is wrong.
    fn told(&self, what: &str) -> String {
        let Entry { text, account, wish, asked_at, tries, .. } = self.entry;
        let visible: Vec<_> = self.visible.iter().map(|it| (it.at.to_rfc3339(), it.request_seq)).collect();
        format!(
            "{text} ({} {wish:?}, asked {tries} times from {asked_at} on) {what}: `{}`, visible {visible:?}\n    {}",
            account.handle,
            self.status,
            self.story.events.join("\n    ")
        )
    }
}

/// Counts by a word.
fn count<'w>(words: impl Iterator<Item = &'w str>) -> String {
    let mut counts = HashMap::<&str, usize>::new();
    for word in words {
        *counts.entry(word).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().map(|(word, count)| format!("{count} {word}")).collect();
    counts.sort();
    counts.join(", ")
}
