//! Chance, owned in one place: everything else takes bytes or ids as parameters.

use std::cell::RefCell;

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// How much chance an id takes.
const ID: usize = 10;
/// How many ids the system is asked for at once: each question costs more than the id.
const IDS: usize = 64;

/// Fills an array with bytes from the operating system's generator.
///
/// # Panics
/// If the operating system has no randomness to give; nothing can be sealed or named without it.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut out = [0; N];
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks for chance")]
    let filled = getrandom::fill(&mut out);
    filled.expect("the operating system gives random bytes");
    out
}

/// A fresh UUIDv7: ordered by `now` to the millisecond, random after that. It names something and is no secret.
///
/// # Panics
/// As [`bytes`].
pub fn uuid_at(now: DateTime<Utc>) -> Uuid {
    let millis = u64::try_from(now.timestamp_millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &for_an_id()).into_uuid()
}

fn for_an_id() -> [u8; ID] {
    thread_local! {
        static IN_STORE: RefCell<Vec<[u8; ID]>> = const { RefCell::new(Vec::new()) };
    }
    IN_STORE.with_borrow_mut(|store| {
        if store.is_empty() {
            store.extend_from_slice(bytes::<{ ID * IDS }>().as_chunks().0);
        }
        store.pop().expect("it was just filled")
    })
}

/// A number in `0.0..1.0`, for jitter.
pub fn unit() -> f64 {
    f64::from(u32::from_le_bytes(bytes::<4>())) / (f64::from(u32::MAX) + 1.0)
}

/// One of these, each as likely; `None` of none.
pub fn one_of<T>(all: &[T]) -> Option<&T> {
    all.get((unit() * all.len() as f64) as usize)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// More than are kept in store, of one instant, in several threads.
    #[test]
    fn no_two_ids_share_their_chance() {
        let made = || (0..10 * IDS).map(|_| uuid_at(DateTime::UNIX_EPOCH)).collect::<Vec<_>>();
        let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(made)).collect();
        let all: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 4 * 10 * IDS);
        for id in all {
            assert_eq!((id.get_version_num(), id.get_variant()), (7, uuid::Variant::RFC4122));
            assert_eq!(id.get_timestamp().map(|at| at.to_unix()), Some((0, 0)));
        }
    }
}
