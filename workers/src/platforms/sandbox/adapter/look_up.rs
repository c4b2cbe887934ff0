//! Whether a post stands in the sandbox, as a real platform is asked: by text and place, not by the key.

use campanile_events::post::FailureClass;
use chrono::{DateTime, Duration, Utc};
use serde::Deserialize;

use super::{SandboxPlatform, answers};
use crate::platforms::{
    Access, Found, Search, SendFailure, Sent,
    sandbox::{AccountClass, Listing},
};

/// Pages that one look-up reads.
const PAGES: usize = 250;
/// How far the platform's clock may be behind ours.
const SKEW: Duration = Duration::minutes(5);

#[derive(Debug, Deserialize)]
struct Page {
    posts: Vec<Listed>,
    more: bool,
    newest: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Listed {
    id: String,
    url: String,
    text: String,
    reply_to: Option<String>,
    created_at: DateTime<Utc>,
}

impl SandboxPlatform {
    pub(super) async fn newest(&self, access: &Access) -> Result<Option<String>, SendFailure> {
        let (kept, route) = self.route(access)?;
        if kept.delivery == AccountClass::Blind {
            return Ok(None);
        }
        let listing = Listing { account: kept.handle.clone(), after: None, limit: Some(0) };
        let answer = self.list(&route, &kept, &listing, &access.timing).await?;
        let page: Page = answers::read(&answer).map_err(SendFailure::of_question)?;
        Ok(page.newest)
    }

    pub(super) async fn search(&self, access: &Access, search: &Search) -> Result<Found, SendFailure> {
        let (kept, route) = self.route(access)?;
        let mut listing = Listing { account: kept.handle.clone(), after: search.baseline.clone(), limit: None };
        for _ in 0..PAGES {
            let answer = self.list(&route, &kept, &listing, &access.timing).await;
            let page: Page = match answer.and_then(|answer| answers::read(&answer)) {
                Ok(page) => page,
                Err(failure) => return Ok(Found::Incomplete(failure.of_question())),
            };
            if let Some(post) = page.posts.iter().find(|post| matches(post, search)) {
                return Ok(Found::Present(Sent { remote_id: post.id.clone(), url: Some(route.page(&post.url)) }));
            }
            match page.posts.last() {
                Some(last) if page.more => listing.after = Some(last.id.clone()),
                _ => return Ok(Found::Absent),
            }
        }
        Ok(Found::Incomplete(SendFailure::of(FailureClass::NotSent, "too_many_posts")))
    }
}

fn matches(post: &Listed, search: &Search) -> bool {
    post.text == search.text.as_str()
        && post.reply_to.as_deref() == search.reply_to.as_ref().map(|post| post.remote_id.as_str())
        && !search.exclude.contains(&post.id)
        // What is past the baseline came after it, whatever the two clocks say.
        && (search.baseline.is_some() || post.created_at >= search.since - SKEW)
}
