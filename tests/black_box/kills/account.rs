//! Every post accounted for against the platform's own truth.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Planned, faults::LOSSY, plan::CLASSES};
use crate::support::{Client, Truth, attempts, target_of};

/// Where each post ended, as the engine says.
#[derive(Debug, Default)]
pub(super) struct Accounting {
    statuses: BTreeMap<String, String>,
    /// How often an attempt was cut off, by class.
    lapsed: BTreeMap<&'static str, usize>,
    /// How often an answer did not come in time, by class.
    late: BTreeMap<&'static str, usize>,
    attempts: usize,
}

impl Accounting {
    /// Notes where a post ended, and looks at each attempt.
    pub async fn ended(&mut self, client: &Client, post: &Planned, found: &Value) {
        let status = target_of(found, &post.account)["status"].as_str().expect("a status");
        self.statuses.insert(post.id.clone(), status.to_owned());
        let attempts = attempts(client, &post.id).await;
        assert!(!attempts.is_empty(), "{} ended as {status} without an attempt", post.text);
        let classes: Vec<_> = attempts.iter().map(|it| it["error"]["class"].as_str().unwrap_or("none")).collect();
        *self.lapsed.entry(post.class).or_default() += classes.iter().filter(|class| **class == "lapsed").count();
        let timeouts = attempts.iter().filter(|it| it["error"]["code"] == "timeout").count();
        *self.late.entry(post.class).or_default() += timeouts;
        self.attempts += attempts.len();
        if status == "unknown" {
            let last = classes.last().copied().unwrap_or_default();
            assert!(matches!(last, "lapsed" | "uncertain"), "{} is unknown after {classes:?}", post.text);
            let own = &target_of(found, &post.account)["error"];
            let errors = attempts.iter().map(|it| &it["error"]).chain([own]);
            let safe: Vec<_> = errors.filter(|error| error["retry_safe"] != false).collect();
            assert!(safe.is_empty(), "{} may be live, and is said to be safe to repeat: {safe:?}", post.text);
        }
    }

    /// Holds it against the truth.
    pub fn hold(&self, posts: &[Planned], truth: &Truth) {
        let counts = truth.counts();
        let known: BTreeSet<_> = posts.iter().map(|post| (post.handle.clone(), post.text.clone())).collect();
        let strange: Vec<_> = counts.keys().filter(|shown| !known.contains(shown)).collect();
        assert!(strange.is_empty(), "visible and never written: {strange:?}");
        let mut wrong = Vec::new();
        for post in posts {
            let count = counts.get(&(post.handle.clone(), post.text.clone())).copied().unwrap_or(0);
            let status = self.statuses[&post.id].as_str();
            let right = match status {
                "published" => count == 1,
                "unknown" => post.class == "blind" && count <= 1,
                _ => false,
            };
            if !right {
                wrong.push(format!(
                    "{} ({}, {}) is `{status}` and visible {count} times",
                    post.text, post.id, post.class
                ));
            }
        }
        let lost_answers = |class: &str| {
            let lossy = |fault: &Option<String>| fault.as_deref().is_some_and(|fault| LOSSY.contains(&fault));
            truth.requests.iter().filter(|it| it.account.starts_with(class) && lossy(&it.fault)).count()
        };
        let unknown = self.statuses.values().filter(|status| *status == "unknown").count();
        println!(
            "record: {} posts, {} attempts, {} visible, {unknown} unknown",
            posts.len(),
            self.attempts,
            truth.visible.len()
        );
        let number = |counts: &BTreeMap<_, _>, class| counts.get(class).copied().unwrap_or(0);
        for class in CLASSES {
            let (lapsed, late) = (number(&self.lapsed, class), number(&self.late, class));
            let lost = lost_answers(class);
            println!("record: {class}: {lapsed} attempts cut off by a kill, {lost} answers lost, {late} too late");
        }
        assert!(wrong.is_empty(), "{} of {} posts are wrong:\n{}", wrong.len(), posts.len(), wrong.join("\n"));
        let most = number(&self.lapsed, "blind") + number(&self.late, "blind") + lost_answers("blind");
        assert!(unknown <= most, "{unknown} unknown, but only {most} answers that nobody could have");
    }
}
