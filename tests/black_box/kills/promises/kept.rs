//! What clients were answered, and what is there.

use serde_json::{Value, json};

use super::{Evidence, Table};
use crate::kills::written::{Entry, Fate, Wish};

pub(super) fn check(evidence: &Evidence<'_>, table: &mut Table) {
    let (mut lost, mut half, mut twice, mut strange) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut answered, mut silent, mut there) = (0, 0, 0);
    let nothing = Vec::new();
    for entry in evidence.journal {
        let posts = evidence.posts.get(&entry.text).unwrap_or(&nothing);
        if posts.len() > 1 {
            twice.push(format!("{} made {} posts", entry.key, posts.len()));
        }
        match &entry.fate {
            Fate::Answered(given) => {
                answered += 1;
                if !posts.iter().any(|post| post["id"] == given.id()) {
                    lost.push(format!("{entry:?}, but there is {posts:?}"));
                }
            }
            Fate::Silence => {
                silent += 1;
                there += posts.len();
            }
            Fate::Refused(status, text) => {
                if !text.contains("in_the_past") || !posts.is_empty() {
                    strange.push(format!("{} was refused with {status} {text}, and there is {posts:?}", entry.key));
                }
            }
        }
        half.extend(posts.iter().filter(|post| !is_whole(entry, post)).map(|post| format!("{entry:?}: {post}")));
    }
    table.add("Nothing lost", answered, lost, "writes that were answered are there");
    let note =
        format!("of {silent} writes without an answer {there} are there, {} are not", silent - there.min(silent));
    let all = evidence.posts.values().map(Vec::len).sum();
    table.add("Whole", all, half, note);
    let sent: u32 = evidence.journal.iter().map(|entry| entry.tries).sum();
    table.add("One key, one post", evidence.journal.len(), twice, format!("sent {sent} times"));
    let refused = evidence.journal.iter().filter(|entry| matches!(entry.fate, Fate::Refused(..))).count();
    table.add("Refused for a reason", refused, strange, "due before anybody heard it");
}

/// Whether all of what was asked for was done, in one.
fn is_whole(entry: &Entry, post: &Value) -> bool {
    let scheduled = match entry.wish {
        Wish::Draft => post["status"] == "draft" && post["scheduled_at"].is_null(),
        Wish::Now => !post["scheduled_at"].is_null(),
        Wish::At(due) => post["scheduled_at"].as_str().and_then(|at| at.parse().ok()) == Some(due),
    };
    scheduled && post["account_ids"] == json!([entry.account.id]) && post["body"] == entry.text.as_str()
}
