//! Revisions as entity tags, and what a client expects of them.

use std::convert::Infallible;

use axum::{
    body::{Body, Bytes},
    extract::{FromRequestParts, Request},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    response::Response,
};

use super::{ApiError, Code};

/// The tag of a revision.
pub fn etag(revision: u32) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{revision}\"")).expect("a number in quotes is a header's value")
}

/// Which revisions a client would change; all if it doesn't say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfMatch(Option<Vec<u32>>);

impl IfMatch {
    /// Refuses a revision that the client doesn't expect.
    ///
    /// # Errors
    /// If it expects others.
    pub fn check(&self, revision: u32) -> Result<(), ApiError> {
        match &self.0 {
            Some(expected) if !expected.contains(&revision) => Err(Self::mismatch(revision)),
            _ => Ok(()),
        }
    }

    /// For the aggregate, which decides on the newest state: the one revision that may be changed.
    pub fn checked(&self, revision: u32) -> Result<Option<u32>, ApiError> {
        self.check(revision)?;
        Ok(self.0.as_ref().map(|_| revision))
    }

    /// The refusal.
    pub fn mismatch(actual: u32) -> ApiError {
        let message = format!("it is at revision {actual} by now: read it again");
        ApiError::new(Code::VersionMismatch, message).with("revision", actual.to_string())
    }

    fn read(text: &str) -> Self {
        if text.trim() == "*" { Self(None) } else { Self(Some(revisions(text))) }
    }
}

fn revisions(text: &str) -> Vec<u32> {
    let tags = text.split(',').map(str::trim).filter_map(|tag| {
        // A proxy that compresses makes a tag weak.
        let tag = tag.strip_prefix("W/").unwrap_or(tag);
        tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok()
    });
    tags.collect()
}

/// A list may stand on several lines. `None` where there is none.
fn lines(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let lines: Vec<_> = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default()).collect();
    (!lines.is_empty()).then(|| lines.join(","))
}

/// An answer shows what changes without a new revision, and may have been another under this one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moved;

/// What a reader knows already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IfNoneMatch(Option<String>);

impl IfNoneMatch {
    pub(super) fn of(request: &Request) -> Self {
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        Self(lines(request.headers(), header::IF_NONE_MATCH).filter(|_| reads))
    }

    /// Leaves out what the reader knows: `304`, and no body.
    pub(super) fn answer(&self, mut response: Response) -> Response {
        let tag = response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok());
        let (Some(known), Some(tag)) = (&self.0, tag) else { return response };
        let is_known = known.trim() == "*" || revisions(known).iter().any(|it| etag(*it) == tag);
        if !is_known || response.status() != StatusCode::OK || response.extensions().get::<Moved>().is_some() {
            return response;
        }
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        // Of unknown length, so that nobody says that what is left out has none.
        *response.body_mut() = Body::from_stream(futures::stream::empty::<Result<Bytes, Infallible>>());
        response.headers_mut().remove(header::CONTENT_TYPE);
        response.headers_mut().remove(header::CONTENT_LENGTH);
        response
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(lines(&parts.headers, header::IF_MATCH).map_or(Self(None), |text| Self::read(&text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_matches_its_own_revision() {
        for (header, matches) in [
            ("\"3\"", true),
            ("W/\"3\"", true),
            ("\"2\", \"3\"", true),
            ("*", true),
            ("\"4\"", false),
            ("3", false),
            ("", false),
        ] {
            assert_eq!(IfMatch::read(header).check(3).is_ok(), matches, "{header}");
        }
        assert_eq!(IfMatch(None).checked(3).expect("no header"), None);
        assert_eq!(IfMatch::read(etag(3).to_str().expect("text")).checked(3).expect("its own"), Some(3));
    }
}
