//! What came to the platform, held against what was intended.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Duration, Utc};

use super::{Table, Target};
use crate::{
    kills::{story::Story, written::Wish},
    support::Truth,
};

/// `settle` in the tests' timing.
const SETTLE: Duration = Duration::milliseconds(2_400);

/// When requests took their effect, or came where they had none, in order, by the name that they came under.
pub(super) struct Arrivals<'t>(HashMap<&'t str, Vec<DateTime<Utc>>>);

pub(super) fn arrivals(truth: &Truth) -> Arrivals<'_> {
    let mut arrivals = HashMap::<_, Vec<_>>::new();
    let mut effects = HashSet::new();
    for post in &truth.visible {
        let Some(marker) = post.marker.as_deref() else { continue };
        arrivals.entry(marker).or_default().push(post.at);
        effects.insert((marker, post.request_seq));
    }
    // A platform that was killed may have shown a post and not noted the request.
    for request in &truth.requests {
        let Some(marker) = request.marker.as_deref() else { continue };
        if !effects.contains(&(marker, request.seq)) {
            arrivals.entry(marker).or_default().push(request.at);
        }
    }
    for times in arrivals.values_mut() {
        times.sort_unstable();
    }
    Arrivals(arrivals)
}

impl Arrivals<'_> {
    fn of(&self, story: &Story) -> impl Iterator<Item = DateTime<Utc>> {
        let markers: HashSet<_> = story.intents.iter().map(|intent| intent.marker.as_str()).collect();
        markers.into_iter().filter_map(|marker| self.0.get(marker)).flatten().copied()
    }

    /// How many requests took effect later than the settle time after the last moment at which they might leave; at least
    /// so many. Each is taken for the newest one intended that it can be: so nothing is excused that needs no excuse.
    pub fn outlived(&self, story: &Story) -> usize {
        self.matched(story).filter(|(arrived, limit)| limit.is_some_and(|limit| *arrived > limit + SETTLE)).count()
    }

    /// When each came, and until when it might leave; `None` of one that was never intended.
    fn matched(&self, story: &Story) -> impl Iterator<Item = (DateTime<Utc>, Option<DateTime<Utc>>)> {
        let mut arrived: Vec<_> = self.of(story).collect();
        arrived.sort_unstable();
        let mut open: Vec<_> = story.intents.iter().collect();
        open.sort_unstable_by_key(|intent| intent.recorded);
        arrived.into_iter().map(move |arrived| {
            let newest = open.iter().rposition(|intent| intent.recorded <= arrived);
            (arrived, newest.map(|newest| open.remove(newest).not_after))
        })
    }
}

pub(super) fn check(targets: &[Target<'_>], arrivals: &Arrivals<'_>, table: &mut Table) {
    let (mut requests, mut unintended, mut early) = (0, Vec::new(), Vec::new());
    for target in targets {
        let due = match target.entry.wish {
            Wish::At(due) => due,
            Wish::Now | Wish::Draft => target.entry.asked_at,
        };
        for (arrived, limit) in arrivals.matched(target.story) {
            requests += 1;
            if limit.is_none() {
                unintended.push(target.told(&format!("came at {arrived} and was not intended")));
            }
            if arrived < due {
                early.push(target.told(&format!("came at {arrived}, before {due}")));
            }
        }
    }
    table.add("Intended first", requests, unintended, "one request for each intent at most");
    table.add("No sooner", requests, early, "");
}
