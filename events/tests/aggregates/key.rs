//! A key: revoked is revoked, it is followed once, and its end comes no later by being followed. How far rights may grow
//! stands in `events/src/key/properties.rs`.

use std::collections::BTreeSet;

use campanile_events::{
    ids::{KeyId, WorkspaceId},
    key::{
        Addresses, ChangeKey, Grant, Key, KeyAction, KeyBounds, KeyChanged, KeyChanges, KeyCommand, KeyCreated,
        KeyEvent, KeyExpired, KeyMode, KeyNarrowed, KeyOldSecretUsed, KeyRenamed, KeyRevoked, KeyRotated, KeyStatus,
        KeyWidened, ListedBound, NewKey, RateLimit, RotateKey, Scopes,
    },
    seal::Sealed,
};
use chrono::{DateTime, Duration, Utc};
use proptest::{option, prelude::*, sample::select};
use uuid::Uuid;

use crate::machine::{apply_in_turn, ask_in_turn, reread};

fn moments() -> impl Strategy<Value = DateTime<Utc>> {
    (0..40_i64).prop_map(|seconds| DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("an instant"))
}

fn keys() -> impl Strategy<Value = KeyId> {
    (1..4_u128).prop_map(|number| Uuid::from_u128(number).into())
}

fn scopes() -> impl Strategy<Value = Scopes> {
    let some = select(vec![&["*"][..], &["posts:read"], &["posts:read", "posts:write"]]);
    some.prop_map(|names| Scopes::read(names.iter().copied()).expect("scopes"))
}

fn changes() -> impl Strategy<Value = KeyChanges> {
    let sealed = || "[a-z]{1,3}".prop_map(Sealed::from_stored);
    let accounts = proptest::collection::btree_set((1..4_u128).prop_map(|it| Uuid::from_u128(it).into()), 0..3);
    let lists = || option::of(proptest::collection::vec(sealed(), 0..2));
    let rights = (option::of(scopes()), option::of(option::of(moments())), option::of(1..4_u32));
    (option::of(sealed()), option::of(option::of(sealed())), rights, option::of(accounts), lists(), lists()).prop_map(
        |(name, description, (scopes, expires_at, rate), allowed_accounts, allowed_origins, allowed_ips)| KeyChanges {
            name,
            description,
            scopes,
            expires_at,
            rate_limit: rate.map(|rate| RateLimit { per_minute: rate, per_day: rate }),
            allowed_accounts,
            allowed_origins,
            allowed_ips,
        },
    )
}

fn bounds(changes: KeyChanges) -> KeyBounds {
    let KeyChanges { scopes, expires_at, rate_limit, allowed_accounts, allowed_origins, allowed_ips, .. } = changes;
    let rate_limit = rate_limit.map(|it| Some(it).filter(|it| it.per_minute > 1));
    KeyBounds { scopes, expires_at, rate_limit, allowed_accounts, allowed_origins, allowed_ips }
}

/// By who may do everything; what it was read at may be right or wrong.
fn commands() -> impl Strategy<Value = KeyCommand> {
    let grant = || Grant::everything();
    let workspace = WorkspaceId::from(Uuid::from_u128(1));
    let create = option::of(moments()).prop_map(move |expires_at| {
        let grant = Grant { expires_at, ..Grant::everything() };
        KeyAction::Create(Box::new(NewKey::new(workspace, Sealed::from_stored("n"), "sk_live_0", grant)))
    });
    let change = (1..6_u32, changes()).prop_map(move |(revision, changes)| {
        let asked = Grant { expires_at: changes.expires_at.flatten(), ..grant() };
        let change = ChangeKey::new(revision, grant(), asked, grant(), |_| Addresses::default());
        KeyAction::Change(Box::new(ChangeKey { name: changes.name, description: changes.description, ..change }))
    });
    let rotate = (1..6_u32, keys(), -2..8_i64).prop_map(move |(revision, successor, overlap)| {
        let overlap = Duration::seconds(overlap);
        KeyAction::Rotate(Box::new(RotateKey { revision, grant: grant(), by: grant(), successor, overlap }))
    });
    let actions = prop_oneof![
        2 => create,
        4 => change,
        4 => rotate,
        2 => Just(KeyAction::NoteOldSecret),
        2 => Just(KeyAction::NoteExpiry),
        1 => Just(KeyAction::Revoke),
    ];
    (moments(), actions).prop_map(|(now, action)| KeyCommand { now, action })
}

fn events() -> impl Strategy<Value = KeyEvent> {
    (0..10_u8, changes(), scopes(), keys(), moments(), moments()).prop_map(
        |(which, changes, scopes, successor, valid_until, at)| match which {
            0 => KeyEvent::Created(KeyCreated {
                workspace_id: Uuid::from_u128(1).into(),
                name: changes.name.unwrap_or_default(),
                description: changes.description.flatten(),
                prefix: "sk_test_0".to_owned(),
                scopes,
                mode: KeyMode::Test,
                expires_at: changes.expires_at.flatten(),
                rate_limit: changes.rate_limit,
                allowed_accounts: changes.allowed_accounts.unwrap_or_else(BTreeSet::new),
                allowed_origins: changes.allowed_origins.unwrap_or_default(),
                allowed_ips: changes.allowed_ips.unwrap_or_default(),
                predecessor: Some(successor),
                at,
            }),
            1 => KeyEvent::Changed(KeyChanged { changes, at }),
            2 => KeyEvent::Renamed(KeyRenamed { name: changes.name, description: changes.description, at }),
            5 => {
                let replaced =
                    [ListedBound::AllowedIps].into_iter().filter(|_| changes.allowed_ips.is_some()).collect();
                KeyEvent::Narrowed(KeyNarrowed { bounds: bounds(changes), replaced, at })
            }
            6 => KeyEvent::Widened(KeyWidened { bounds: bounds(changes), at }),
            7 => KeyEvent::Expired(KeyExpired { expired_at: valid_until, at }),
            3 => KeyEvent::Rotated(KeyRotated { successor, valid_until, at }),
            4 => KeyEvent::OldSecretUsed(KeyOldSecretUsed { successor, valid_until, at }),
            _ => KeyEvent::Revoked(KeyRevoked { at }),
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_asked_revoked_is_revoked_and_a_key_is_followed_once(
        commands in proptest::collection::vec(commands(), 0..40),
    ) {
        ask_in_turn::<Key>(commands, &(), |before, after, command, events| {
            if before.revoked_at.is_some() {
                prop_assert_eq!(before, after, "nothing follows a revocation");
                prop_assert_eq!(after.status(command.now), KeyStatus::Revoked);
            }
            if before.successor.is_some() {
                prop_assert_eq!(before.successor, after.successor, "it is followed once");
            }
            let rotated = events.iter().any(|event| matches!(event, KeyEvent::Rotated(_)));
            if rotated {
                let end = after.expires_at.expect("it ends");
                prop_assert!(before.expires_at.is_none_or(|before| end <= before), "followed, it holds for longer");
                prop_assert_eq!(before.status(command.now), KeyStatus::Active);
            }
            let expired = events.iter().filter(|event| matches!(event, KeyEvent::Expired(_))).count();
            if expired > 0 {
                prop_assert_eq!((expired, events.len(), before.expiry_noted), (1, 1, false), "noted once");
                prop_assert_eq!(before.status(command.now), KeyStatus::Expired);
                prop_assert_eq!((after.expiry_due(), after.expires_at), (None, before.expires_at));
            }
            prop_assert_eq!(after.revision as usize, before.revision as usize + events.len());
            prop_assert!(!before.exists || before.workspace_id == after.workspace_id, "it opens another workspace");
            Ok(())
        })?;
    }

    #[test]
    fn any_history_folds_and_all_of_it_reads_as_it_is_written(
        history in proptest::collection::vec(events(), 0..40),
    ) {
        for event in &history {
            reread(event)?;
        }
        apply_in_turn::<Key>(history, |key| {
            let _ = key.status(key.created_at.unwrap_or_default());
        })?;
    }
}
