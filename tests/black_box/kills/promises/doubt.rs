//! Why targets are unknown: each for a reason of its own.

use chrono::Duration;

use super::{Evidence, Table, Target};
use crate::kills::faults::LOSSY;

/// What a kill or a cut breaks is noticed a moment after it.
const NOTICED: Duration = Duration::milliseconds(300);

pub(super) fn check(targets: &[Target<'_>], evidence: &Evidence<'_>, table: &mut Table) {
    let unknown: Vec<_> = targets.iter().filter(|target| target.story.unknown.is_some()).collect();
    let (mut causes, mut wrong) = (Vec::new(), Vec::new());
    for target in &unknown {
        match cause(target, evidence) {
            Some(cause) => causes.push(cause),
            None => wrong.push(target.told("is unknown without a cause")),
        }
    }
    let claimed = targets.iter().filter(|target| target.status == "unknown" && target.story.unknown.is_none());
    wrong.extend(claimed.map(|target| target.told("is unknown, and the log doesn't say so")));
    table.add("Honest doubt", unknown.len(), wrong, super::count(causes.into_iter()));
}

/// What put a target in doubt: the platform's own fault, something that broke while it was under way, or an answer that
/// came too late on a machine with other work.
fn cause(target: &Target<'_>, evidence: &Evidence<'_>) -> Option<&'static str> {
    let intent = target.story.intents.last()?;
    let doubt = target.story.doubts.iter().find(|doubt| doubt.at >= intent.at)?;
    let faults = evidence.truth.requests.iter().filter(|request| request.marker.as_deref() == Some(&intent.marker));
    if faults.filter_map(|request| request.fault.as_deref()).any(|fault| LOSSY.contains(&fault)) {
        return Some("by the platform's fault");
    }
    let meanwhile = |past: &&crate::kills::troubles::Past| {
        past.costs_answers && past.begun <= doubt.at && past.ended + NOTICED >= intent.at
    };
    if evidence.past.iter().any(|past| meanwhile(&past)) {
        return Some("by what was killed, held or cut");
    }
    (doubt.class == "uncertain" && doubt.code == "timeout").then_some("by an answer too late")
}
