//! What a key is allowed, all of it, in the open: what one key may hand on to another is decided by two of these.

use std::{collections::BTreeSet, fmt, net::IpAddr};

use chrono::{DateTime, Utc};
use ipnet::IpNet;

use super::{KeyMode, RateLimit, Scope, Scopes};
use crate::ids::AccountId;

/// What a key is allowed. An empty set of accounts, origins or networks sets no bound.
#[derive(Clone, PartialEq, Eq)]
pub struct Grant {
    /// What it may do.
    pub scopes: Scopes,
    /// Which accounts it may publish to.
    pub mode: KeyMode,
    /// From when it no longer holds; `None` for never.
    pub expires_at: Option<DateTime<Utc>>,
    /// How many requests it may make; `None` for any number.
    pub rate_limit: Option<RateLimit>,
    /// The accounts that it is bound to.
    pub allowed_accounts: BTreeSet<AccountId>,
    /// The origins that a browser may send it from, as browsers write them.
    pub allowed_origins: BTreeSet<String>,
    /// The networks that it may be sent from.
    pub allowed_ips: BTreeSet<IpNet>,
}

/// Addresses are personal: they never show.
impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant")
            .field("scopes", &self.scopes)
            .field("mode", &self.mode)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Where one grant goes beyond another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Excess {
    /// A scope; `None` for those to come.
    #[error("its scopes")]
    Scope(Option<Scope>),
    /// Live accounts.
    #[error("its mode")]
    Mode,
    /// A later end.
    #[error("its expiry")]
    Expiry,
    /// More requests.
    #[error("its rate limit")]
    RateLimit,
    /// Other accounts; `None` for all.
    #[error("its accounts")]
    Account(Option<AccountId>),
    /// Other origins.
    #[error("its origins")]
    Origin,
    /// Other networks.
    #[error("its networks")]
    Ip,
}

impl Grant {
    /// Everything, from everywhere, for ever: what an operator hands on.
    pub const fn everything() -> Self {
        Self {
            scopes: Scopes::all(),
            mode: KeyMode::Live,
            expires_at: None,
            rate_limit: None,
            allowed_accounts: BTreeSet::new(),
            allowed_origins: BTreeSet::new(),
            allowed_ips: BTreeSet::new(),
        }
    }

    /// The first place where this goes beyond `other`; `None` where all of it is within.
    pub fn exceeds(&self, other: &Self) -> Option<Excess> {
        if !other.scopes.includes(&self.scopes) {
            let lacking = Scope::ALL.iter().find(|it| self.scopes.allows(**it) && !other.scopes.allows(**it));
            return Some(Excess::Scope(lacking.copied()));
        }
        if self.mode == KeyMode::Live && other.mode == KeyMode::Test {
            return Some(Excess::Mode);
        }
        if is_later(self.expires_at, other.expires_at) {
            return Some(Excess::Expiry);
        }
        if other.rate_limit.is_some_and(|bound| !self.rate_limit.is_some_and(|asked| asked.is_within(bound))) {
            return Some(Excess::RateLimit);
        }
        if is_beyond(&self.allowed_accounts, &other.allowed_accounts, |one, all| all.contains(one)) {
            let foreign = self.allowed_accounts.difference(&other.allowed_accounts).next();
            return Some(Excess::Account(foreign.copied()));
        }
        if is_beyond(&self.allowed_origins, &other.allowed_origins, |one, all| all.contains(one)) {
            return Some(Excess::Origin);
        }
        let covered = |one: &IpNet, all: &BTreeSet<IpNet>| all.iter().any(|bound| bound.contains(one));
        is_beyond(&self.allowed_ips, &other.allowed_ips, covered).then_some(Excess::Ip)
    }

    /// Whether it may be sent from this address; who can't tell theirs comes from nowhere.
    pub fn allows_address(&self, address: Option<IpAddr>) -> bool {
        let within = |address: IpAddr| self.allowed_ips.iter().any(|network| network.contains(&address));
        self.allowed_ips.is_empty() || address.map(|address| address.to_canonical()).is_some_and(within)
    }

    /// Whether it may be sent from this origin; who says none comes from nowhere.
    pub fn allows_origin(&self, origin: Option<&str>) -> bool {
        self.allowed_origins.is_empty() || origin.is_some_and(|origin| self.allowed_origins.contains(origin))
    }

    /// Whether it may do something with this account.
    pub fn allows_account(&self, account: AccountId) -> bool {
        self.allowed_accounts.is_empty() || self.allowed_accounts.contains(&account)
    }
}

fn is_later(one: Option<DateTime<Utc>>, other: Option<DateTime<Utc>>) -> bool {
    other.is_some_and(|bound| one.is_none_or(|asked| asked > bound))
}

/// Whether a set, of which the empty one means everything, has more than another one.
pub(super) fn is_beyond<T>(
    asked: &BTreeSet<T>,
    bound: &BTreeSet<T>,
    covered: impl Fn(&T, &BTreeSet<T>) -> bool,
) -> bool {
    !bound.is_empty() && (asked.is_empty() || !asked.iter().all(|one| covered(one, bound)))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn bound() -> Grant {
        Grant {
            scopes: Scopes::read(["posts:read", "posts:write"]).expect("scopes"),
            mode: KeyMode::Test,
            expires_at: Some("2026-03-01T12:00:00Z".parse().expect("a time")),
            rate_limit: Some(RateLimit { per_minute: 10, per_day: 100 }),
            allowed_accounts: [Uuid::from_u128(1).into(), Uuid::from_u128(2).into()].into(),
            allowed_origins: ["https://a.example".to_owned()].into(),
            allowed_ips: ["203.0.113.0/24".parse().expect("v4"), "2001:db8::/32".parse().expect("v6")].into(),
        }
    }

    #[test]
    fn each_bound_is_one_that_can_not_be_passed() {
        let all = Grant::everything();
        assert_eq!(bound().exceeds(&all), None);
        assert_eq!(bound().exceeds(&bound()), None);
        let network = |text: &str| -> IpNet { text.parse().expect("a network") };
        let later = "2026-03-01T12:00:01Z".parse().expect("a time");
        let other = AccountId::from(Uuid::from_u128(3));
        let cases = [
            (Grant { scopes: Scopes::all(), ..bound() }, Excess::Scope(Some(Scope::PostsPublish))),
            (Grant { mode: KeyMode::Live, ..bound() }, Excess::Mode),
            (Grant { expires_at: None, ..bound() }, Excess::Expiry),
            (Grant { expires_at: Some(later), ..bound() }, Excess::Expiry),
            (Grant { rate_limit: None, ..bound() }, Excess::RateLimit),
            (Grant { rate_limit: Some(RateLimit { per_minute: 11, per_day: 100 }), ..bound() }, Excess::RateLimit),
            (Grant { rate_limit: Some(RateLimit { per_minute: 10, per_day: 101 }), ..bound() }, Excess::RateLimit),
            (Grant { allowed_accounts: BTreeSet::new(), ..bound() }, Excess::Account(None)),
            (Grant { allowed_accounts: [other].into(), ..bound() }, Excess::Account(Some(other))),
            (Grant { allowed_origins: BTreeSet::new(), ..bound() }, Excess::Origin),
            (Grant { allowed_origins: ["https://b.example".to_owned()].into(), ..bound() }, Excess::Origin),
            (Grant { allowed_ips: BTreeSet::new(), ..bound() }, Excess::Ip),
            (Grant { allowed_ips: [network("203.0.112.0/23")].into(), ..bound() }, Excess::Ip),
            (Grant { allowed_ips: [network("::/0")].into(), ..bound() }, Excess::Ip),
        ];
        for (asked, excess) in cases {
            assert_eq!(asked.exceeds(&bound()), Some(excess));
        }
        let less = Grant { allowed_ips: [network("203.0.113.7/32"), network("2001:db8:1::/48")].into(), ..bound() };
        assert_eq!(less.exceeds(&bound()), None);
        let named =
            Grant { scopes: Scopes::read(Scope::ALL.iter().map(|it| it.as_str())).expect("scopes"), ..all.clone() };
        assert_eq!(all.exceeds(&named), Some(Excess::Scope(None)), "those to come are more than all there are");
    }

    #[test]
    fn an_address_is_allowed_by_its_network_alone() {
        let address = |text: &str| Some(text.parse().expect("an address"));
        for (from, allowed) in [
            (address("203.0.113.7"), true),
            (address("::ffff:203.0.113.7"), true),
            (address("2001:db8::1"), true),
            (address("203.0.114.1"), false),
            (address("::1"), false),
            (None, false),
        ] {
            assert_eq!(bound().allows_address(from), allowed, "{from:?}");
            assert!(Grant::everything().allows_address(from));
        }
        for (origin, allowed) in [(Some("https://a.example"), true), (Some("https://b.example"), false), (None, false)]
        {
            assert_eq!(bound().allows_origin(origin), allowed, "{origin:?}");
            assert!(Grant::everything().allows_origin(origin));
        }
    }
}
