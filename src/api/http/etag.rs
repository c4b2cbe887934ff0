//! Revisions as entity tags, and what a client expects of them.

use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, header, request::Parts},
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
        if text.trim() == "*" {
            return Self(None);
        }
        let tags = text.split(',').map(str::trim).filter_map(|tag| {
            // A proxy that compresses makes a tag weak.
            let tag = tag.strip_prefix("W/").unwrap_or(tag);
            tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok()
        });
        Self(Some(tags.collect()))
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        // A list may stand on several lines.
        let lines: Vec<_> = parts.headers.get_all(header::IF_MATCH).iter().collect();
        let lines: Vec<_> = lines.iter().map(|value| value.to_str().unwrap_or_default()).collect();
        Ok(if lines.is_empty() { Self(None) } else { Self::read(&lines.join(",")) })
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
