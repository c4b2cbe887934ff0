//! A change of rights in two steps: first what is taken away, then what is given. So each stands in the history by itself,
//! and between the two the key may do no more than before, nor more than after.

use std::collections::BTreeSet;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::{Grant, KeyBounds, grant::is_beyond};
use crate::seal::Sealed;

/// A bound of a key that is a list. An empty list sets none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListedBound {
    /// The accounts that it is bound to.
    AllowedAccounts,
    /// The origins that a browser may send it from.
    AllowedOrigins,
    /// The networks that it may be sent from.
    AllowedIps,
}

/// A grant's addresses as they are stored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Addresses {
    /// Its origins.
    pub origins: Vec<Sealed>,
    /// Its networks.
    pub ips: Vec<Sealed>,
}

/// What stands between a grant and the one that takes its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// What is left of the first one, before anything is given: beyond neither.
    pub grant: Grant,
    /// The lists of which nothing is left. They stand in `grant` as they were, since an empty list sets no bound.
    pub replaced: Vec<ListedBound>,
}

impl Grant {
    /// What is left of this where `asked` takes its place: the first of the two steps.
    pub fn left_within(&self, asked: &Self) -> Left {
        let mut replaced = Vec::new();
        let accounts = left_of(&self.allowed_accounts, &asked.allowed_accounts, narrower_id);
        let origins = left_of(&self.allowed_origins, &asked.allowed_origins, narrower_id);
        let ips = left_of(&self.allowed_ips, &asked.allowed_ips, narrower_network);
        let grant = Self {
            scopes: self.scopes.common(&asked.scopes),
            mode: self.mode,
            expires_at: self.expires_at.into_iter().chain(asked.expires_at).min(),
            rate_limit: match (self.rate_limit, asked.rate_limit) {
                (Some(own), Some(asked)) => Some(own.or_less(asked)),
                (own, asked) => own.or(asked),
            },
            allowed_accounts: stays(accounts, &self.allowed_accounts, ListedBound::AllowedAccounts, &mut replaced),
            allowed_origins: stays(origins, &self.allowed_origins, ListedBound::AllowedOrigins, &mut replaced),
            allowed_ips: stays(ips, &self.allowed_ips, ListedBound::AllowedIps, &mut replaced),
        };
        Left { grant, replaced }
    }
}

impl KeyBounds {
    /// What is another in `to` than in `from`; `stored` is how the addresses of `to` are kept.
    pub(super) fn between(from: &Grant, to: &Grant, stored: &Addresses) -> Self {
        Self {
            scopes: (from.scopes != to.scopes).then(|| to.scopes.clone()),
            expires_at: (from.expires_at != to.expires_at).then_some(to.expires_at),
            rate_limit: (from.rate_limit != to.rate_limit).then_some(to.rate_limit),
            allowed_accounts: (from.allowed_accounts != to.allowed_accounts).then(|| to.allowed_accounts.clone()),
            allowed_origins: (from.allowed_origins != to.allowed_origins).then(|| stored.origins.clone()),
            allowed_ips: (from.allowed_ips != to.allowed_ips).then(|| stored.ips.clone()),
        }
    }
}

/// The narrower of two entries, if one of them is within the other.
type Narrower<T> = fn(&T, &T) -> Option<T>;

fn narrower_id<T: Clone + PartialEq>(one: &T, other: &T) -> Option<T> {
    (one == other).then(|| one.clone())
}

fn narrower_network(one: &IpNet, other: &IpNet) -> Option<IpNet> {
    let within = |one: &IpNet, other: &IpNet| other.contains(one).then_some(*one);
    within(one, other).or_else(|| within(other, one))
}

/// What two lists have in common, where each may be beyond the other; `None` if that is nothing.
fn left_of<T: Clone + Ord>(own: &BTreeSet<T>, asked: &BTreeSet<T>, narrower: Narrower<T>) -> Option<BTreeSet<T>> {
    let covered = |one: &T, all: &BTreeSet<T>| all.iter().any(|bound| narrower(one, bound).as_ref() == Some(one));
    if !is_beyond(asked, own, covered) {
        return Some(asked.clone());
    }
    if !is_beyond(own, asked, covered) {
        return Some(own.clone());
    }
    let pairs = own.iter().flat_map(|one| asked.iter().filter_map(move |other| narrower(one, other)));
    Some(pairs.collect()).filter(|common: &BTreeSet<T>| !common.is_empty())
}

fn stays<T: Clone>(
    left: Option<BTreeSet<T>>,
    own: &BTreeSet<T>,
    bound: ListedBound,
    replaced: &mut Vec<ListedBound>,
) -> BTreeSet<T> {
    left.unwrap_or_else(|| {
        replaced.push(bound);
        own.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{RateLimit, Scopes};

    fn grant(scopes: &[&str], networks: &[&str], origins: &[&str], rate: (u32, u32)) -> Grant {
        Grant {
            scopes: Scopes::read(scopes.iter().copied()).expect("scopes"),
            rate_limit: Some(RateLimit { per_minute: rate.0, per_day: rate.1 }),
            allowed_ips: networks.iter().map(|it| it.parse().expect("a network")).collect(),
            allowed_origins: origins.iter().map(|it| (*it).to_owned()).collect(),
            ..Grant::everything()
        }
    }

    #[test]
    fn what_is_left_is_what_both_allow() {
        let (read, write, both) = (&["posts:read"][..], &["posts:write"][..], &["posts:read", "posts:write"][..]);
        let (a, b, ab) =
            (&["https://a.example"][..], &["https://b.example"][..], &["https://a.example", "https://b.example"][..]);
        let same = (1, 1);
        let cases = [
            (grant(both, &[], &[], same), grant(read, &[], &[], same), grant(read, &[], &[], same), vec![]),
            (grant(read, &[], &[], same), grant(write, &[], &[], same), grant(&[], &[], &[], same), vec![]),
            (grant(&["*"], &[], &[], same), grant(read, &[], &[], same), grant(read, &[], &[], same), vec![]),
            (grant(read, &[], &[], (1, 9)), grant(read, &[], &[], (5, 5)), grant(read, &[], &[], (1, 5)), vec![]),
            (grant(read, &[], ab, same), grant(read, &[], &[], same), grant(read, &[], ab, same), vec![]),
            (grant(read, &[], &[], same), grant(read, &[], ab, same), grant(read, &[], ab, same), vec![]),
            (
                grant(read, &[], a, same),
                grant(read, &[], b, same),
                grant(read, &[], a, same),
                vec![ListedBound::AllowedOrigins],
            ),
            (
                grant(read, &["10.0.0.0/8", "192.0.2.0/24"], &[], same),
                grant(read, &["10.1.0.0/16", "::/0"], &[], same),
                grant(read, &["10.1.0.0/16"], &[], same),
                vec![],
            ),
            (
                grant(read, &["10.0.0.0/8"], &[], same),
                grant(read, &["10.0.0.0/8", "10.1.0.0/16"], &[], same),
                grant(read, &["10.0.0.0/8", "10.1.0.0/16"], &[], same),
                vec![],
            ),
        ];
        for (own, asked, left, replaced) in cases {
            let found = own.left_within(&asked);
            assert_eq!(found.grant.allowed_ips, left.allowed_ips);
            assert_eq!(found, Left { grant: left, replaced });
        }
    }
}
