//! `GET /join`

use axum::response::Response;

use super::form::form;

/// The page that an invitation's link leads to.
#[utoipa::path(get, path = "/join", responses((status = 200, description = "A form.", content_type = "text/html", body = String)))]
pub async fn join() -> Response {
    form(
        "Join",
        "Password, of 8 characters or more. If you sign in here already: the one that you have.",
        "/v1/invitations/accept",
        "You are in: sign in with your e-mail address and this password.",
    )
}
