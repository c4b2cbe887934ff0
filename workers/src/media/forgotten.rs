//! Bytes that were given and never confirmed: kept for a while, then taken away.

use campanile_events::{commands::LoadError, media::MediaRequested};
use chrono::{DateTime, Duration, Utc};

use super::{Library, Place, StoreError};

/// How long after its address has expired a medium can be confirmed.
const CONFIRMED_WITHIN: Duration = Duration::hours(24);
/// How much longer its bytes stay: who confirms at the last moment still reads them.
const MARGIN: Duration = Duration::hours(1);
/// How old bytes must be before anybody looks at them: no address is good for longer than an hour, and an upload takes
/// less than another.
const OLD: Duration = Duration::hours(27);

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

    /// Takes away the bytes that nobody confirmed in time, and says how many media had some. Looks at what was given after
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
        let until = now - OLD;
        let mut forgotten = 0;
        for (place, given_at) in self.store.list().await? {
            if given_at > until || since.is_some_and(|since| given_at <= since) {
                continue;
            }
            if self.is_forgotten(place, now).await? {
                self.store.remove(place).await?;
                forgotten += 1;
            }
        }
        *since = Some(until);
        Ok(forgotten)
    }

    async fn is_forgotten(&self, place: Place, now: DateTime<Utc>) -> Result<bool, LoadError> {
        let Some(media) = self.of(place.workspace, place.id).await? else { return Ok(false) };
        let late = |announced: &MediaRequested| now >= Self::forgotten_at(announced) + MARGIN;
        Ok(media.confirmed.is_none() && media.announced.as_ref().is_some_and(late))
    }
}
