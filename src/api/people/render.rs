//! A person as who looks after them sees them.

use campanile_events::{
    ids::{PersonId, WorkspaceId},
    person::Person,
    seal::{DataKey, fields},
};
use serde_json::{Value, json};

use crate::api::http::{ApiError, optional_instant};

/// A person of a workspace.
pub(super) fn person(key: &DataKey, id: PersonId, person: &Person, workspace: WorkspaceId) -> Result<Value, ApiError> {
    Ok(json!({
        "id": id,
        "email": key.open(fields::PERSON_EMAIL, &person.email)?.as_str(),
        "role": person.roles.get(&workspace),
        "revision": person.revision,
        "registered_at": optional_instant(person.registered_at),
    }))
}
