//! A scope, for the API's description.

use utoipa::ToSchema;

use crate::api::openapi::ScopeName;

/// One thing that a key may do.
#[derive(Debug, ToSchema)]
pub struct ScopeShown {
    /// Its name.
    #[schema(value_type = ScopeName)]
    pub name: String,
    /// What it lets a key do.
    pub description: String,
}
