//! Chance, owned in one place: everything else takes bytes or ids as parameters.

use chrono::{DateTime, Utc};
use uuid::Uuid;

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

/// A fresh UUIDv7: ordered by `now` to the millisecond, random after that.
pub fn uuid_at(now: DateTime<Utc>) -> Uuid {
    let millis = u64::try_from(now.timestamp_millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &bytes::<10>()).into_uuid()
}

/// A number in `0.0..1.0`, for jitter.
pub fn unit() -> f64 {
    f64::from(u32::from_le_bytes(bytes::<4>())) / (f64::from(u32::MAX) + 1.0)
}
