//! The counters of this process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use campanile_events::{
    commands::Sharing,
    db::{Database, DbError},
    key::RateLimit,
};
use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

use super::{Counted, Counter, Left, Share, Shares, Window, Windows};

/// Who made no request for so long gives back what it holds.
const IDLE: Duration = Duration::seconds(5);
/// How long a window that nobody counts in stays on record: longer than any is.
const KEPT: Duration = Duration::days(2);

/// Counts the keys' requests.
#[derive(Debug)]
pub struct RateLimits {
    shares: Shares,
    sharing: Sharing,
    windows: Windows,
    counters: Mutex<HashMap<Uuid, Arc<Counting>>>,
}

/// How one key is counted.
#[derive(Debug, Default)]
struct Counting {
    /// A key's requests are counted one after the other, so that no two get the last one.
    counter: tokio::sync::Mutex<Counter>,
    /// Of many that want to know what others hold, one looks.
    looking: tokio::sync::Mutex<()>,
}

impl RateLimits {
    /// The counters of a process that is alone on `db`, whose table is made if need be.
    pub async fn open(db: Arc<dyn Database>) -> Result<Self, DbError> {
        Self::open_as(db, Sharing::Alone, Windows::default()).await
    }

    /// The same for one of several processes, all with the same windows.
    pub async fn open_as(db: Arc<dyn Database>, sharing: Sharing, windows: Windows) -> Result<Self, DbError> {
        Ok(Self { shares: Shares::open(db).await?, sharing, windows, counters: Mutex::default() })
    }

    /// Counts a request, unless a window is used up. Where others count as well, no more is said to be left than this
    /// process holds: [`RateLimits::looked`] knows more.
    ///
    /// # Errors
    /// If the table of shares can't be written: then nothing was counted.
    pub async fn count(&self, key: Uuid, limit: RateLimit, now: DateTime<Utc>) -> Result<Counted, DbError> {
        let came = Instant::now();
        let counting = Arc::clone(self.counters().entry(key).or_default());
        let mut counter = counting.counter.lock().await;
        counter.begin(self.windows, now);
        // Both, before one is used: a request that the minute refuses costs nothing of the day.
        let has_minute = self.provide(key, Window::Minute, limit, &mut counter.minute).await?;
        let has_day = self.provide(key, Window::Day, limit, &mut counter.day).await?;
        if has_minute && has_day {
            counter.minute.used += 1;
            counter.day.used += 1;
        }
        let sure = |share: &Share, limit: u32| match self.sharing {
            Sharing::Alone => share.left(limit),
            Sharing::Shared if share.is_seen_since(came) => share.left(limit),
            Sharing::Shared => share.left(limit).min(share.unused()),
        };
        let (minute, day) = (sure(&counter.minute, limit.per_minute), sure(&counter.day, limit.per_day));
        Ok(Counted {
            limit,
            minute: self.left_of(Window::Minute, &counter.minute, minute.min(day)),
            day: self.left_of(Window::Day, &counter.day, day),
            refused_by: match (has_minute, has_day) {
                (_, false) => Some(Window::Day),
                (false, true) => Some(Window::Minute),
                (true, true) => None,
            },
            came,
        })
    }

    /// What is left of the windows now, of which this request takes nothing.
    ///
    /// # Errors
    /// If the table of shares can't be read.
    pub async fn left(&self, key: Uuid, limit: RateLimit, now: DateTime<Utc>) -> Result<Counted, DbError> {
        let came = Instant::now();
        let counting = Arc::clone(self.counters().entry(key).or_default());
        let (minute, day) = {
            let mut counter = counting.counter.lock().await;
            counter.begin(self.windows, now);
            let nothing = |window, share: &Share| self.left_of(window, share, 0);
            (nothing(Window::Minute, &counter.minute), nothing(Window::Day, &counter.day))
        };
        self.look(key, &counting, Counted { limit, minute, day, refused_by: None, came }).await
    }

    /// The same with what is left by now, to within what others hold and haven't used: what they took meanwhile is looked
    /// up, so that nobody is told of more than is left.
    pub async fn looked(&self, key: Uuid, counted: Counted) -> Counted {
        if !self.is_worth_a_look(&counted) {
            return counted;
        }
        // A counter that is gone was given back: nothing of it is known any more.
        let Some(counting) = self.counters().get(&key).cloned() else { return counted };
        match self.look(key, &counting, counted).await {
            Ok(counted) => counted,
            Err(error) => {
                tracing::debug!(%error, "what other nodes hold of a key's limits is not known");
                counted
            }
        }
    }

    /// Whether more can be known of what is left than a request was told when it was counted.
    pub fn is_worth_a_look(&self, counted: &Counted) -> bool {
        self.sharing == Sharing::Shared && counted.refused_by.is_none()
    }

    async fn look(&self, key: Uuid, counting: &Counting, counted: Counted) -> Result<Counted, DbError> {
        let _turn = counting.looking.lock().await;
        let (seen, held) = {
            let mut state = counting.counter.lock().await;
            if let Some(told) = told(&state, counted, self.windows) {
                return Ok(told);
            }
            (Instant::now(), Window::ALL.map(|window| state.share(window).handed()))
        };
        let all = self.shares.in_all(key).await?;
        let mut state = counting.counter.lock().await;
        for (window, held) in Window::ALL.into_iter().zip(held) {
            let share = state.share(window);
            let taken = match all.iter().find(|it| it.window == window) {
                Some(found) if found.began == share.began => found.taken,
                // A clock that is ahead has begun the next one: of this one nothing is known.
                Some(found) if found.began > share.began => continue,
                Some(_) | None => 0,
            };
            // Who took some meanwhile has seen more.
            if share.handed() == held {
                share.learn(taken, seen);
            }
        }
        Ok(told(&state, counted, self.windows).unwrap_or(counted))
    }

    /// Gives back what isn't used up by keys that are silent, or by all: before a stop.
    ///
    /// # Errors
    /// If the table of shares can't be written: what was left is missing from those keys' windows.
    pub async fn settle(&self, now: DateTime<Utc>, all: bool) -> Result<(), DbError> {
        for (key, counting) in self.take_silent(now, all) {
            let counter = counting.counter.lock().await;
            for (window, share) in [(Window::Minute, &counter.minute), (Window::Day, &counter.day)] {
                if share.unused() > 0 {
                    self.shares.give_back(key, window, share.began, share.unused()).await?;
                }
            }
        }
        Ok(())
    }

    /// Forgets windows that are long over: of keys and sessions that are gone, nobody begins another.
    pub async fn forget(&self, now: DateTime<Utc>) -> Result<(), DbError> {
        self.shares.forget(now - KEPT).await
    }

    /// What is left of the window that a share is of: a request that came just before another window began may be counted in
    /// that one.
    fn left_of(&self, window: Window, share: &Share, requests: u32) -> Left {
        Left { requests, until: self.windows.ends(window, share.began), seconds: self.windows.seconds(window) }
    }

    /// Sees to it that there is one more to use, if the limit leaves one.
    async fn provide(&self, key: Uuid, window: Window, limit: RateLimit, share: &mut Share) -> Result<bool, DbError> {
        let limit = window.of(limit);
        // The limit may have been lowered since the share was taken.
        if share.is_over(limit) {
            return Ok(false);
        }
        if share.unused() == 0 {
            let seen = Instant::now();
            let taken = self.shares.take(key, window, share.began, limit).await?;
            share.add(taken, seen);
        }
        Ok(share.unused() > 0 && share.left(limit) > 0)
    }

    /// Takes out the counters that nobody holds: those that are idle, or all.
    fn take_silent(&self, now: DateTime<Utc>, all: bool) -> Vec<(Uuid, Arc<Counting>)> {
        let is_idle = |counter: &Counter| now - counter.used_at >= IDLE;
        let is_silent = |counting: &Arc<Counting>| {
            Arc::strong_count(counting) == 1 && counting.counter.try_lock().is_ok_and(|it| all || is_idle(&it))
        };
        self.counters().extract_if(|_, counting| is_silent(counting)).collect()
    }

    fn counters(&self) -> MutexGuard<'_, HashMap<Uuid, Arc<Counting>>> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is left, if that is known as of when the request came or later, and of the windows that it was counted in.
fn told(state: &Counter, counted: Counted, windows: Windows) -> Option<Counted> {
    let left = |share: &Share, window: Window, limit: u32, told: Left| {
        let is_same = windows.ends(window, share.began) == told.until;
        (is_same && share.is_seen_since(counted.came)).then(|| share.left(limit))
    };
    let minute = left(&state.minute, Window::Minute, counted.limit.per_minute, counted.minute);
    let day = left(&state.day, Window::Day, counted.limit.per_day, counted.day)?;
    let minute = Left { requests: minute?.min(day), ..counted.minute };
    Some(Counted { minute, day: Left { requests: day, ..counted.day }, ..counted })
}
