//! How many requests are taken from one address that nobody answers for: without a key, or with one that opens nothing.
//!
//! Counted in the memory of each process: it keeps guessers and floods from the database, and is no bill. Who is on the
//! machine itself is not counted, nor who asks with a key that holds.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, Utc};

use super::{LimitSettings, Window, Windows};

/// So many addresses are told apart in a minute; all others count as one.
const MOST: usize = 100_000;

/// The requests of this minute.
#[derive(Debug)]
pub struct Strangers {
    most: u32,
    windows: Windows,
    minute: Mutex<Minute>,
}

#[derive(Debug, Default)]
struct Minute {
    began: DateTime<Utc>,
    by_house: HashMap<[u8; 16], u32>,
    others: u32,
}

impl Strangers {
    /// None has come yet.
    pub fn new(settings: LimitSettings) -> Self {
        let LimitSettings { unauthenticated_per_minute: most, windows, .. } = settings;
        Self { most, windows, minute: Mutex::default() }
    }

    /// Counts a request from there.
    ///
    /// # Errors
    /// When it may come again, if there were too many.
    pub fn count(&self, address: Option<IpAddr>, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        let Some(house) = address.and_then(house) else { return Ok(()) };
        let mut minute = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
        let began = self.windows.began(Window::Minute, now);
        if minute.began < began {
            *minute = Minute { began, ..Minute::default() };
        }
        let is_full = minute.by_house.len() >= MOST && !minute.by_house.contains_key(&house);
        let Minute { by_house, others, .. } = &mut *minute;
        let count = if is_full { others } else { by_house.entry(house).or_default() };
        if *count >= self.most {
            return Err(self.windows.ends(Window::Minute, now));
        }
        *count += 1;
        Ok(())
    }
}

/// What one line to the world is given: of IPv6 addresses a whole network. Nothing for the machine's own.
fn house(address: IpAddr) -> Option<[u8; 16]> {
    let address = address.to_canonical();
    let mut house = match address {
        _ if address.is_loopback() => return None,
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    };
    if address.is_ipv6() {
        house[8..].fill(0);
    }
    Some(house)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_number_of_requests_and_no_more() {
        let strangers = Strangers::new(LimitSettings { unauthenticated_per_minute: 3, ..LimitSettings::default() });
        let now: DateTime<Utc> = "2026-12-01T09:00:30Z".parse().expect("a time");
        let taken = |address: &str, now| {
            let address = address.parse().ok();
            (0..5).filter(|_| strangers.count(address, now).is_ok()).count()
        };
        assert_eq!(taken("203.0.113.7", now), 3);
        assert_eq!(taken("::ffff:203.0.113.7", now), 0, "the same address");
        assert_eq!((taken("203.0.113.8", now), taken("2001:db8::1", now)), (3, 3));
        assert_eq!(taken("2001:db8::ffff", now), 0, "the same network");
        assert_eq!((taken("127.0.0.1", now), taken("::1", now), taken("", now)), (5, 5, 5), "at the machine");
        let again = strangers.count("203.0.113.7".parse().ok(), now).expect_err("too many");
        assert_eq!(again, now + chrono::Duration::seconds(30));
        assert_eq!(taken("203.0.113.7", again), 3);
    }

    #[test]
    fn many_addresses_take_no_more_memory_than_is_set_apart() {
        let strangers = Strangers::new(LimitSettings { unauthenticated_per_minute: 2, ..LimitSettings::default() });
        let now: DateTime<Utc> = "2026-12-01T09:00:30Z".parse().expect("a time");
        let from = |number: usize| {
            let number = u32::try_from(number).expect("few") + (10 << 24);
            strangers.count(Some(IpAddr::V4(number.into())), now).is_ok()
        };
        let taken = (0..MOST + 10).filter(|number| from(*number)).count();
        assert_eq!(taken, MOST + 2, "those past it count as one");
        assert!(from(5) && !from(5), "those before it each for themselves");
    }
}
