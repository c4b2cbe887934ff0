//! Bytes that nobody needs: given and never confirmed, or left behind. Kept for a while, then taken away.

use campanile_events::{commands::LoadError, media::MediaRequested};
use chrono::{DateTime, Duration, Utc};

use super::{Library, Lying, Place, StoreError};

/// How long after its address has expired a medium can be confirmed.
const CONFIRMED_WITHIN: Duration = Duration::hours(24);
/// How much longer its bytes stay: who confirms at the last moment still reads them.
const MARGIN: Duration = Duration::hours(1);
/// How old bytes must be before anybody looks at them: no address is good for longer than an hour, and an upload takes
/// less than another. What is to become of them is decided by then, on every node.
const OLD: Duration = Duration::hours(27);
/// How long bytes on their way in may stand still before their process is taken for dead: uploads take less.
const STALLED: Duration = Duration::hours(1);

/// Why bytes were not looked through.
#[derive(Debug, thiserror::Error)]
pub enum ForgetError {
    /// What they belong to can't be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// They can't be listed or taken away.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Library {
    /// From when on an announced medium can't be confirmed any more.
    pub fn forgotten_at(announced: &MediaRequested) -> DateTime<Utc> {
        announced.expires_at + CONFIRMED_WITHIN
    }

    /// Takes away the bytes that nobody confirmed in time, and says how many files that were. Looks at what was given after
    /// `since`, if that is known to be the end of an earlier look, and moves it on to where this one has ended.
    ///
    /// Bytes of which the log knows nothing stay: it may be older than they are.
    ///
    /// # Errors
    /// If not all could be looked at; then `since` stays where it was.
    pub async fn forget_unconfirmed(
        &self,
        since: &mut Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<usize, ForgetError> {
        self.store.sweep_incoming(now - STALLED).await?;
        let until = now - OLD;
        let mut forgotten = 0;
        for (place, lying, given_at) in self.store.list().await? {
            if given_at > until || since.is_some_and(|since| given_at <= since) {
                continue;
            }
            if self.is_forgotten(place, &lying, now).await? {
                self.store.remove(place, &lying).await?;
                forgotten += 1;
            }
        }
        *since = Some(until);
        Ok(forgotten)
    }

    async fn is_forgotten(&self, place: Place, lying: &Lying, now: DateTime<Utc>) -> Result<bool, ForgetError> {
        let Some(media) = self.of(place.workspace, place.id).await? else { return Ok(false) };
        let Some((_, confirmed)) = media.ready() else {
            let late = |announced: &MediaRequested| now >= Self::forgotten_at(announced) + MARGIN;
            return Ok(media.announced.as_ref().is_some_and(late));
        };
        Ok(match lying {
            // Earlier builds left confirmed bytes where they were given.
            Lying::Given => self.store.has(place, &Lying::Kept(confirmed.digest.clone())).await?,
            Lying::Held(_) => true,
            Lying::Kept(digest) => *digest != confirmed.digest,
        })
    }
}
