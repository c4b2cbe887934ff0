//! Whatever is asked in whatever order: rights grow only within those of who asks, and the end is the end.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{ids::WorkspaceId, seal::Sealed};

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("an instant")
}

fn some_of<T: Clone + Ord + std::fmt::Debug + 'static, const N: usize>(
    all: &[T; N],
) -> impl Strategy<Value = BTreeSet<T>> + use<T, N> {
    proptest::sample::subsequence(all.to_vec(), 0..=N).prop_map(|some| some.into_iter().collect())
}

prop_compose! {
    fn grants()(
        scopes in some_of(&["*", "posts:read", "posts:write", "keys:write"]),
        mode in prop_oneof![Just(KeyMode::Live), Just(KeyMode::Test)],
        expires in proptest::option::of(0_i64..40),
        rate in proptest::option::of((1_u32..4, 1_u32..4)),
        accounts in some_of(&[1_u128, 2, 3]),
        origins in some_of(&["https://a.example".to_owned(), "https://b.example".to_owned()]),
        networks in some_of(&["10.0.0.0/8", "10.1.0.0/16", "::/0"]),
    ) -> Grant {
        Grant {
            scopes: Scopes::read(scopes).expect("scopes"),
            mode,
            expires_at: expires.map(at),
            rate_limit: rate.map(|(per_minute, per_day)| RateLimit { per_minute, per_day }),
            allowed_accounts: accounts.into_iter().map(|it| Uuid::from_u128(it).into()).collect(),
            allowed_origins: origins,
            allowed_ips: networks.into_iter().map(|it| it.parse().expect("a network")).collect(),
        }
    }
}

#[derive(Debug, Clone)]
enum Asked {
    Change(Box<Grant>, Box<Grant>),
    Rotate(Box<Grant>, i64),
    Note,
    NoteExpiry,
    Revoke,
}

fn asked() -> impl Strategy<Value = Asked> {
    prop_oneof![
        (grants(), grants()).prop_map(|(asked, by)| Asked::Change(Box::new(asked), Box::new(by))),
        (grants(), 0_i64..8).prop_map(|(by, overlap)| Asked::Rotate(Box::new(by), overlap)),
        Just(Asked::Note),
        Just(Asked::NoteExpiry),
        Just(Asked::Revoke),
    ]
}

/// What the engine does: the key's rights in the open, beside their sealed form.
fn open(key: &Key) -> Grant {
    let plain = |list: &[Sealed]| list.iter().map(|it| it.as_str().to_owned()).collect::<BTreeSet<_>>();
    Grant {
        scopes: key.scopes.clone(),
        mode: key.mode,
        expires_at: key.expires_at,
        rate_limit: key.rate_limit,
        allowed_accounts: key.allowed_accounts.clone(),
        allowed_origins: plain(&key.allowed_origins),
        allowed_ips: plain(&key.allowed_ips).iter().map(|it| it.parse().expect("a network")).collect(),
    }
}

fn sealed<T: ToString>(all: &BTreeSet<T>) -> Vec<Sealed> {
    all.iter().map(|it| Sealed::from_stored(it.to_string())).collect()
}

fn stored(grant: &Grant) -> Addresses {
    Addresses { origins: sealed(&grant.allowed_origins), ips: sealed(&grant.allowed_ips) }
}

/// The bounds that a step may not have touched: those that are replaced whole stand as they were.
fn check_step(event: &KeyEvent, then: &Grant, is: &Grant) -> Result<(), TestCaseError> {
    match event {
        KeyEvent::Narrowed(narrowed) => {
            prop_assert_eq!(is.exceeds(then), None, "narrowed, it may do more");
            prop_assert!(then != is || !narrowed.replaced.is_empty(), "narrowed by nothing");
        }
        KeyEvent::Widened(_) => {
            prop_assert_ne!(then, is, "widened by nothing");
            prop_assert!(is.exceeds(then).is_some(), "widened, it may do no more: {then:?} became {is:?}");
        }
        _ => {}
    }
    Ok(())
}

fn action(key: &Key, asked: Asked) -> KeyAction {
    let (revision, before) = (key.revision, open(key));
    match asked {
        Asked::Change(asked, by) => {
            let asked = Grant { mode: key.mode, ..*asked };
            KeyAction::Change(Box::new(ChangeKey::new(revision, before, asked, *by, stored)))
        }
        Asked::Rotate(by, overlap) => KeyAction::Rotate(Box::new(RotateKey {
            revision,
            grant: before,
            by: *by,
            successor: Uuid::from_u128(77).into(),
            overlap: Duration::seconds(overlap),
        })),
        Asked::Note => KeyAction::NoteOldSecret,
        Asked::NoteExpiry => KeyAction::NoteExpiry,
        Asked::Revoke => KeyAction::Revoke,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rights_stay_within_rights_and_the_end_is_the_end(
        first in grants(), maker in grants(), later in proptest::collection::vec((asked(), 0_i64..6), 0..12),
    ) {
        let (mut key, mut now) = (Key::default(), 0);
        let made = NewKey {
            maker: maker.clone(),
            allowed_origins: sealed(&first.allowed_origins),
            allowed_ips: sealed(&first.allowed_ips),
            ..NewKey::new(WorkspaceId::from(Uuid::from_u128(1)), Sealed::from_stored("n"), "sk_live_0", first)
        };
        let create = KeyCommand { now: at(0), action: KeyAction::Create(Box::new(made)) };
        for event in key.decide(create).unwrap_or_default() {
            key.fold(event);
        }
        if key.exists {
            prop_assert_eq!(open(&key).exceeds(&maker), None);
        }
        let (mut rotations, mut notes) = (0, 0);
        for (asked, pause) in later {
            now += pause;
            let before = key.clone();
            let by = match &asked {
                Asked::Change(_, by) | Asked::Rotate(by, _) => Some((**by).clone()),
                Asked::Note | Asked::NoteExpiry | Asked::Revoke => None,
            };
            let wanted = match &asked {
                Asked::Change(wanted, _) => Some(Grant { mode: key.mode, ..(**wanted).clone() }),
                _ => None,
            };
            let Ok(events) = key.decide(KeyCommand { now: at(now), action: action(&key, asked) }) else { continue };
            let mut expired = 0;
            for event in events {
                rotations += usize::from(matches!(event, KeyEvent::Rotated(_)));
                notes += usize::from(matches!(event, KeyEvent::OldSecretUsed(_)));
                expired += usize::from(matches!(event, KeyEvent::Expired(_)));
                let then = open(&key);
                key.fold(event.clone());
                check_step(&event, &then, &open(&key))?;
                if let (KeyEvent::Narrowed(narrowed), Some(wanted)) = (&event, &wanted)
                    && narrowed.replaced.is_empty()
                {
                    prop_assert_eq!(open(&key).exceeds(wanted), None, "narrowed, something is left to take away");
                }
            }
            if before.successor.is_some() {
                prop_assert!(key.expires_at.is_some_and(|at| Some(at) <= before.expires_at), "its overlap stays an overlap");
            }
            if let Some(wanted) = wanted {
                prop_assert_eq!(open(&key), wanted, "the two steps lead there");
            }
            if expired > 0 {
                prop_assert!(!before.expiry_noted && before.status(at(now)) == KeyStatus::Expired, "noted once, and then");
                prop_assert_eq!(open(&before), open(&key), "an end that is on record changes no right");
            }
            let (then, is) = (open(&before), open(&key));
            let widened = is.exceeds(&then).is_some();
            prop_assert!(!widened || by.is_some_and(|by| is.exceeds(&by).is_none()), "{before:?} became {key:?}");
            if before.revoked_at.is_some() {
                prop_assert_eq!(&before, &key, "nothing follows a revocation");
            }
        }
        prop_assert!(rotations <= 1 && notes <= rotations);
    }
}
