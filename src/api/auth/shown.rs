//! What answers about sessions hold, for the API's description.

use utoipa::ToSchema;

use crate::api::{
    openapi::{PersonRef, SessionRef},
    workspaces::shown::Workspace,
};

/// A session as it begins, with its token: nothing shows it again.
#[derive(Debug, ToSchema)]
pub struct Begun {
    /// What opens: `st_`, 43 random characters, and 6 that check them.
    #[schema(pattern = "^st_[0-9A-Za-z]{49}$")]
    pub token: String,
    /// The session's id.
    #[schema(value_type = SessionRef)]
    pub session_id: String,
    /// Until when it holds if it isn't used.
    #[schema(format = DateTime)]
    pub expires_at: String,
    /// Who is signed in.
    pub person: OwnPerson,
    /// The workspaces that are open to them; who has several says which in `Campanile-Workspace`.
    pub workspaces: Vec<Workspace>,
}

/// Who is signed in.
#[derive(Debug, serde::Serialize, ToSchema)]
pub struct OwnPerson {
    /// Their id.
    #[schema(value_type = PersonRef)]
    pub id: String,
    /// Their e-mail address.
    pub email: String,
}

/// A session.
#[derive(Debug, ToSchema)]
#[schema(as = Session)]
pub struct SessionShown {
    /// Its id.
    #[schema(value_type = SessionRef)]
    pub id: String,
    /// Whether it is the one that asks.
    pub current: bool,
    /// When it began.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it was last used, to the minute.
    #[schema(format = DateTime)]
    pub last_used_at: String,
    /// Until when it holds if it isn't used.
    #[schema(format = DateTime)]
    pub expires_at: String,
    /// From which address it began.
    #[schema(required = true)]
    pub address: Option<String>,
    /// With which program, by its own word.
    #[schema(required = true)]
    pub client: Option<String>,
}
