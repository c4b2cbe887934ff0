//! The key of a record: a timestamp id, as the lexicon asks for.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

/// The digits of base 32 in the order of their character codes, so that keys sort by time.
const DIGITS: &[u8; 32] = b"234567abcdefghijklmnopqrstuvwxyz";
const LENGTH: u32 = 13;
const CLOCK_BITS: u32 = 10;

/// The key of what was first intended at that moment under that marker: 53 bits of microseconds, then ten of the marker's
/// hash in place of a clock's number.
pub(super) fn key(intended_at: DateTime<Utc>, marker: &str) -> String {
    let hash = Sha256::digest(marker.as_bytes());
    let clock = u64::from(u16::from_be_bytes([hash[0], hash[1]])) & ((1 << CLOCK_BITS) - 1);
    let micros = u64::try_from(intended_at.timestamp_micros()).unwrap_or_default() & ((1 << 53) - 1);
    let id = micros << CLOCK_BITS | clock;
    (0..LENGTH).rev().map(|place| char::from(DIGITS[(id >> (5 * place)) as usize & 31])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn keys_are_timestamp_ids_that_sort_by_time() {
        let earlier = key(at("2026-12-01T09:00:00.000001Z"), "a");
        let later = key(at("2026-12-01T09:00:00.000002Z"), "a");
        assert_eq!(earlier, key(at("2026-12-01T09:00:00.000001Z"), "a"), "a repeat has the same key");
        assert_eq!(earlier, key(at("2026-12-01T09:00:00.0000019Z"), "a"), "less than a microsecond is not kept");
        assert!(earlier < later);
        assert_ne!(earlier, key(at("2026-12-01T09:00:00.000001Z"), "b"));
        for key in [earlier, later, key(at("1970-01-01T00:00:00Z"), "a"), key(at("2255-01-01T00:00:00Z"), "a")] {
            assert_eq!(key.len(), 13);
            assert!(key.bytes().all(|digit| DIGITS.contains(&digit)), "{key}");
            assert!(b"234567abcdefghij".contains(&key.as_bytes()[0]), "{key}: the highest bit is 0");
        }
    }

    #[test]
    fn a_key_tells_its_time() {
        let time = at("2026-12-01T09:00:00.123456Z");
        let value = |key: &str| {
            let digit = |digit| DIGITS.iter().position(|it| *it == digit).unwrap() as i64;
            key.bytes().fold(0, |value: i64, next| value << 5 | digit(next))
        };
        assert_eq!(value(&key(time, "a")) >> 10, time.timestamp_micros());
    }
}
