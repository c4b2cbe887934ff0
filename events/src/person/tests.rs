//! Given what happened, when this is asked, then that follows.

use chrono::{DateTime, Utc};
use cqrs_es::test::TestFramework;
use uuid::Uuid;

use super::*;
use crate::{
    ids::{OrganizationId, WorkspaceId},
    journal::Claim,
    seal::Sealed,
    stored::StoredEvent,
};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

const NOON: &str = "2026-03-01T12:00:00Z";

fn workspace(number: u128) -> WorkspaceId {
    Uuid::from_u128(number).into()
}

fn register() -> PersonAction {
    PersonAction::Register {
        organization_id: OrganizationId::from(Uuid::from_u128(1)),
        email: Sealed::from_stored("s1.ZW1haWw"),
        email_index: "5f0c".to_owned(),
    }
}

fn registered() -> PersonEvent {
    PersonEvent::Registered(PersonRegistered {
        organization_id: OrganizationId::from(Uuid::from_u128(1)),
        email: Sealed::from_stored("s1.ZW1haWw"),
        email_index: "5f0c".to_owned(),
        at: at(NOON),
    })
}

fn give(number: u128, role: Role) -> PersonAction {
    PersonAction::GiveRole { workspace_id: workspace(number), role }
}

fn given(number: u128, role: Role) -> PersonEvent {
    PersonEvent::RoleGiven(PersonRoleGiven { workspace_id: workspace(number), role, at: at(NOON) })
}

#[tokio::test]
async fn a_person_is_registered_once_and_gets_roles() {
    let cases = [
        (vec![], register(), Ok(vec![registered()])),
        (vec![registered()], register(), Err(PersonError::Exists)),
        (vec![], give(1, Role::Owner), Err(PersonError::NotFound)),
        (vec![registered()], give(1, Role::Owner), Ok(vec![given(1, Role::Owner)])),
        (vec![registered(), given(1, Role::Owner)], give(1, Role::Owner), Ok(vec![])),
        (vec![registered(), given(1, Role::Owner)], give(1, Role::Viewer), Ok(vec![given(1, Role::Viewer)])),
        (vec![registered(), given(1, Role::Owner)], give(2, Role::Owner), Ok(vec![given(2, Role::Owner)])),
    ];
    for (before, action, expected) in cases {
        let case = format!("given {before:?}, when {action:?}");
        let command = PersonCommand { now: at(NOON), action };
        let then = TestFramework::<Person>::with(()).given(before).when_async(command).await.inspect_result();
        assert_eq!(then, expected, "{case}");
    }
}

#[test]
fn the_last_role_given_in_a_workspace_holds() {
    let mut person = Person::default();
    for event in [registered(), given(1, Role::Owner), given(2, Role::Editor), given(1, Role::Approver)] {
        person.fold(event);
    }
    assert!(person.exists);
    assert_eq!(person.revision, 4);
    let roles: Vec<_> = person.roles.into_iter().collect();
    assert_eq!(roles, [(workspace(1), Role::Approver), (workspace(2), Role::Editor)]);
}

#[test]
fn the_address_is_claimed_by_its_digest() {
    assert_eq!(registered().claims(), [Claim::take(EMAIL_CLAIM, "5f0c")]);
    assert_eq!(given(1, Role::Owner).claims(), []);
}

#[test]
fn roles_read_as_they_are_written() {
    for role in Role::ALL {
        assert_eq!(serde_json::to_value(role).expect("json"), role.as_str());
        assert_eq!(role.as_str().parse(), Ok(role));
    }
    assert_eq!("king".parse::<Role>(), Err(UnknownRole("king".to_owned())));
}
