//! One form: a password, sent with the token of the link that led here.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use campanile_events::random;

const PAGE: &str = include_str!("form.html");

/// The page. Nothing but its own script runs on it, and it sends nothing but to this server.
pub(super) fn form(title: &str, hint: &str, action: &str, done: &str) -> Response {
    let nonce = hex::encode(random::bytes::<16>());
    let mut page = PAGE.to_owned();
    let words = [("title", title), ("hint", hint), ("action", action), ("done", done), ("nonce", &nonce)];
    for (name, value) in words {
        page = page.replace(&format!("{{{{{name}}}}}"), value);
    }
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; \
         form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (headers, page).into_response()
}
