//! Reading a request's JSON: what is wrong is named by its field.

use std::time::Duration;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use super::{
    ApiError, Code,
    tree::{Flaw, Tree},
};

const LONGEST: usize = 1024 * 1024;
/// How long the next piece of a body may take: who stops in the middle holds up a drain.
const NEXT_WITHIN: Duration = Duration::from_secs(10);

/// A body that must be there.
#[derive(Debug, Clone)]
pub struct Body<T>(pub T);

/// A body that may be absent: then all its fields have their defaults.
#[derive(Debug, Clone)]
pub struct OptionalBody<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let bytes = receive(&parts.headers, body).await?;
        check_type(&parts.headers)?;
        parse(&bytes).map(Self)
    }
}

impl<T: DeserializeOwned + Default, S: Sync> FromRequest<S> for OptionalBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let bytes = receive(&parts.headers, body).await?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        check_type(&parts.headers)?;
        parse(&bytes).map(Self)
    }
}

/// Takes a body as it comes, within its bounds.
pub(super) async fn receive(headers: &HeaderMap, body: axum::body::Body) -> Result<Bytes, ApiError> {
    let too_long = || ApiError::new(Code::PayloadTooLarge, format!("the body may have at most {LONGEST} bytes"));
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|it| it.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > LONGEST) {
        return Err(too_long());
    }
    let mut body = Limited::new(body, LONGEST);
    let mut bytes = Vec::new();
    loop {
        let stalled = |_| ApiError::new(Code::InvalidRequest, "the body stopped in the middle");
        match tokio::time::timeout(NEXT_WITHIN, body.frame()).await.map_err(stalled)? {
            Some(Ok(frame)) => bytes.extend_from_slice(&frame.into_data().unwrap_or_default()),
            Some(Err(error)) if error.is::<LengthLimitError>() => return Err(too_long()),
            Some(Err(_)) => return Err(ApiError::new(Code::InvalidRequest, "the body ended early")),
            None => return Ok(bytes.into()),
        }
    }
}

fn check_type(headers: &HeaderMap) -> Result<(), ApiError> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json")) {
        return Ok(());
    }
    Err(ApiError::new(Code::UnsupportedMediaType, "the body must be JSON: send `Content-Type: application/json`"))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let tree: Tree = serde_json::from_slice(bytes).map_err(|error| unreadable("", &error))?;
    if !matches!(tree, Tree::Object(_)) {
        return Err(ApiError::invalid("body", "not_an_object", "must be a JSON object"));
    }
    match tree.flaw() {
        Some(Flaw::Nul(field)) => return Err(ApiError::invalid(field, "invalid_character", "must not hold U+0000")),
        Some(Flaw::Twice(field)) => return Err(ApiError::invalid(field, "repeated", "stands there twice")),
        None => {}
    }
    serde_path_to_error::deserialize(tree).map_err(|error| {
        let path = error.path().to_string();
        unreadable(if path == "." { "" } else { &path }, error.inner())
    })
}

fn unreadable(path: &str, error: &serde_json::Error) -> ApiError {
    // The parser's words end in a place that means nothing inside a field.
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    if !error.is_data() {
        return ApiError::invalid("body", "invalid_json", format!("is not JSON: {error}"));
    }
    let inside = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    if let Some(name) = quoted(message, "unknown field `") {
        // The path of a field that nobody knows already ends in its name, or in the object that holds it.
        let field = if path.rsplit('.').next() == Some(name) { path.to_owned() } else { inside(name) };
        return ApiError::invalid(field, "unknown_field", "is not a field of this request");
    }
    if let Some(name) = quoted(message, "missing field `") {
        return ApiError::invalid(inside(name), "missing", "is required");
    }
    ApiError::invalid(if path.is_empty() { "body" } else { path }, "invalid", message)
}

fn quoted<'a>(message: &'a str, before: &str) -> Option<&'a str> {
    message.strip_prefix(before)?.split_once('`').map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[expect(dead_code, reason = "only its errors matter here")]
        text: String,
        #[serde(default)]
        #[expect(dead_code, reason = "only its errors matter here")]
        parts: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[expect(dead_code, reason = "only its errors matter here")]
        body: String,
    }

    #[test]
    fn what_is_wrong_is_named_by_its_field() {
        for (body, field, code) in [
            ("{", "body", "invalid_json"),
            ("{} x", "body", "invalid_json"),
            (r#"{"text":"a"} x"#, "body", "invalid_json"),
            (r#"{"text":1}"#, "text", "invalid"),
            ("[]", "body", "not_an_object"),
            ("3", "body", "not_an_object"),
            ("", "body", "invalid_json"),
            (r#"{"text":"a","tex":1}"#, "tex", "unknown_field"),
            (r#"{"text":"a","parts":[{"body":"b"},{"bod":"c"}]}"#, "parts[1].bod", "unknown_field"),
            (r#"{"text":"a","parts":[{}]}"#, "parts[0].body", "missing"),
            (r#"{"text":"a","text":"b"}"#, "text", "repeated"),
            (r#"{"text":"a","parts":[{"body":"b","body":"c"}]}"#, "parts[0].body", "repeated"),
            (r#"{"text":"a","parts":[["b"]]}"#, "parts[0]", "invalid"),
            (r#"{"text":"a","parts":{"body":"b"}}"#, "parts", "invalid"),
            (r#"{"text":"a\ud800"}"#, "body", "invalid_json"),
            (r#"{"text":"a","parts":[{"body":"b\u0000"}]}"#, "parts[0].body", "invalid_character"),
        ] {
            let refused = parse::<Outer>(body.as_bytes()).expect_err(body);
            let found = refused.details.first().map(|it| (it.field.as_str(), it.code.as_str()));
            assert_eq!(found, Some((field, code)), "{body}: {refused:?}");
        }
        assert!(parse::<Outer>(br#"{"text":"a\\u0000"}"#).is_ok(), "a backslash before it makes it six letters");
    }
}
