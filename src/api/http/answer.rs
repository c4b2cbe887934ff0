//! How a request is answered.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use campanile_events::ids::LogPosition;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::etag::{Moved, etag};

const POSITION: &str = "campanile-position";
const PROJECTED: &str = "campanile-projected";
const REPLAYED: &str = "idempotent-replayed";

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A list, or a part of one, as it goes out.
#[derive(Serialize)]
struct List<T> {
    data: Vec<T>,
    next_cursor: Option<String>,
}

/// What is shown, as it goes out: written once, and never read here.
pub(in crate::api) fn written(shown: &impl Serialize) -> Box<RawValue> {
    to_raw_value(shown).expect("what is shown has names that are texts, and no number that JSON doesn't know")
}

/// An answer that is not a refusal.
#[derive(Debug, Clone)]
pub struct Answer {
    status: StatusCode,
    body: Option<Box<RawValue>>,
    revision: Option<u32>,
    moved: bool,
    position: Option<(LogPosition, bool)>,
    replayed: bool,
    is_unstored: bool,
}

impl Answer {
    /// Something that is there.
    pub fn ok(body: impl Serialize) -> Self {
        Self { status: StatusCode::OK, body: Some(written(&body)), ..Self::nothing() }
    }

    /// Something that was made.
    pub fn created(body: impl Serialize) -> Self {
        Self { status: StatusCode::CREATED, ..Self::ok(body) }
    }

    /// Done, and nothing to show.
    pub const fn nothing() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            body: None,
            revision: None,
            moved: false,
            position: None,
            replayed: false,
            is_unstored: false,
        }
    }

    /// A list, or a part of one.
    pub fn list<T: Serialize>(data: Vec<T>, next_cursor: Option<String>) -> Self {
        Self::ok(List { data, next_cursor })
    }

    /// As it was answered before, with that answer's status.
    #[must_use]
    pub fn replayed(mut self, status: u16) -> Self {
        self.status = StatusCode::from_u16(status).unwrap_or(self.status);
        self.replayed = true;
        self
    }

    /// With the revision of the one resource that it shows.
    #[must_use]
    pub const fn at_revision(mut self, revision: u32) -> Self {
        self.revision = Some(revision);
        self
    }

    /// Says that something of it may have changed under this revision: who knows the revision is told all of it again.
    #[must_use]
    pub const fn moved(mut self, moved: bool) -> Self {
        self.moved = moved;
        self
    }

    /// Read by its client and kept nowhere: it shows what opens something.
    #[must_use]
    pub const fn unstored(mut self) -> Self {
        self.is_unstored = true;
        self
    }

    /// With the place in the log of what the command did, and whether every read shows it.
    #[must_use]
    pub const fn at_position(mut self, position: LogPosition, projected: bool) -> Self {
        self.position = Some((position, projected));
        self
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = match self.body {
            Some(body) => {
                let body = Body::from(String::from(Box::<str>::from(body)));
                (self.status, [(header::CONTENT_TYPE, JSON)], body).into_response()
            }
            None => self.status.into_response(),
        };
        if self.moved {
            response.extensions_mut().insert(Moved);
        }
        let headers = response.headers_mut();
        if let Some(revision) = self.revision {
            headers.insert(header::ETAG, etag(revision));
        }
        if self.is_unstored {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        if self.replayed {
            headers.insert(REPLAYED, HeaderValue::from_static("true"));
        }
        if let Some((position, projected)) = self.position {
            let position = HeaderValue::from_str(&position.to_string()).expect("numbers are a header's value");
            headers.insert(POSITION, position);
            if !projected {
                headers.insert(PROJECTED, HeaderValue::from_static("false"));
            }
        }
        response
    }
}
