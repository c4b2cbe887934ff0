//! An account: the end is the end, its remote name is claimed once and given back once, a rest is never cut short.

use campanile_events::{
    account::{
        Account, AccountAction, AccountCommand, AccountConnected, AccountDisconnected, AccountEvent,
        AccountLimitsObserved, AccountNeedsReconnect, AccountRateLimited, AccountReconnected, AccountStatus, Offer,
    },
    journal::ClaimAction,
    post::{Delivery, MediaRules, Rules, TextCount},
    seal::Sealed,
    stored::StoredEvent,
};
use chrono::{DateTime, Utc};
use proptest::{option, prelude::*, sample::select};

use crate::machine::{apply_in_turn, ask_in_turn, reread};

fn moments() -> impl Strategy<Value = DateTime<Utc>> {
    (0..40_i64).prop_map(|seconds| DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("an instant"))
}

fn offers() -> impl Strategy<Value = Offer> {
    let deliveries = select(vec![Delivery::Blind, Delivery::Searchable]);
    (deliveries, 1..3_u32).prop_map(|(delivery, max_text)| {
        let rules = Rules {
            max_text,
            max_bytes: None,
            count: TextCount::default(),
            max_parts: 1,
            first_comment: false,
            max_media: 0,
            media: MediaRules::default(),
        };
        Offer { rules, delivery }
    })
}

fn sealed() -> impl Strategy<Value = Sealed> {
    "[a-z]{1,3}".prop_map(Sealed::from_stored)
}

fn commands() -> impl Strategy<Value = AccountCommand> {
    let connect =
        ("[ab]", sealed(), option::of(sealed()), offers()).prop_map(|(index, handle, display_name, offer)| {
            AccountAction::Connect {
                platform: "p".to_owned(),
                server: "s".to_owned(),
                remote_id: Sealed::from_stored(index.clone()),
                remote_index: index,
                handle,
                display_name,
                offer,
            }
        });
    let actions = prop_oneof![
        4 => connect,
        2 => offers().prop_map(|offer| AccountAction::ObserveLimits { offer }),
        2 => moments().prop_map(|until| AccountAction::RateLimit { until }),
        2 => "[a-z]{1,3}".prop_map(|code| AccountAction::NeedReconnect { code }),
        1 => Just(AccountAction::Disconnect),
    ];
    (moments(), actions).prop_map(|(now, action)| AccountCommand { now, action })
}

fn events() -> impl Strategy<Value = AccountEvent> {
    let words = ("[a-z]{0,3}", sealed(), option::of(sealed()), offers(), moments(), moments());
    (0..6_u8, words).prop_map(|(which, (word, handle, display_name, offer, until, at))| match which {
        0 => AccountEvent::Connected(AccountConnected {
            platform: word.clone(),
            server: word.clone(),
            remote_id: Sealed::from_stored(word.clone()),
            remote_index: word,
            handle,
            display_name,
            offer,
            at,
        }),
        1 => {
            let server = Some(word).filter(|word| !word.is_empty());
            AccountEvent::Reconnected(AccountReconnected { server, handle, display_name, offer, at })
        }
        2 => AccountEvent::LimitsObserved(AccountLimitsObserved { offer, at }),
        3 => AccountEvent::RateLimited(AccountRateLimited { until, at }),
        4 => AccountEvent::NeedsReconnect(AccountNeedsReconnect { code: word, at }),
        _ => AccountEvent::Disconnected(AccountDisconnected { remote_index: word, at }),
    })
}

/// How many claims on a remote name events take, less those that they give back.
fn claimed(events: &[AccountEvent]) -> i32 {
    let claims = events.iter().flat_map(StoredEvent::claims);
    claims.map(|claim| if claim.action == ClaimAction::Take { 1 } else { -1 }).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_asked_the_end_is_the_end_and_names_are_held_once(
        commands in proptest::collection::vec(commands(), 0..40),
    ) {
        let held = |account: &Account| {
            i32::from(matches!(account.status, AccountStatus::Connected | AccountStatus::NeedsReconnect))
        };
        ask_in_turn::<Account>(commands, &(), |before, after, command, events| {
            prop_assert_eq!(held(before) + claimed(events), held(after), "a name is held while it is connected");
            if before.status == AccountStatus::Disconnected {
                prop_assert_eq!(before, after, "nothing follows a disconnection");
            }
            if before.status != AccountStatus::Absent {
                prop_assert_eq!(&before.remote_index, &after.remote_index, "it stays the same account");
            }
            let is_anew = matches!(command.action, AccountAction::Connect { .. });
            prop_assert!(is_anew || before.rate_limited_until <= after.rate_limited_until, "a rest was cut short");
            prop_assert_eq!(after.revision as usize, before.revision as usize + events.len());
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
        apply_in_turn::<Account>(history, |account| assert!(!account.status.as_str().is_empty()))?;
    }
}
