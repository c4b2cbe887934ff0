//! What answers hold, for the API's description.

use utoipa::ToSchema;

/// Where the account's owner is to go.
#[derive(Debug, ToSchema)]
pub struct SignIn {
    /// The platform's own page.
    #[schema(format = "uri")]
    pub auth_url: String,
    /// What the page brings back with the code: keep it, and take no code that comes with another.
    pub state: String,
    /// Until when `POST` takes it.
    #[schema(format = DateTime)]
    pub expires_at: String,
}
