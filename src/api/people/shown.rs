//! What answers about people hold, for the API's description.

use utoipa::ToSchema;

use crate::api::openapi::{PersonRef, RoleName};

/// A person of a workspace.
#[derive(Debug, ToSchema)]
#[schema(as = Person)]
pub struct PersonShown {
    /// Their id.
    #[schema(value_type = PersonRef)]
    pub id: String,
    /// The address that they sign in with.
    pub email: String,
    /// What they are in the workspace.
    #[schema(value_type = RoleName)]
    pub role: String,
    /// Counts changes of their record; the `ETag`.
    pub revision: u32,
    /// When they were registered.
    #[schema(required = true, format = DateTime)]
    pub registered_at: Option<String>,
}
