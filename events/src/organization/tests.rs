//! Given what happened, when this is asked, then that follows.

use chrono::{DateTime, Utc};
use cqrs_es::test::TestFramework;

use super::*;
use crate::seal::Sealed;

fn noon() -> DateTime<Utc> {
    "2026-03-01T12:00:00Z".parse().expect("an instant")
}

fn create() -> OrganizationCommand {
    OrganizationCommand { now: noon(), action: OrganizationAction::Create { name: Sealed::from_stored("s1.bmFtZQ") } }
}

fn created() -> OrganizationEvent {
    OrganizationEvent::Created(OrganizationCreated { name: Sealed::from_stored("s1.bmFtZQ"), at: noon() })
}

#[tokio::test]
async fn an_organization_is_made_once() {
    let framework = || TestFramework::<Organization>::with(());
    framework().given_no_previous_events().when_async(create()).await.then_expect_events(vec![created()]);
    framework().given(vec![created()]).when_async(create()).await.then_expect_error(OrganizationError::Exists);
}

#[test]
fn its_state_tells_what_happened() {
    let mut organization = Organization::default();
    organization.fold(created());
    let name = Sealed::from_stored("s1.bmFtZQ");
    assert_eq!(organization, Organization { exists: true, name, revision: 1, created_at: Some(noon()) });
}
