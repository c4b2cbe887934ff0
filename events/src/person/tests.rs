//! Given what happened, when this is asked, then that follows.

use chrono::{DateTime, Utc};
use cqrs_es::test::TestFramework;
use uuid::Uuid;

use super::*;
use crate::{
    ids::{OrganizationId, PersonId, WorkspaceId},
    journal::Claim,
    key::Scope,
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

fn other() -> PersonId {
    Uuid::from_u128(9).into()
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
    PersonAction::GiveRole { workspace_id: workspace(number), role, other_owner: Some(other()) }
}

fn given(number: u128, role: Role) -> PersonEvent {
    PersonEvent::RoleGiven(PersonRoleGiven { workspace_id: workspace(number), role, at: at(NOON) })
}

fn take(number: u128) -> PersonAction {
    PersonAction::TakeRole { workspace_id: workspace(number), other_owner: Some(other()) }
}

fn taken(number: u128) -> PersonEvent {
    PersonEvent::RoleTaken(PersonRoleTaken { workspace_id: workspace(number), at: at(NOON) })
}

fn changed() -> PersonEvent {
    PersonEvent::PasswordChanged(PersonPasswordChanged { at: at(NOON) })
}

fn offer() -> PersonAction {
    PersonAction::OfferReset { expires_at: at("2026-03-02T12:00:00Z") }
}

fn offered() -> PersonEvent {
    PersonEvent::ResetOffered(PersonResetOffered { expires_at: at("2026-03-02T12:00:00Z"), at: at(NOON) })
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
        (vec![], take(1), Err(PersonError::NotFound)),
        (vec![registered()], take(1), Ok(vec![])),
        (vec![registered(), given(1, Role::Owner)], take(2), Ok(vec![])),
        (vec![registered(), given(1, Role::Owner)], take(1), Ok(vec![taken(1)])),
        (vec![registered(), given(1, Role::Owner), taken(1)], take(1), Ok(vec![])),
        (vec![], PersonAction::ChangePassword, Err(PersonError::NotFound)),
        (vec![registered()], PersonAction::ChangePassword, Ok(vec![changed()])),
        (vec![], offer(), Err(PersonError::NotFound)),
        (vec![registered()], offer(), Ok(vec![offered()])),
    ];
    for (before, action, expected) in cases {
        let case = format!("given {before:?}, when {action:?}");
        let command = PersonCommand { now: at(NOON), action };
        let then = TestFramework::<Person>::with(()).given(before).when_async(command).await.inspect_result();
        assert_eq!(then, expected, "{case}");
    }
}

#[tokio::test]
async fn the_last_owner_of_a_workspace_stays_one() {
    let alone = |role| PersonAction::GiveRole { workspace_id: workspace(1), role, other_owner: None };
    let go = PersonAction::TakeRole { workspace_id: workspace(1), other_owner: None };
    let owner = || vec![registered(), given(1, Role::Owner)];
    let cases = [
        (owner(), alone(Role::Viewer), Err(PersonError::LastOwner)),
        (owner(), go.clone(), Err(PersonError::LastOwner)),
        (owner(), alone(Role::Owner), Ok(vec![])),
        (owner(), give(1, Role::Viewer), Ok(vec![given(1, Role::Viewer)])),
        (owner(), take(1), Ok(vec![taken(1)])),
        (vec![registered(), given(1, Role::Editor)], go.clone(), Ok(vec![taken(1)])),
        (vec![registered(), given(1, Role::Editor)], alone(Role::Owner), Ok(vec![given(1, Role::Owner)])),
        (vec![registered(), given(2, Role::Owner)], go, Ok(vec![])),
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
fn a_role_that_was_taken_is_gone_and_a_password_counts_from_its_change() {
    let mut person = Person::default();
    for event in [registered(), given(1, Role::Owner), given(2, Role::Editor), taken(1), changed(), offered()] {
        person.fold(event);
    }
    assert_eq!(person.roles.into_iter().collect::<Vec<_>>(), [(workspace(2), Role::Editor)]);
    assert_eq!((person.password_changed_at, person.revision), (Some(at(NOON)), 6));
}

#[test]
fn every_role_is_made_of_scopes_and_the_lesser_hold_no_more_than_the_owner() {
    for role in Role::ALL {
        assert_eq!(role.scopes().names().len(), role.scope_names().len(), "{role}");
        assert!(Role::Owner.scopes().includes(&role.scopes()), "{role}");
        assert!(role.scopes().includes(&Role::Viewer.scopes()), "{role}");
        for closed in [Scope::KeysRead, Scope::KeysWrite, Scope::ConnectionsWrite, Scope::WebhooksWrite] {
            assert_eq!(role.allows(closed), role == Role::Owner, "{role} {closed}");
        }
    }
    assert!(Role::Approver.allows(Scope::PostsApprove) && !Role::Approver.allows(Scope::PostsWrite));
    assert!(Role::Editor.allows(Scope::PostsPublish) && !Role::Editor.allows(Scope::PostsApprove));
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
