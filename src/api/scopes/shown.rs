//! Scopes, for the API's description.

use utoipa::ToSchema;

use crate::api::openapi::{GrantedScope, ScopeName};

/// Every scope, with words for some of them together.
#[derive(Debug, ToSchema)]
pub struct ScopeList {
    /// The scopes.
    pub data: Vec<ScopeShown>,
    /// `null`: there is no more.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
    /// Sets of scopes, from the least to the most.
    pub presets: Vec<PresetShown>,
    /// Names that clients of other services hold; keys show ours.
    pub aliases: Vec<AliasShown>,
}

/// One thing that a key may do.
#[derive(Debug, ToSchema)]
pub struct ScopeShown {
    /// Its name.
    #[schema(value_type = ScopeName)]
    pub name: String,
    /// What it lets a key do.
    pub description: String,
}

/// A set of scopes.
#[derive(Debug, ToSchema)]
pub struct PresetShown {
    /// Its name.
    pub name: String,
    /// Whom it is for.
    pub description: String,
    /// What to ask for.
    #[schema(value_type = Vec<GrantedScope>)]
    pub scopes: Vec<String>,
}

/// Another service's name.
#[derive(Debug, ToSchema)]
pub struct AliasShown {
    /// The name.
    pub name: String,
    /// Ours.
    #[schema(value_type = Vec<ScopeName>)]
    pub scopes: Vec<String>,
}
