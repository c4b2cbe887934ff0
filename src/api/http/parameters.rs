//! What stands after the question mark, taken out name by name, so that every wrong one is named.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    convert::Infallible,
    str::FromStr,
};

use axum::{
    extract::FromRequestParts,
    http::{Uri, request::Parts},
};
use campanile_projections::page::Page;
use chrono::{DateTime, Utc};

use super::{ApiError, At, Detail};

const USUAL_LIMIT: usize = 20;
const MOST: usize = 50;

/// What is left of a request's parameters.
#[derive(Debug, Clone)]
pub struct Parameters {
    given: BTreeMap<String, String>,
    /// Those that stand there twice, or aren't text.
    wrong: Vec<Detail>,
}

impl Parameters {
    /// A text.
    pub fn text(&mut self, name: &str) -> Option<String> {
        self.given.remove(name).filter(|text| !text.is_empty())
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
        let Self { given, mut wrong } = self;
        let unknown = |name| Detail::new(name, "unknown_parameter", "is not a parameter of this request");
        wrong.extend(given.into_keys().map(unknown));
        if wrong.is_empty() { Ok(()) } else { Err(ApiError::invalid_all(wrong)) }
    }

    pub(super) fn of(uri: &Uri) -> Self {
        let query = uri.query().unwrap_or_default().as_bytes();
        let (mut given, mut wrong) = (BTreeMap::new(), Vec::<Detail>::new());
        let mut note = |name: &str, code, message| {
            if !wrong.iter().any(|known| known.field == name) {
                wrong.push(Detail::new(name, code, message));
            }
        };
        for (name, value) in url::form_urlencoded::parse(query).into_owned() {
            // What no text can be read from is replaced by this letter; nobody means it.
            if [&name, &value].iter().any(|it| it.contains(['\u{fffd}', '\0'])) {
                note(&name.replace('\0', "\\u0000"), "invalid", "must be UTF-8 text without U+0000");
                continue;
            }
            match given.entry(name) {
                Entry::Vacant(free) => drop(free.insert(value)),
                Entry::Occupied(first) => note(first.key(), "repeated", "stands there twice"),
            }
        }
        Self { given, wrong }
    }
}

impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.uri))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_that_nobody_can_mean_is_named() {
        let refused = |query: &str| {
            let mut given = Parameters::of(&format!("/?{query}").parse().expect("an address"));
            let asked = given.text("a");
            let wrong = given.finish().err().map(|error| error.details).unwrap_or_default();
            (asked, wrong.iter().map(|it| format!("{} {}", it.field, it.code)).collect::<Vec<_>>().join(", "))
        };
        let one = || Some("1".to_owned());
        assert_eq!(refused("a=1"), (one(), String::new()));
        assert_eq!(refused(""), (None, String::new()));
        assert_eq!(refused("a=1&a=1&a=2"), (one(), "a repeated".into()));
        assert_eq!(refused("c=1&b=2&a=1"), (one(), "b unknown_parameter, c unknown_parameter".into()));
        assert_eq!(refused("a=%ff"), (None, "a invalid".into()));
        assert_eq!(refused("%00=1&a=1"), (one(), r"\u0000 invalid".into()));
    }
}
