//! `GET /reset`

use axum::response::Response;

use super::form::form;

/// The page that a link leads to by which somebody sets another password.
#[utoipa::path(get, path = "/reset", responses((status = 200, description = "A form.", content_type = "text/html", body = String)))]
pub async fn reset() -> Response {
    form(
        "Set another password",
        "Password, of 8 characters or more.",
        "/v1/auth/reset",
        "Done: sign in with this password. All your sessions have ended.",
    )
}
