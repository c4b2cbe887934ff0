//! Given what happened, when this is asked, then that follows.

use chrono::{DateTime, Utc};
use cqrs_es::test::TestFramework;
use uuid::Uuid;

use super::*;
use crate::{ids::PersonId, journal::Claim, person::Role, seal::Sealed, stored::StoredEvent};

const NOON: &str = "2026-03-01T12:00:00Z";
const END: &str = "2026-03-08T12:00:00Z";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn person(number: u128) -> PersonId {
    Uuid::from_u128(number).into()
}

fn make() -> InvitationAction {
    InvitationAction::Make(NewInvitation {
        email: Sealed::from_stored("s1.ZW1haWw"),
        email_index: "5f0c".to_owned(),
        role: Role::Editor,
        expires_at: at(END),
    })
}

fn made() -> InvitationEvent {
    InvitationEvent::Made(InvitationMade {
        email: Sealed::from_stored("s1.ZW1haWw"),
        email_index: "5f0c".to_owned(),
        role: Role::Editor,
        expires_at: at(END),
        at: at(NOON),
    })
}

fn accept(number: u128) -> InvitationAction {
    InvitationAction::Accept { person_id: person(number) }
}

fn accepted(number: u128) -> InvitationEvent {
    let (person_id, email_index) = (person(number), "5f0c".to_owned());
    InvitationEvent::Accepted(InvitationAccepted { person_id, email_index, at: at(NOON) })
}

fn withdrawn(when: &str) -> InvitationEvent {
    InvitationEvent::Withdrawn(InvitationWithdrawn { email_index: "5f0c".to_owned(), at: at(when) })
}

#[tokio::test]
async fn an_invitation_is_accepted_once_in_its_time_or_withdrawn() {
    use InvitationAction::Withdraw;
    let cases = [
        (vec![], NOON, make(), Ok(vec![made()])),
        (vec![made()], NOON, make(), Err(InvitationError::Exists)),
        (vec![], NOON, accept(1), Err(InvitationError::NotFound)),
        (vec![], NOON, Withdraw, Err(InvitationError::NotFound)),
        (vec![made()], NOON, accept(1), Ok(vec![accepted(1)])),
        (vec![made()], END, accept(1), Err(InvitationError::Expired)),
        (vec![made(), accepted(1)], END, accept(1), Ok(vec![])),
        (vec![made(), accepted(1)], NOON, accept(2), Err(InvitationError::Accepted)),
        (vec![made(), accepted(1)], NOON, Withdraw, Err(InvitationError::Accepted)),
        (vec![made()], NOON, Withdraw, Ok(vec![withdrawn(NOON)])),
        (vec![made()], END, Withdraw, Ok(vec![withdrawn(END)])),
        (vec![made(), withdrawn(NOON)], NOON, Withdraw, Ok(vec![])),
        (vec![made(), withdrawn(NOON)], NOON, accept(1), Err(InvitationError::Withdrawn)),
    ];
    for (before, now, action, expected) in cases {
        let case = format!("given {before:?}, when {action:?} at {now}");
        let command = InvitationCommand { now: at(now), action };
        let then = TestFramework::<Invitation>::with(()).given(before).when_async(command).await.inspect_result();
        assert_eq!(then, expected, "{case}");
    }
}

#[test]
fn an_open_invitation_claims_its_address_and_gives_it_back() {
    assert_eq!(made().claims(), [Claim::take(INVITATION_CLAIM, "5f0c")]);
    for event in [accepted(1), withdrawn(NOON)] {
        assert_eq!(event.claims(), [Claim::release(INVITATION_CLAIM, "5f0c")]);
    }
}

#[test]
fn it_says_where_it_stands() {
    let of = |events: &[InvitationEvent]| {
        let mut invitation = Invitation::default();
        events.iter().cloned().for_each(|event| invitation.fold(event));
        [NOON, END].map(|now| invitation.status(at(now)))
    };
    assert_eq!(of(&[]), [None, None]);
    assert_eq!(of(&[made()]), [Some(InvitationStatus::Open), Some(InvitationStatus::Expired)]);
    assert_eq!(of(&[made(), accepted(1)]), [Some(InvitationStatus::Accepted); 2]);
    assert_eq!(of(&[made(), withdrawn(NOON)]), [Some(InvitationStatus::Withdrawn); 2]);
}
