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

fn create(scopes: Scopes, maker: Scopes, expires_at: Option<DateTime<Utc>>) -> KeyAction {
    KeyAction::Create {
        workspace_id: WorkspaceId::from(Uuid::from_u128(1)),
        name: Sealed::from_stored("s1.bmFtZQ"),
        description: None,
        prefix: "cmp_live_2b".to_owned(),
        scopes,
        maker,
        mode: KeyMode::Live,
        expires_at,
        rate_limit: Some(RateLimit { per_minute: 60, per_day: 5000 }),
    }
}

fn created(scopes: Scopes, expires_at: Option<DateTime<Utc>>) -> KeyEvent {
    KeyEvent::Created(KeyCreated {
        workspace_id: WorkspaceId::from(Uuid::from_u128(1)),
        name: Sealed::from_stored("s1.bmFtZQ"),
        description: None,
        prefix: "cmp_live_2b".to_owned(),
        scopes,
        mode: KeyMode::Live,
        expires_at,
        rate_limit: Some(RateLimit { per_minute: 60, per_day: 5000 }),
        at: noon(),
    })
}

fn revoked() -> KeyEvent {
    KeyEvent::Revoked(KeyRevoked { at: noon() })
}

#[tokio::test]
async fn a_key_is_made_within_its_maker_s_scopes_and_revoked_for_ever() {
    let read = || scopes(&[Scope::PostsRead]);
    let both = || scopes(&[Scope::PostsRead, Scope::PostsWrite]);
    let second = Duration::seconds(1);
    let cases = [
        (vec![], create(read(), both(), None), Ok(vec![created(read(), None)])),
        (vec![], create(both(), both(), None), Ok(vec![created(both(), None)])),
        (vec![], create(both(), read(), None), Err(KeyError::BeyondMaker)),
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
        let command = KeyCommand { now: noon(), action };
        let then = TestFramework::<Key>::with(()).given(before).when_async(command).await.inspect_result();
        assert_eq!(then, expected, "{case}");
    }
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
