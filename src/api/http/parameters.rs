//! What stands after the question mark, taken out name by name, so that a wrong one is named.

use std::{collections::BTreeMap, convert::Infallible, str::FromStr};

use axum::{extract::FromRequestParts, http::request::Parts};
use campanile_projections::page::Page;
use chrono::{DateTime, Utc};

use super::{ApiError, At};

const USUAL_LIMIT: usize = 20;
const MOST: usize = 50;

/// What is left of a request's parameters.
#[derive(Debug, Clone)]
pub struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// A text.
    pub fn text(&mut self, name: &str) -> Option<String> {
        self.0.remove(name).filter(|text| !text.is_empty())
    }

    /// Something that reads from a text.
    pub fn read<T: FromStr<Err: std::fmt::Display>>(&mut self, name: &str) -> Result<Option<T>, ApiError> {
        let invalid = |error: T::Err| ApiError::invalid(name, "invalid", error.to_string());
        self.text(name).map(|text| text.parse().map_err(invalid)).transpose()
    }

    /// A truth.
    pub fn flag(&mut self, name: &str) -> Result<bool, ApiError> {
        match self.text(name).as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(ApiError::invalid(name, "invalid", "must be `true` or `false`")),
        }
    }

    /// An instant.
    pub fn time(&mut self, name: &str) -> Result<Option<DateTime<Utc>>, ApiError> {
        Ok(self.read::<At>(name)?.map(|at| at.0))
    }

    /// Which part of a list.
    pub fn page(&mut self) -> Result<Page, ApiError> {
        let number = |text: Option<String>, name: &str| {
            let invalid = || ApiError::invalid(name, "invalid", "must be a whole number from 0");
            text.map(|text| text.parse::<usize>().map_err(|_| invalid())).transpose()
        };
        let limit = number(self.text("limit"), "limit")?.unwrap_or(USUAL_LIMIT);
        if !(1..=MOST).contains(&limit) {
            return Err(ApiError::invalid("limit", "out_of_range", format!("must be from 1 to {MOST}")));
        }
        let offset = number(self.text("offset"), "offset")?.unwrap_or(0);
        if offset > 1_000_000 {
            return Err(ApiError::invalid("offset", "out_of_range", "must be at most 1000000: use `cursor`"));
        }
        Ok(Page { limit, offset, cursor: self.text("cursor") })
    }

    /// Refuses whatever nobody asked for.
    pub fn finish(self) -> Result<(), ApiError> {
        match self.0.into_keys().next() {
            Some(name) => Err(ApiError::invalid(name, "unknown_parameter", "is not a parameter of this request")),
            None => Ok(()),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or_default().as_bytes();
        Ok(Self(url::form_urlencoded::parse(query).into_owned().collect()))
    }
}
