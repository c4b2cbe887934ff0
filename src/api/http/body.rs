//! Reading a request's JSON: what is wrong is named by its field.

use std::time::Duration;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::{Deserialize, de::DeserializeOwned};
use utoipa::ToSchema;

use super::{
    ApiError, Code, Detail,
    declared::{differences, inside},
    tree::Tree,
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

/// Nothing may be said.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

impl<T: DeserializeOwned + ToSchema, S: Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let bytes = receive(&parts.headers, body).await?;
        check_type(&parts.headers)?;
        parse(&bytes).map(Self)
    }
}

impl<T: DeserializeOwned + ToSchema + Default, S: Sync> FromRequest<S> for OptionalBody<T> {
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

/// Refuses a body that is compressed on its way.
pub fn check_encoding(headers: &HeaderMap) -> Result<(), ApiError> {
    if headers.get(header::CONTENT_ENCODING).is_none_or(|it| it.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Ok(());
    }
    let message = "the body must come as it is: compressed ones are not taken";
    Err(ApiError::new(Code::UnsupportedMediaType, message))
}

fn check_type(headers: &HeaderMap) -> Result<(), ApiError> {
    check_encoding(headers)?;
    let refuse = |message: &str| Err(ApiError::new(Code::UnsupportedMediaType, message));
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = given.split(';').map(|part| part.trim().to_ascii_lowercase());
    let essence = parts.next().unwrap_or_default();
    if essence != "application/json" && !(essence.starts_with("application/") && essence.ends_with("+json")) {
        return refuse("the body must be JSON: send `Content-Type: application/json`");
    }
    let other = |part: &str| part.strip_prefix("charset=").is_some_and(|it| it.trim_matches('"') != "utf-8");
    if parts.any(|part| other(&part)) {
        return refuse("JSON is UTF-8: send `Content-Type: application/json`");
    }
    Ok(())
}

fn parse<T: DeserializeOwned + ToSchema>(bytes: &[u8]) -> Result<T, ApiError> {
    if bytes.starts_with("\u{feff}".as_bytes()) {
        return Err(not_json("it begins with a byte order mark"));
    }
    let read = || serde_json::from_slice::<Tree>(bytes).map_err(|error| not_json(&error.to_string()));
    let tree = read()?;
    if !matches!(tree, Tree::Object(_)) {
        return Err(ApiError::new(Code::InvalidRequest, "the request's body must be a JSON object"));
    }
    let mut wrong = tree.flaws();
    let error = match serde_path_to_error::deserialize(tree) {
        Ok(read) if wrong.is_empty() => return Ok(read),
        Ok(_) => return Err(ApiError::invalid_all(wrong)),
        Err(error) => error,
    };
    let path = error.path().to_string();
    let mut last = unread(if path == "." { "" } else { &path }, error.inner());
    last.field = last.field.replace('\0', "\\u0000");
    let message = last.message.clone();
    // Read again, as few requests are wrong.
    for detail in differences::<T>(&read()?) {
        if !wrong.iter().any(|known| known.field == detail.field) {
            wrong.push(detail);
        }
    }
    // What is known to be wrong within it, serde tells as the whole's.
    let within = |field: &str| {
        field.strip_prefix(&last.field).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    if !last.field.is_empty() && !wrong.iter().any(|known| within(&known.field)) {
        wrong.push(last);
    }
    if wrong.is_empty() {
        return Err(ApiError::new(Code::InvalidRequest, format!("the request's body can't be read: {message}")));
    }
    Err(ApiError::invalid_all(wrong))
}

/// No field is wrong: there is none.
fn not_json(why: &str) -> ApiError {
    ApiError::new(Code::InvalidRequest, format!("the request's body is not JSON: {why}"))
}

/// What serde has to say of a field, for what a declared shape doesn't tell.
fn unread(path: &str, error: &serde_json::Error) -> Detail {
    // The parser's words end in a place that means nothing inside a field.
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    if let Some(name) = quoted(message, "unknown field `") {
        // The path of a field that nobody knows already ends in its name, or in the object that holds it.
        let field = if path.rsplit('.').next() == Some(name) { path.to_owned() } else { inside(path, name) };
        return Detail::new(field, "unknown_field", "is not a field of this request");
    }
    if let Some(name) = quoted(message, "missing field `") {
        return Detail::new(inside(path, name), "missing", "is required");
    }
    // What is declared is told before; this is what a number can hold anyway.
    let most = [("u8", u64::from(u8::MAX)), ("u16", u16::MAX.into()), ("u32", u32::MAX.into()), ("u64", u64::MAX)];
    match most.iter().find(|(kind, _)| message.ends_with(&format!("expected {kind}"))) {
        Some((_, most)) => Detail::new(path, "out_of_range", format!("must be from 0 to {most}")),
        None => Detail::new(path, "invalid", message),
    }
}

fn quoted<'a>(message: &'a str, before: &str) -> Option<&'a str> {
    message.strip_prefix(before)?.split_once('`').map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, ToSchema)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[expect(dead_code, reason = "only its errors matter here")]
        text: String,
        #[serde(default)]
        #[expect(dead_code, reason = "only its errors matter here")]
        parts: Vec<Inner>,
        #[expect(dead_code, reason = "only its errors matter here")]
        seconds: Option<u32>,
        #[expect(dead_code, reason = "only its errors matter here")]
        by_name: Option<std::collections::BTreeMap<String, Inner>>,
        #[expect(dead_code, reason = "only its errors matter here")]
        one: Option<Inner>,
    }

    #[derive(Debug, Deserialize, ToSchema)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[expect(dead_code, reason = "only its errors matter here")]
        body: String,
    }

    /// Fields and codes, each `field code`.
    fn refused(body: &str) -> Vec<String> {
        let refused = parse::<Outer>(body.as_bytes()).expect_err(body);
        assert_eq!(refused.code, Code::InvalidRequest);
        refused.details.iter().map(|it| format!("{} {}", it.field, it.code)).collect()
    }

    #[test]
    fn what_is_wrong_is_named_by_its_field() {
        for (body, found) in [
            (r#"{"text":1}"#, "text invalid"),
            (r#"{"text":"a","tex":1}"#, "tex unknown_field"),
            (r#"{"text":"a","parts":[{"body":"b"},{"bod":"c"}]}"#, "parts[1].bod unknown_field, parts[1].body missing"),
            (r#"{"text":"a","parts":[{}]}"#, "parts[0].body missing"),
            (r#"{"text":"a","text":"b"}"#, "text repeated"),
            (r#"{"text":"a","parts":[{"body":"b","body":"c"}]}"#, "parts[0].body repeated"),
            (r#"{"text":"a","parts":[["b"]]}"#, "parts[0] invalid"),
            (r#"{"text":"a","parts":{"body":"b"}}"#, "parts invalid"),
            (r#"{"text":"a","parts":[{"body":"b\u0000"}]}"#, "parts[0].body invalid_character"),
            (r#"{"text":"a","se\u0000":1}"#, r"se\u0000 invalid_character"),
            (r#"{"text":"a","seconds":1.5}"#, "seconds invalid"),
            (r#"{"text":"a","seconds":4294967296}"#, "seconds out_of_range"),
            (r#"{"text":"a","seconds":-1}"#, "seconds out_of_range"),
            (r#"{"text":"a","one":{"body":null}}"#, "one.body invalid"),
        ] {
            assert_eq!(refused(body).join(", "), found, "{body}");
        }
        assert!(
            parse::<Outer>(br#"{"text":"a\\u0000","one":null}"#).is_ok(),
            "a backslash before it makes it six letters"
        );
    }

    #[test]
    fn everything_that_is_wrong_is_named_at_once() {
        let body = r#"{"colour":1,"parts":[{"body":2,"x":1},3],"seconds":"4","by_name":{"a":{"b":5},"c":[]},"one":6,
            "colour":"\u0000"}"#;
        let all = "colour repeated, colour unknown_field, parts[0].body invalid, parts[0].x unknown_field, \
                   parts[1] invalid, seconds invalid, by_name.a.b unknown_field, by_name.a.body missing, \
                   by_name.c invalid, one invalid, text missing";
        let all = all.replace("colour unknown_field, ", "");
        assert_eq!(refused(body).join(", "), all);
    }

    #[test]
    fn what_is_no_json_has_no_field_that_is_wrong() {
        let bodies = ["{", "{} x", "[]", "3", "", r#"{"text":"a\ud800"}"#, "\u{feff}{}", r#"{"seconds":1e400}"#];
        for body in bodies {
            assert_eq!(refused(body), Vec::<String>::new(), "{body}");
        }
        let refused = parse::<Outer>(b"{\n  \"text\": }").expect_err("no JSON");
        assert_eq!(refused.message, "the request's body is not JSON: expected value at line 2 column 11");
    }

    #[test]
    fn a_body_is_json_in_utf_8_as_it_is() {
        let check = |name, value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, "application/json".parse().expect("a header"));
            headers.insert(name, value.parse().expect("a header"));
            check_type(&headers).is_ok()
        };
        for good in
            ["application/json", "Application/JSON; charset=UTF-8", "application/problem+json;charset=\"utf-8\""]
        {
            assert!(check(header::CONTENT_TYPE, good), "{good}");
        }
        for bad in ["", "text/json", "application/jsonp", "application/json; charset=latin1"] {
            assert!(!check(header::CONTENT_TYPE, bad), "{bad}");
        }
        assert!(check(header::CONTENT_ENCODING, "identity") && !check(header::CONTENT_ENCODING, "gzip"));
    }
}
