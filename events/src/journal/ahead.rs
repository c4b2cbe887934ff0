//! The log for who reads it from one end to the other: the pages after the one that is worked on are under way meanwhile.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use futures::future::BoxFuture;
use tokio::task::JoinHandle;

use super::{Journal, ReadError, Recorded};
use crate::ids::Position;

/// How many pages are under way while one is worked on.
const PAGES: usize = 2;

type Page<E> = Result<Vec<Recorded>, E>;

/// Reads pages of the log, and ahead of whoever goes on where the page before ended. It needs a runtime. Pages that nobody
/// asks for are read to their end, and nobody hears of it.
pub struct ReadAhead<E = ReadError> {
    read: Box<dyn Fn(Position, usize) -> BoxFuture<'static, Page<E>> + Send + Sync>,
    under_way: Mutex<UnderWay<E>>,
}

struct UnderWay<E> {
    /// Where the last page ended.
    reached: Option<Position>,
    pages: VecDeque<Ahead<E>>,
}

/// A page that nobody has asked for yet.
struct Ahead<E> {
    after: Position,
    limit: usize,
    page: JoinHandle<Page<E>>,
}

impl<E> fmt::Debug for ReadAhead<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadAhead").finish_non_exhaustive()
    }
}

impl ReadAhead {
    /// Of a journal, as [`Journal::read`] gives it.
    pub fn of(journal: &Arc<dyn Journal>) -> Self {
        let journal = Arc::clone(journal);
        Self::by(move |after, limit| {
            let journal = Arc::clone(&journal);
            Box::pin(async move { journal.read(after, limit).await })
        })
    }
}

impl<E: Send + 'static> ReadAhead<E> {
    /// By what reads a page: the events after a position, at most so many, in order and without a hole.
    pub fn by(read: impl Fn(Position, usize) -> BoxFuture<'static, Page<E>> + Send + Sync + 'static) -> Self {
        let under_way = UnderWay { reached: None, pages: VecDeque::new() };
        Self { read: Box::new(read), under_way: Mutex::new(under_way) }
    }

    /// The events after `after`, at most `limit`, in order.
    pub async fn read(&self, after: Position, limit: usize) -> Page<E> {
        let page = match self.next(after, limit) {
            Some(ahead) => ahead.await.ok().and_then(Result::ok).filter(|page| page.len() >= limit),
            None => None,
        };
        // Where the log ended when it was read ahead it may go on now, and what failed then need not fail again.
        let mut page = match page {
            Some(page) => page,
            None => (self.read)(after, limit).await?,
        };
        page.truncate(limit);
        // Behind a short page there is nothing yet.
        self.lock().reached = page.last().filter(|_| page.len() >= limit).map(|event| event.position);
        Ok(page)
    }

    /// The page, if it is under way. Has those after it read, if this is where the last one ended.
    fn next(&self, after: Position, limit: usize) -> Option<JoinHandle<Page<E>>> {
        let mut under_way = self.lock();
        let UnderWay { reached, pages } = &mut *under_way;
        if *reached != Some(after) {
            pages.clear();
            return None;
        }
        let next = pages.pop_front().filter(|ahead| ahead.after == after && ahead.limit >= limit);
        if next.is_none() {
            pages.clear();
        }
        while pages.len() < PAGES {
            // No position is missing: where a full page ends is known before it is there.
            let between = limit.saturating_mul(pages.len() + 1) as u64;
            let after = Position(after.0.saturating_add(between));
            pages.push_back(Ahead { after, limit, page: tokio::spawn((self.read)(after, limit)) });
        }
        next.map(|ahead| ahead.page)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, UnderWay<E>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::{
        clock::ManualClock,
        db::Sqlite,
        journal::{SqliteJournal, given::append},
    };

    /// A log, and what was asked of it.
    struct Given {
        asked: Mutex<Vec<(u64, usize)>>,
        /// From this position on nothing is answered.
        fails_from: AtomicU64,
    }

    impl Given {
        fn asked(&self) -> Vec<(u64, usize)> {
            std::mem::take(&mut self.asked.lock().expect("no panic"))
        }
    }

    async fn log(events: u128) -> (Arc<dyn Journal>, Arc<Given>, ReadAhead) {
        let db = Sqlite::open_in_memory().expect("a database");
        let clock = ManualClock::starting_at(chrono::DateTime::UNIX_EPOCH);
        let journal: Arc<dyn Journal> = Arc::new(SqliteJournal::open(db, clock).await.expect("a journal"));
        journal.append(append(1, "{}", events)).await.expect("appended");
        let given = Arc::new(Given { asked: Mutex::default(), fails_from: AtomicU64::new(u64::MAX) });
        let (below, told) = (Arc::clone(&journal), Arc::clone(&given));
        let ahead = ReadAhead::by(move |after, limit| {
            let (below, told) = (Arc::clone(&below), Arc::clone(&told));
            told.asked.lock().expect("no panic").push((after.0, limit));
            Box::pin(async move {
                if after.0 >= told.fails_from.load(Ordering::SeqCst) {
                    return Err(ReadError::Unavailable("away".to_owned()));
                }
                below.read(after, limit).await
            })
        });
        (journal, given, ahead)
    }

    /// The positions of a page.
    async fn page(ahead: &ReadAhead, after: u64, limit: usize) -> Vec<u64> {
        let page = ahead.read(Position(after), limit).await.expect("the log reads");
        page.iter().map(|event| event.position.0).collect()
    }

    /// Lets the tasks that read ahead come to their ends.
    async fn settled() {
        for _ in 0..100 {
            tokio::task::yield_now().await;
            tokio::time::sleep(std::time::Duration::from_micros(100)).await;
        }
    }

    #[tokio::test]
    async fn who_goes_on_finds_the_next_pages_under_way() {
        let (_journal, given, ahead) = log(20).await;
        assert_eq!(page(&ahead, 0, 4).await, [1, 2, 3, 4]);
        assert_eq!(given.asked(), [(0, 4)], "one page may be all that is wanted");
        assert_eq!(page(&ahead, 4, 4).await, [5, 6, 7, 8]);
        let mut asked = given.asked();
        asked.sort_unstable();
        assert_eq!(asked, [(4, 4), (8, 4), (12, 4)]);
        assert_eq!(page(&ahead, 8, 4).await, [9, 10, 11, 12]);
        assert_eq!(given.asked(), [(16, 4)], "the page itself was read before");
        assert_eq!(page(&ahead, 12, 3).await, [13, 14, 15], "fewer of a page");
        assert_eq!(page(&ahead, 15, 9).await, [16, 17, 18, 19, 20], "more than a page");
        assert_eq!(page(&ahead, 20, 4).await, [0_u64; 0]);
        assert_eq!(page(&ahead, u64::MAX - 1, 4).await, [0_u64; 0]);
    }

    #[tokio::test]
    async fn who_begins_elsewhere_is_given_what_stands_there() {
        let (_journal, given, ahead) = log(20).await;
        for (after, limit) in [(0, 4), (4, 4), (2, 4), (6, 2), (8, 4), (0, 4), (4, 4), (8, 4)] {
            let wanted: Vec<u64> = (after + 1..=after + limit as u64).collect();
            assert_eq!(page(&ahead, after, limit).await, wanted, "after {after}");
        }
        assert!(!given.asked().is_empty());
    }

    #[tokio::test]
    async fn an_end_that_has_moved_since_is_read_again() {
        let (journal, _given, ahead) = log(10).await;
        assert_eq!(page(&ahead, 0, 4).await.len() + page(&ahead, 4, 4).await.len(), 8);
        settled().await;
        journal.append(append(2, "{}", 10)).await.expect("appended");
        for (after, wanted) in [(8, [9, 10, 11, 12]), (12, [13, 14, 15, 16]), (16, [17, 18, 19, 20])] {
            assert_eq!(page(&ahead, after, 4).await, wanted);
        }
    }

    #[tokio::test]
    async fn what_failed_ahead_is_asked_again() {
        let (_journal, given, ahead) = log(20).await;
        assert_eq!(page(&ahead, 0, 4).await, [1, 2, 3, 4]);
        given.fails_from.store(8, Ordering::SeqCst);
        assert_eq!(page(&ahead, 4, 4).await, [5, 6, 7, 8]);
        settled().await;
        given.fails_from.store(u64::MAX, Ordering::SeqCst);
        assert_eq!(page(&ahead, 8, 4).await, [9, 10, 11, 12]);
        given.fails_from.store(0, Ordering::SeqCst);
        assert!(ahead.read(Position(0), 4).await.is_err());
    }

    #[tokio::test]
    async fn nothing_is_read_ahead_of_the_end() {
        let (_journal, given, ahead) = log(6).await;
        for (after, wanted) in [(0, vec![1, 2, 3, 4]), (4, vec![5, 6])] {
            assert_eq!(page(&ahead, after, 4).await, wanted);
        }
        given.asked();
        for _ in 0..2 {
            assert_eq!(page(&ahead, 6, 4).await, [0_u64; 0]);
            assert_eq!(given.asked(), [(6, 4)]);
        }
    }
}
