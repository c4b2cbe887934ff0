//! `GET /healthz`

/// The process lives.
#[utoipa::path(get, path = "/healthz", responses(
    (status = 200, description = "Text.", body = String, content_type = "text/plain", example = json!("ok\n"))
))]
pub async fn healthz() -> &'static str {
    "ok\n"
}
