//! The counters of this process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use campanile_events::{
    commands::Sharing,
    db::{Database, DbError},
    key::RateLimit,
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Counted, Left, Shares, Window};

/// Counts the keys' requests.
#[derive(Debug)]
pub struct RateLimits {
    shares: Shares,
    sharing: Sharing,
    /// A key's requests are counted one after the other, so that no two get the last one.
    counters: Mutex<HashMap<Uuid, Arc<tokio::sync::Mutex<Counter>>>>,
}

/// One key's requests.
#[derive(Debug, Default)]
struct Counter {
    minute: Share,
    day: Share,
}

/// What this process holds of a window.
#[derive(Debug, Default)]
struct Share {
    began: DateTime<Utc>,
    /// What others hold, or held before a crash, when last seen.
    elsewhere: u32,
    /// What is ours.
    held: u32,
    /// What of it was used.
    used: u32,
}

impl Share {
    fn begin(&mut self, window: Window, now: DateTime<Utc>) {
        let began = window.began(now);
        if self.began < began {
            *self = Self { began, ..Self::default() };
        }
    }

    fn unused(&self) -> u32 {
        self.held.saturating_sub(self.used)
    }
}

impl RateLimits {
    /// The counters of a process that is alone on `db`, whose table is made if need be.
    pub async fn open(db: Arc<dyn Database>) -> Result<Self, DbError> {
        Self::open_as(db, Sharing::Alone).await
    }

    /// The same for one of several processes.
    pub async fn open_as(db: Arc<dyn Database>, sharing: Sharing) -> Result<Self, DbError> {
        Ok(Self { shares: Shares::open(db).await?, sharing, counters: Mutex::default() })
    }

    /// Counts a request, unless a window is used up.
    ///
    /// # Errors
    /// If the table of shares can't be written: then nothing was counted.
    pub async fn count(&self, key: Uuid, limit: RateLimit, now: DateTime<Utc>) -> Result<Counted, DbError> {
        let counter = Arc::clone(self.counters().entry(key).or_default());
        let mut counter = counter.lock().await;
        counter.minute.begin(Window::Minute, now);
        counter.day.begin(Window::Day, now);
        // Both, before one is used: a request that the minute refuses costs nothing of the day.
        let has_minute = self.provide(key, Window::Minute, limit, &mut counter.minute).await?;
        let has_day = self.provide(key, Window::Day, limit, &mut counter.day).await?;
        if has_minute && has_day {
            counter.minute.used += 1;
            counter.day.used += 1;
        }
        let minute = self.left(&counter.minute, limit.per_minute);
        let day = self.left(&counter.day, limit.per_day);
        Ok(Counted {
            limit,
            minute: Left { requests: minute.min(day), until: Window::Minute.ends(now) },
            day: Left { requests: day, until: Window::Day.ends(now) },
            refused_by: match (has_minute, has_day) {
                (_, false) => Some(Window::Day),
                (false, true) => Some(Window::Minute),
                (true, true) => None,
            },
        })
    }

    /// Gives back what isn't used up by keys that are silent, or by all: before a stop.
    ///
    /// # Errors
    /// If the table of shares can't be written: what was left is missing from those keys' days.
    pub async fn settle(&self, now: DateTime<Utc>, all: bool) -> Result<(), DbError> {
        for (key, counter) in self.take_silent(now, all) {
            let counter = counter.lock().await;
            for (window, share) in [(Window::Minute, &counter.minute), (Window::Day, &counter.day)] {
                if share.unused() > 0 && self.is_shared(window) {
                    self.shares.give_back(key, window, share.began, share.unused()).await?;
                }
            }
        }
        Ok(())
    }

    /// Sees to it that there is one more to use, if the limit leaves one.
    async fn provide(&self, key: Uuid, window: Window, limit: RateLimit, share: &mut Share) -> Result<bool, DbError> {
        let limit = window.of(limit);
        // The limit may have been lowered since the share was taken.
        if share.elsewhere.saturating_add(share.used) >= limit {
            return Ok(false);
        }
        if !self.is_shared(window) {
            share.held = limit;
        } else if share.unused() == 0 {
            let taken = self.shares.take(key, window, share.began, limit, window.share(limit)).await?;
            share.held += taken.granted;
            share.elsewhere = taken.in_all.saturating_sub(share.held);
        }
        Ok(share.unused() > 0)
    }

    /// What may still be used, at least: what is ours, and where nobody else takes any, what nobody has.
    fn left(&self, share: &Share, limit: u32) -> u32 {
        let left = limit.saturating_sub(share.elsewhere).saturating_sub(share.used);
        match self.sharing {
            Sharing::Alone => left,
            Sharing::Shared => left.min(share.unused()),
        }
    }

    fn is_shared(&self, window: Window) -> bool {
        window == Window::Day || self.sharing == Sharing::Shared
    }

    /// Takes out the counters that nobody holds: those whose minute is over, or all.
    fn take_silent(&self, now: DateTime<Utc>, all: bool) -> Vec<(Uuid, Arc<tokio::sync::Mutex<Counter>>)> {
        let minute = Window::Minute.began(now);
        let is_silent = |counter: &Arc<tokio::sync::Mutex<Counter>>| {
            let is_over = |counter: &Counter| all || counter.minute.began < minute;
            Arc::strong_count(counter) == 1 && counter.try_lock().is_ok_and(|counter| is_over(&counter))
        };
        self.counters().extract_if(|_, counter| is_silent(counter)).collect()
    }

    fn counters(&self) -> MutexGuard<'_, HashMap<Uuid, Arc<tokio::sync::Mutex<Counter>>>> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
