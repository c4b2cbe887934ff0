//! What stands on the platform, and what the engine says of it.

use std::collections::HashSet;

use super::{Evidence, Standing, Table, Target, sent::Arrivals};

const ONCE: [(&str, &str); 3] =
    [("keyed", "Once, keyed"), ("searchable", "Once, searchable"), ("blind", "Once, blind")];

pub(super) fn check(
    evidence: &Evidence<'_>,
    targets: &[Target<'_>],
    standing: &Standing<'_>,
    arrivals: &Arrivals<'_>,
    table: &mut Table,
) {
    for (class, promise) in ONCE {
        let own: Vec<_> = targets.iter().filter(|target| target.entry.account.class == class).collect();
        let doubled: Vec<_> = own.iter().filter(|target| target.visible.len() > 1).collect();
        // Nothing is promised of a target with a request that outlived the settle time.
        let excused = |target: &&&&Target<'_>| class == "searchable" && arrivals.outlived(target.story) > 0;
        let outside = doubled.iter().filter(excused).count();
        let late: usize = own.iter().map(|target| arrivals.outlived(target.story)).sum();
        let wrong = doubled.iter().filter(|target| !excused(target)).map(|it| it.told("stands twice")).collect();
        let note = match class {
            "searchable" => format!("{late} requests outlived the settle time, {outside} posts doubled by one of them"),
            _ => format!("{late} requests outlived the settle time"),
        };
        table.add(promise, own.len(), wrong, note);
    }

    let is_right = |target: &&Target<'_>| match target.status {
        "published" => target.visible.iter().any(|post| Some(post.remote_id.as_str()) == target.remote_id),
        "unknown" => true,
        _ => target.visible.is_empty(),
    };
    let false_word = targets.iter().filter(|target| !is_right(target)).map(|target| target.told("is not so"));
    let false_alarm = targets.iter().filter(|target| target.story.doubled > 0 && target.visible.len() < 2);
    let wrong = false_word.chain(false_alarm.map(|target| target.told("does not stand twice"))).collect();
    table.add("No false word", targets.len(), wrong, super::count(targets.iter().map(|target| target.status)));

    let has_ended = |target: &&Target<'_>| match target.status {
        "published" => true,
        "unknown" => target.entry.account.class == "blind",
        _ => false,
    };
    let left = targets.iter().filter(|target| !has_ended(target)).map(|target| target.told("came to no good end"));
    table.add("A way out", targets.len(), left.collect(), "published, or unknown where nobody can be asked");

    let own = |target: &Target<'_>| (target.entry.account.handle.clone(), target.entry.text.clone());
    let written: HashSet<_> = targets.iter().map(own).collect();
    let is_strange = |(account, text): &(&str, &str)| !written.contains(&((*account).to_owned(), (*text).to_owned()));
    let strange = standing.keys().copied().filter(is_strange).map(|place| format!("{place:?}")).collect();
    table.add("Nothing that nobody wrote", evidence.truth.visible.len(), strange, "");
}
