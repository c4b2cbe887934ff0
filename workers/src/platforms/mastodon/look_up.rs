//! Whether a status stands on its server: by author, text, place and time.

use std::cmp::Ordering;

use campanile_events::post::FailureClass;
use chrono::{DateTime, Duration, Utc};
use serde::Deserialize;
use url::Url;

use super::{Kept, Mastodon, answers, text};
use crate::platforms::{Access, Found, Search, SendFailure, Sent, rest::sent_at};

/// The most that Mastodon gives at once.
const PAGE: usize = 40;
/// How many pages one look-up reads, at most.
const PAGES: usize = 25;
/// How much earlier than our intent a status may seem to be and still be ours, where there is only time to go by: beyond
/// what the server's clock is known to be behind.
const SKEW: Duration = Duration::minutes(10);

/// Statuses, newest first, and how far the server's clock is behind ours.
struct Page {
    statuses: Vec<Status>,
    behind: Duration,
}

#[derive(Debug, Deserialize)]
struct Status {
    id: String,
    #[serde(default)]
    url: Option<String>,
    content: String,
    created_at: DateTime<Utc>,
    #[serde(default)]
    in_reply_to_id: Option<String>,
    account: Author,
}

#[derive(Debug, Deserialize)]
struct Author {
    id: String,
}

/// How much a status is what is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Likeness {
    Same,
    /// The letters agree and the rest doesn't.
    Similar,
    Other,
}

impl Mastodon {
    pub(super) async fn newest(&self, access: &Access) -> Result<Option<String>, SendFailure> {
        let kept = Kept::of(access)?;
        let page = self.page(&kept, &access.remote_id, 1, None).await?;
        Ok(page.statuses.into_iter().next().map(|status| status.id))
    }

    pub(super) async fn search(&self, access: &Access, search: &Search) -> Result<Found, SendFailure> {
        let kept = Kept::of(access)?;
        let sent = text::normal(search.text.as_str());
        let (mut before, mut is_similar) = (None, false);
        for _ in 0..PAGES {
            let page = match self.page(&kept, &access.remote_id, PAGE, before.as_deref()).await {
                Ok(page) => page,
                Err(failure) => return Ok(Found::Incomplete(failure)),
            };
            let is_older = |status: &Status| is_older(status, search, page.behind);
            for status in page.statuses.iter().filter(|status| !is_older(status)) {
                match likeness(status, access, search, &sent) {
                    Likeness::Same => return Ok(Found::Present(sent_as(status))),
                    Likeness::Similar => is_similar = true,
                    Likeness::Other => {}
                }
            }
            // A short page isn't the last one: servers filter after they cut.
            let Some(last) = page.statuses.last().filter(|last| !is_older(last)) else {
                return Ok(if is_similar { incomplete("similar_status") } else { Found::Absent });
            };
            if before.as_ref() == Some(&last.id) {
                return Ok(incomplete("paging"));
            }
            before = Some(last.id.clone());
        }
        Ok(incomplete("too_many_statuses"))
    }

    /// An account's statuses, newest first.
    async fn page(&self, kept: &Kept, account: &str, limit: usize, before: Option<&str>) -> Result<Page, SendFailure> {
        let answer = self.egress.request(kept.question(listing(kept, account, limit, before))?).await;
        let answer = answer.map_err(|error| SendFailure::from(error).of_question())?;
        let now = self.clock.now();
        let statuses = answers::read(&answer, false, now).map_err(SendFailure::of_question)?;
        let behind = sent_at(&answer).map_or(Duration::zero(), |its| (now - its).max(Duration::zero()));
        Ok(Page { statuses, behind })
    }
}

fn listing(kept: &Kept, account: &str, limit: usize, before: Option<&str>) -> Url {
    let mut url = kept.at("");
    if let Ok(mut path) = url.path_segments_mut() {
        path.clear().extend(["api", "v1", "accounts", account, "statuses"]);
    }
    url.query_pairs_mut()
        .append_pair("limit", &limit.to_string())
        .append_pair("exclude_reblogs", "true")
        .extend_pairs(before.map(|id| ("max_id", id)));
    url
}

fn likeness(status: &Status, access: &Access, search: &Search, sent: &str) -> Likeness {
    let is_here = status.account.id == access.remote_id
        && status.in_reply_to_id.as_deref() == search.reply_to.as_ref().map(|post| post.remote_id.as_str())
        && !search.exclude.contains(&status.id);
    if !is_here {
        return Likeness::Other;
    }
    let shown = text::of_html(&status.content);
    if shown == sent {
        return Likeness::Same;
    }
    let letters = text::skeleton(&shown);
    if !letters.is_empty() && letters == text::skeleton(sent) { Likeness::Similar } else { Likeness::Other }
}

/// Whether it was there before. Past the baseline no clock is asked: a server's that is behind would hide what is new.
fn is_older(status: &Status, search: &Search, behind: Duration) -> bool {
    let by_id = search.baseline.as_deref().map(|baseline| compare(&status.id, baseline));
    match by_id {
        Some(Some(order)) => order != Ordering::Greater,
        Some(None) | None => status.created_at < search.since - behind - SKEW,
    }
}

/// Which id is the newer one: numbers on Mastodon and Takahe, ULIDs and UUIDs of one length elsewhere. `None` where they
/// are of two kinds.
fn compare(one: &str, other: &str) -> Option<Ordering> {
    let is_number = |id: &str| !id.is_empty() && id.chars().all(|c| c.is_ascii_digit());
    if is_number(one) && is_number(other) {
        let (one, other) = (one.trim_start_matches('0'), other.trim_start_matches('0'));
        return Some(one.len().cmp(&other.len()).then_with(|| one.cmp(other)));
    }
    (one.len() == other.len()).then(|| one.cmp(other))
}

fn sent_as(status: &Status) -> Sent {
    Sent { remote_id: status.id.clone(), url: status.url.clone() }
}

fn incomplete(code: &str) -> Found {
    Found::Incomplete(SendFailure::of(FailureClass::NotSent, code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_compared_as_their_servers_count() {
        for (one, other, order) in [
            ("9", "10", Some(Ordering::Less)),
            ("113500000000000001", "113500000000000000", Some(Ordering::Greater)),
            ("7", "7", Some(Ordering::Equal)),
            ("01JD0000000000000000000001", "01JD0000000000000000000000", Some(Ordering::Greater)),
            ("01935b2e-0000-7000-8000-000000000000", "01935b2f-0000-7000-8000-000000000000", Some(Ordering::Less)),
            ("abc", "12", None),
        ] {
            assert_eq!(compare(one, other), order, "{one} {other}");
        }
    }
}
