//! Given what happened, when this is asked, then that follows.

use chrono::{DateTime, Duration, Utc};
use cqrs_es::test::TestFramework;
use uuid::Uuid;

use super::*;
use crate::{ids::WorkspaceId, seal::Sealed};

fn noon() -> DateTime<Utc> {
    "2026-03-01T12:00:00Z".parse().expect("an instant")
}

fn scopes(list: &[Scope]) -> Scopes {
    Scopes::read(list.iter().map(|scope| scope.as_str())).expect("their own names")
}

fn grant(scopes: Scopes, expires_at: Option<DateTime<Utc>>) -> Grant {
    let rate_limit = Some(RateLimit { per_minute: 60, per_day: 5000 });
    Grant { scopes, expires_at, rate_limit, ..Grant::everything() }
}

fn create(scopes: Scopes, maker: Scopes, expires_at: Option<DateTime<Utc>>) -> KeyAction {
    let (workspace, name) = (WorkspaceId::from(Uuid::from_u128(1)), Sealed::from_stored("s1.bmFtZQ"));
    let maker = Grant { scopes: maker, ..Grant::everything() };
    KeyAction::Create(Box::new(NewKey {
        maker,
        ..NewKey::new(workspace, name, "sk_live_2b", grant(scopes, expires_at))
    }))
}

fn created(scopes: Scopes, expires_at: Option<DateTime<Utc>>) -> KeyEvent {
    KeyEvent::Created(KeyCreated {
        workspace_id: WorkspaceId::from(Uuid::from_u128(1)),
        name: Sealed::from_stored("s1.bmFtZQ"),
        description: None,
        prefix: "sk_live_2b".to_owned(),
        scopes,
        mode: KeyMode::Live,
        expires_at,
        rate_limit: Some(RateLimit { per_minute: 60, per_day: 5000 }),
        allowed_accounts: [].into(),
        allowed_origins: Vec::new(),
        allowed_ips: Vec::new(),
        predecessor: None,
        at: noon(),
    })
}

fn revoked() -> KeyEvent {
    KeyEvent::Revoked(KeyRevoked { at: noon() })
}

fn successor() -> crate::ids::KeyId {
    Uuid::from_u128(9).into()
}

fn rotate(revision: u32, grant: Grant, by: Grant, overlap: Duration) -> KeyAction {
    KeyAction::Rotate(Box::new(RotateKey { revision, grant, by, successor: successor(), overlap }))
}

fn rotated(valid_until: DateTime<Utc>) -> KeyEvent {
    KeyEvent::Rotated(KeyRotated { successor: successor(), valid_until, at: noon() })
}

async fn decided(before: Vec<KeyEvent>, now: DateTime<Utc>, action: KeyAction) -> Result<Vec<KeyEvent>, KeyError> {
    TestFramework::<Key>::with(()).given(before).when_async(KeyCommand { now, action }).await.inspect_result()
}

#[tokio::test]
async fn a_key_is_made_within_its_maker_s_scopes_and_revoked_for_ever() {
    let read = || scopes(&[Scope::PostsRead]);
    let both = || scopes(&[Scope::PostsRead, Scope::PostsWrite]);
    let second = Duration::seconds(1);
    let beyond = KeyError::Beyond(Excess::Scope(Some(Scope::PostsWrite)));
    let cases = [
        (vec![], create(read(), both(), None), Ok(vec![created(read(), None)])),
        (vec![], create(both(), both(), None), Ok(vec![created(both(), None)])),
        (vec![], create(both(), read(), None), Err(beyond)),
        (vec![], create(scopes(&[]), both(), None), Err(KeyError::NoScopes)),
        (vec![], create(read(), both(), Some(noon())), Err(KeyError::ExpiryInThePast)),
        (vec![], create(read(), both(), Some(noon() + second)), Ok(vec![created(read(), Some(noon() + second))])),
        (vec![created(read(), None)], create(read(), both(), None), Err(KeyError::Exists)),
        (vec![created(read(), None), revoked()], create(read(), both(), None), Err(KeyError::Exists)),
        (vec![], KeyAction::Revoke, Err(KeyError::NotFound)),
        (vec![created(read(), None)], KeyAction::Revoke, Ok(vec![revoked()])),
        (vec![created(read(), None), revoked()], KeyAction::Revoke, Ok(vec![])),
    ];
    for (before, action, expected) in cases {
        let case = format!("given {before:?}, when {action:?}");
        assert_eq!(decided(before, noon(), action).await, expected, "{case}");
    }
}

#[tokio::test]
async fn a_key_is_rotated_once_and_by_who_may_do_as_much() {
    let both = || scopes(&[Scope::PostsRead, Scope::PostsWrite]);
    let all = Grant::everything;
    let made = || vec![created(both(), None)];
    let day = Duration::days(1);
    let by_read = Grant { scopes: scopes(&[Scope::PostsRead, Scope::KeysWrite]), ..all() };
    let own = || grant(both(), None);
    let soon = noon() + Duration::hours(1);
    let cases = [
        (vec![], rotate(0, own(), all(), day), Err(KeyError::NotFound)),
        (made(), rotate(1, own(), all(), day), Ok(vec![rotated(noon() + day)])),
        (made(), rotate(1, own(), all(), Duration::zero()), Ok(vec![rotated(noon()), revoked()])),
        (made(), rotate(2, own(), all(), day), Err(KeyError::Moved(1))),
        (made(), rotate(1, own(), by_read, day), Err(KeyError::Beyond(Excess::Scope(Some(Scope::PostsWrite))))),
        (vec![created(both(), Some(soon))], rotate(1, own(), all(), day), Ok(vec![rotated(soon)])),
        (
            vec![created(both(), Some(noon()))],
            rotate(1, own(), all(), day),
            Err(KeyError::Over { status: KeyStatus::Expired, verb: "rotated" }),
        ),
        (
            vec![created(both(), None), revoked()],
            rotate(2, own(), all(), day),
            Err(KeyError::Over { status: KeyStatus::Revoked, verb: "rotated" }),
        ),
        (vec![created(both(), None), rotated(noon() + day)], rotate(2, own(), all(), day), Err(KeyError::Rotated)),
    ];
    for (before, action, expected) in cases {
        let case = format!("given {before:?}, when {action:?}");
        assert_eq!(decided(before, noon(), action).await, expected, "{case}");
    }
}

#[tokio::test]
async fn the_use_of_an_old_secret_near_its_end_is_noted_once() {
    let until = noon() + Duration::hours(4);
    let noted = |at| KeyEvent::OldSecretUsed(KeyOldSecretUsed { successor: successor(), valid_until: until, at });
    let made = || created(scopes(&[Scope::PostsRead]), None);
    let (early, late) = (noon() + Duration::minutes(179), noon() + Duration::hours(3));
    for (before, now, expected) in [
        (vec![made()], late, vec![]),
        (vec![made(), rotated(until)], early, vec![]),
        (vec![made(), rotated(until)], late, vec![noted(late)]),
        (vec![made(), rotated(until), noted(late)], late, vec![]),
        (vec![made(), rotated(until)], until, vec![]),
        (vec![made(), rotated(until), revoked()], late, vec![]),
    ] {
        let case = format!("{before:?} at {now}");
        assert_eq!(decided(before, now, KeyAction::NoteOldSecret).await, Ok(expected), "{case}");
    }
}

fn narrowed(bounds: KeyBounds, replaced: &[ListedBound]) -> KeyEvent {
    KeyEvent::Narrowed(KeyNarrowed { bounds, replaced: replaced.to_vec(), at: noon() })
}

fn widened(bounds: KeyBounds) -> KeyEvent {
    KeyEvent::Widened(KeyWidened { bounds, at: noon() })
}

fn bound_to(scopes: Scopes) -> KeyBounds {
    KeyBounds { scopes: Some(scopes), ..KeyBounds::default() }
}

#[tokio::test]
async fn a_key_is_narrowed_by_anybody_and_widened_within_the_rights_of_who_asks() {
    let (read, write) = (|| scopes(&[Scope::PostsRead]), || scopes(&[Scope::PostsRead, Scope::PostsWrite]));
    let change = |revision, from: Scopes, to: Scopes, by: Scopes| {
        let (before, asked) = (grant(from, None), grant(to, None));
        let by = Grant { scopes: by, ..Grant::everything() };
        KeyAction::Change(Box::new(ChangeKey::new(revision, before, asked, by, |_| Addresses::default())))
    };
    let keys = || scopes(&[Scope::KeysWrite]);
    let beyond = Err(KeyError::Beyond(Excess::Scope(Some(Scope::PostsRead))));
    let other = || scopes(&[Scope::PostsRead, Scope::MediaUpload]);
    let cases = [
        (vec![created(write(), None)], change(1, write(), write(), keys()), Ok(vec![])),
        (vec![created(write(), None)], change(1, write(), read(), keys()), Ok(vec![narrowed(bound_to(read()), &[])])),
        (vec![created(read(), None)], change(1, read(), write(), write()), Ok(vec![widened(bound_to(write()))])),
        (
            vec![created(write(), None)],
            change(1, write(), other(), Scopes::all()),
            Ok(vec![narrowed(bound_to(read()), &[]), widened(bound_to(other()))]),
        ),
        (vec![created(read(), None)], change(1, read(), write(), keys()), beyond),
        (vec![created(read(), None)], change(1, read(), scopes(&[]), Scopes::all()), Err(KeyError::NoScopes)),
        (vec![created(read(), None)], change(3, read(), write(), write()), Err(KeyError::Moved(1))),
        (
            vec![created(write(), None), revoked()],
            change(2, write(), read(), Scopes::all()),
            Err(KeyError::Over { status: KeyStatus::Revoked, verb: "changed" }),
        ),
    ];
    for (before, action, expected) in cases {
        let case = format!("given {before:?}, when {action:?}");
        assert_eq!(decided(before, noon(), action).await, expected, "{case}");
    }
}

#[tokio::test]
async fn each_kind_of_change_is_an_event_of_its_own() {
    let account = |number| Uuid::from_u128(number).into();
    let later = noon() + Duration::days(1);
    let before = grant(scopes(&[Scope::PostsRead]), None);
    let bound = Grant { allowed_accounts: [account(1)].into(), ..before.clone() };
    let (name, description) = (Some(Sealed::from_stored("n")), Some(None));
    let asked = Grant {
        expires_at: Some(later),
        rate_limit: Some(RateLimit { per_minute: 30, per_day: 6000 }),
        allowed_accounts: [account(2)].into(),
        ..before
    };
    let stored = |_: &Grant| Addresses::default();
    let change = ChangeKey::new(1, bound, asked, Grant::everything(), stored);
    let change = ChangeKey { name: name.clone(), description: description.clone(), ..change };
    let made = created(scopes(&[Scope::PostsRead]), None);
    let limit = |per_minute, per_day| Some(Some(RateLimit { per_minute, per_day }));
    let less = KeyBounds { expires_at: Some(Some(later)), rate_limit: limit(30, 5000), ..KeyBounds::default() };
    let more =
        KeyBounds { rate_limit: limit(30, 6000), allowed_accounts: Some([account(2)].into()), ..KeyBounds::default() };
    let expected = vec![
        KeyEvent::Renamed(KeyRenamed { name, description, at: noon() }),
        narrowed(less, &[ListedBound::AllowedAccounts]),
        widened(more),
    ];
    assert_eq!(decided(vec![made], noon(), KeyAction::Change(Box::new(change))).await, Ok(expected));
}

#[tokio::test]
async fn an_end_is_put_on_record_once_and_another_end_once_more() {
    let (until, anew) = (noon() + Duration::hours(1), noon() + Duration::hours(3));
    let just_before = until - Duration::microseconds(1);
    let made = || created(scopes(&[Scope::PostsRead]), Some(until));
    let noted = |expired_at, at| KeyEvent::Expired(KeyExpired { expired_at, at });
    let longer = || widened(KeyBounds { expires_at: Some(Some(anew)), ..KeyBounds::default() });
    for (before, now, expected) in [
        (vec![created(scopes(&[Scope::PostsRead]), None)], anew, vec![]),
        (vec![made()], just_before, vec![]),
        (vec![made()], until, vec![noted(until, until)]),
        (vec![made(), noted(until, until)], anew, vec![]),
        (vec![made(), noted(until, until), longer()], until, vec![]),
        (vec![made(), noted(until, until), longer()], anew, vec![noted(anew, anew)]),
        (
            vec![made(), rotated(noon() + Duration::minutes(1))],
            until,
            vec![noted(noon() + Duration::minutes(1), until)],
        ),
        (vec![made(), revoked()], anew, vec![]),
    ] {
        let case = format!("{before:?} at {now}");
        assert_eq!(decided(before, now, KeyAction::NoteExpiry).await, Ok(expected), "{case}");
    }
    assert_eq!(decided(vec![], noon(), KeyAction::NoteExpiry).await, Err(KeyError::NotFound));
}

#[test]
fn a_key_opens_until_it_expires_or_is_revoked() {
    let expires = noon() + Duration::hours(1);
    let mut key = Key::default();
    key.fold(created(scopes(&[Scope::PostsRead]), Some(expires)));
    let just_before = expires - Duration::microseconds(1);
    assert_eq!(key.status(just_before), KeyStatus::Active);
    assert_eq!(key.status(expires), KeyStatus::Expired);
    key.fold(revoked());
    assert_eq!(key.status(just_before), KeyStatus::Revoked);
    assert_eq!(key.revision, 2);
}
