//! Requests, counted around everything else.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request, State},
    http::Method,
    middleware::Next,
    response::Response,
};

use super::Metrics;

/// What no route has taken: one label for all of it, so that who guesses paths makes no figures.
const UNROUTED: &str = "none";

/// Counts a request and how long it took, by the route that answered.
pub async fn measure(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = name(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let route = route.as_ref().map_or(UNROUTED, MatchedPath::as_str);
    metrics.answered(method, route, response.status().as_u16(), began.elapsed());
    response
}

/// Methods are the client's own words: those that aren't usual share a label.
fn name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
