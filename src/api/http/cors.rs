//! CORS: what browsers let pages of other origins do and read. Off, unless a key lists the page's origin.
//!
//! A request with a key goes by what that key lists. Where no key is known (a browser's question beforehand carries none,
//! nor does an upload), an origin counts that any live key lists: such an answer holds nothing that isn't anybody's. Cookies
//! are never taken, so none are allowed, and the origin `null`, which many pages share, never counts.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::api::Api;

/// What stands elsewhere is not for pages.
const WHERE: &str = "/v1/";
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
const TAKEN: HeaderValue = HeaderValue::from_static(
    "Authorization, X-API-Key, Content-Type, Idempotency-Key, If-Match, If-None-Match, Campanile-Position, \
     Campanile-Workspace, X-Request-Id",
);
/// All that answers say in headers of their own.
const SHOWN: HeaderValue = HeaderValue::from_static(
    "Allow, Campanile-Position, Campanile-Projected, ETag, Idempotent-Replayed, RateLimit, RateLimit-Policy, Retry-After, \
     WWW-Authenticate, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-Id",
);
/// In seconds: for so long a browser needn't ask again. An origin that a key no longer lists is refused all the same.
const GOOD_FOR: HeaderValue = HeaderValue::from_static("600");

/// Whether the key of a request lists the origin that it came from; the guard leaves it with the answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listed(pub bool);

/// Tells browsers what pages may read, and answers what they ask beforehand.
pub async fn cors(State(api): State<Api>, request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with(WHERE) {
        return next.run(request).await;
    }
    let origin = request.headers().get(header::ORIGIN).cloned();
    let asks =
        *request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if asks
        && let Some(origin) = &origin
        && listed_by_any(&api, origin).await
    {
        return allowed(origin);
    }
    let mut response = next.run(request).await;
    let by_key = response.extensions_mut().remove::<Listed>();
    let headers = response.headers_mut();
    // Also without one: a stored answer must not be taken for that to a page.
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = origin.filter(|_| !asks) else { return response };
    let is_listed = match by_key {
        Some(Listed(is_listed)) => is_listed,
        None => listed_by_any(&api, &origin).await,
    };
    if is_listed {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, SHOWN);
    }
    response
}

/// The page may send whatever the API takes: whether its key may do it is said when the key is there.
fn allowed(origin: &HeaderValue) -> Response {
    let headers = HeaderMap::from_iter([
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone()),
        (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, TAKEN),
        (header::ACCESS_CONTROL_MAX_AGE, GOOD_FOR),
        (header::VARY, HeaderValue::from_static("Origin")),
    ]);
    (StatusCode::NO_CONTENT, headers).into_response()
}

async fn listed_by_any(api: &Api, origin: &HeaderValue) -> bool {
    let Ok(origin) = origin.to_str() else { return false };
    let listed = api.0.origins.list(origin, api.0.clock.now()).await;
    listed.unwrap_or_else(|error| {
        tracing::debug!(%error, "which origins keys list is not known");
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::openapi::document;

    #[test]
    fn pages_may_send_and_read_every_header_that_the_api_has() {
        let document = document();
        let words = |all: &HeaderValue| -> Vec<String> {
            all.to_str().expect("text").split(',').map(|word| word.trim().to_ascii_lowercase()).collect()
        };
        let (taken, shown) = (words(&TAKEN), words(&SHOWN));
        let parameters = document["components"]["parameters"].as_object().expect("parameters");
        let sent = parameters.values().filter(|it| it["in"] == "header").filter_map(|it| it["name"].as_str());
        for name in sent.chain(["Authorization", "X-API-Key", "Content-Type"]) {
            assert!(taken.contains(&name.to_ascii_lowercase()), "`{name}` can't be sent");
        }
        for name in document["components"]["headers"].as_object().expect("headers").keys() {
            assert!(shown.contains(&name.to_ascii_lowercase()), "`{name}` can't be read");
        }
    }
}
