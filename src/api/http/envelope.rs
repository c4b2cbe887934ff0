//! The outermost layer: a name for every request, one envelope for every refusal, one line in the log.

use std::time::Instant;

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use campanile_events::clock::SharedClock;
use serde_json::{Map, Value, json};

use super::{ApiError, Code, Detail, RequestIds, hushed::hushed, request_id::X_REQUEST_ID};

/// Names the request, lets it through, and gives what was refused its body.
pub async fn envelope(State(clock): State<SharedClock>, mut request: Request, next: Next) -> Response {
    let ids = RequestIds::of(request.headers(), clock.now());
    let shown = ids.shown.clone();
    let own = ids.own;
    let method = request.method().clone();
    request.extensions_mut().insert(ids);
    let began = Instant::now();
    let mut response = next.run(request).await;
    if method == Method::OPTIONS && response.status() == StatusCode::METHOD_NOT_ALLOWED {
        // What may be asked of the path stands in `Allow`: that was the question.
        *response.status_mut() = StatusCode::NO_CONTENT;
    }
    let status = response.status();
    let route = response.extensions_mut().remove::<RouteName>().map_or("-", |name| name.0);
    // What somebody here wrote says all by itself; what the router wrote is empty.
    let unwritten = !response.headers().contains_key(header::CONTENT_TYPE);
    let error = response.extensions_mut().remove::<ApiError>();
    let error = error.or_else(|| unwritten.then(|| ApiError::of_status(status)).flatten());
    log(Some(&method), route, own, &shown, status, began, error.as_ref());
    if let Some(error) = error {
        response = refuse(&error, &shown, &response);
    }
    if let Ok(value) = HeaderValue::from_str(&shown) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    response
}

/// Runs what is not a read in a task of its own, from its first byte to its line in the log: it goes on if its client
/// hangs up.
pub async fn to_the_end(request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    let answered = tokio::spawn(next.run(request)).await;
    answered.unwrap_or_else(|error| ApiError::internal(error).into_response())
}

/// Which route answered; for the log.
#[derive(Debug, Clone, Copy)]
pub(super) struct RouteName(pub &'static str);

/// What is told of a request that couldn't be read as one; its status says more than its code.
pub fn unreadable(status: StatusCode, clock: &SharedClock) -> String {
    let why = match status {
        StatusCode::URI_TOO_LONG => "the address is too long: it may have at most 65,534 bytes",
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => "there are more than 100 headers, or they are too long",
        _ => "this can't be read as a request of HTTP/1.1",
    };
    let error = ApiError::new(Code::InvalidRequest, why);
    let own = RequestIds::of(&HeaderMap::new(), clock.now()).own;
    log(None, "-", own, &own.to_string(), status, Instant::now(), Some(&error));
    let body = json!({ "error": body(&error, &own.to_string()) }).to_string();
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{X_REQUEST_ID}: {own}\r\nconnection: close\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
}

fn body(error: &ApiError, request_id: &str) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("code".to_owned(), error.code.as_str().into());
    body.insert("message".to_owned(), hushed(&error.message).into_owned().into());
    body.insert("request_id".to_owned(), request_id.into());
    let details = error.details.iter().map(|it| {
        let (field, message) = (hushed(&it.field).into_owned(), hushed(&it.message).into_owned());
        Detail { field, message, ..it.clone() }
    });
    let details = match &error.plan {
        Some(plan) => json!([plan]),
        None => json!(details.collect::<Vec<_>>()),
    };
    body.insert("details".to_owned(), details);
    for (name, value) in &error.facts {
        body.insert((*name).to_owned(), Value::from(value.as_str()));
    }
    body
}

fn refuse(error: &ApiError, request_id: &str, before: &Response) -> Response {
    let body = json!({ "error": body(error, request_id) });
    let mut response = (error.code.status(), Json(body)).into_response();
    // What a 405 says of the methods that there are, and what else was set on the way.
    for (name, value) in before.headers() {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            response.headers_mut().append(name, value.clone());
        }
    }
    let headers = response.headers_mut();
    match error.code {
        Code::Unauthorized => drop(headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
        // The rest of the body is in the way of whatever comes next.
        Code::PayloadTooLarge => drop(headers.insert(header::CONNECTION, HeaderValue::from_static("close"))),
        Code::Unavailable => drop(headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"))),
        _ => {}
    }
    response
}

fn log(
    method: Option<&Method>,
    route: &'static str,
    own: campanile_events::ids::RequestId,
    shown: &str,
    status: StatusCode,
    began: Instant,
    error: Option<&ApiError>,
) {
    let method = method.map_or("-", Method::as_str);
    let duration_ms = began.elapsed().as_secs_f64() * 1_000.0;
    let (status, code) = (status.as_u16(), error.map(|error| error.code.as_str()));
    let cause = error.and_then(|error| error.cause.as_deref());
    if let Some(cause) = cause {
        tracing::error!(%method, route, request.id = %own, request.shown = shown, status, code, cause, duration_ms, "refused");
    } else {
        tracing::info!(%method, route, request.id = %own, request.shown = shown, status, code, duration_ms, "answered");
    }
}
