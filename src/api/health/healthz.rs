//! `GET /healthz`

/// The process lives.
pub async fn healthz() -> &'static str {
    "ok\n"
}
