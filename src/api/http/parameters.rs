//! What stands after the question mark, taken out name by name, so that every wrong one is named.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    convert::Infallible,
    fmt::Display,
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
const MOST_LEFT_OUT: usize = 1_000_000;

/// What is left of a request's parameters. What can't be read is noted as it is taken, and told by
/// [`Parameters::finish`] with everything else that is wrong: nothing may be done before.
#[derive(Debug, Clone)]
pub struct Parameters {
    given: BTreeMap<String, String>,
    /// Those that stand there twice, or can't be read.
    wrong: Vec<Detail>,
}

impl Parameters {
    /// A text; one that is empty is none.
    pub fn text(&mut self, name: &str) -> Option<String> {
        self.given.remove(name).filter(|text| !text.is_empty())
    }

    /// What `read` makes of what was given, which may be empty, or what it says that it must be.
    pub fn read_as<T, E: Display>(&mut self, name: &str, read: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        let text = self.given.remove(name)?;
        read(&text).map_err(|error| self.note(name, "invalid", &error.to_string())).ok()
    }

    /// Something that reads from a text.
    pub fn read<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<T> {
        self.read_as(name, str::parse)
    }

    /// A truth.
    pub fn flag(&mut self, name: &str) -> bool {
        let read = |text: &str| text.parse().map_err(|_| "must be `true` or `false`");
        self.read_as(name, read).unwrap_or_default()
    }

    /// An instant.
    pub fn time(&mut self, name: &str) -> Option<DateTime<Utc>> {
        self.read::<At>(name).map(|at| at.0)
    }

    /// Which part of a list.
    pub fn page(&mut self) -> Page {
        let number = |text: &str| text.parse::<usize>().map_err(|_| "must be a whole number from 0");
        let limit = self.read_as("limit", number).unwrap_or(USUAL_LIMIT);
        if !(1..=MOST).contains(&limit) {
            self.note("limit", "out_of_range", &format!("must be from 1 to {MOST}"));
        }
        let offset = self.read_as("offset", number).unwrap_or(0);
        if offset > MOST_LEFT_OUT {
            self.note("offset", "out_of_range", &format!("must be at most {MOST_LEFT_OUT}: use `cursor`"));
        }
        Page { limit, offset, cursor: self.text("cursor") }
    }

    /// Notes that a parameter can't be meant.
    pub fn note(&mut self, name: &str, code: &str, message: &str) {
        if !self.wrong.iter().any(|known| known.field == name) {
            self.wrong.push(Detail::new(name, code, message));
        }
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
        let mut read = Self { given: BTreeMap::new(), wrong: Vec::new() };
        for (name, value) in url::form_urlencoded::parse(query).into_owned() {
            // What no text can be read from is replaced by this letter; nobody means it.
            if [&name, &value].iter().any(|it| it.contains(['\u{fffd}', '\0'])) {
                read.note(&name.replace('\0', "\\u0000"), "invalid", "must be UTF-8 text without U+0000");
                continue;
            }
            match read.given.entry(name) {
                Entry::Vacant(free) => drop(free.insert(value)),
                Entry::Occupied(first) => {
                    let name = first.key().clone();
                    read.note(&name, "repeated", "stands there twice");
                }
            }
        }
        read
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

    #[test]
    fn what_is_empty_is_no_text_and_nothing_else_either() {
        let mut given = Parameters::of(&"/?limit=&offset=&cursor=&from=&all=".parse().expect("an address"));
        let page = given.page();
        assert_eq!((page.cursor, given.time("from"), given.flag("all")), (None, None, false));
        let refused = given.finish().expect_err("four of them are wrong");
        let told: Vec<_> = refused.details.iter().map(|it| format!("{} {}", it.field, it.code)).collect();
        assert_eq!(told, ["limit invalid", "offset invalid", "from invalid", "all invalid"]);
    }

    #[test]
    fn every_parameter_that_can_not_be_read_is_named_at_once() {
        let query = "/?limit=51&offset=x&from=soon&all=yes&status=loud&colour=1";
        let mut given = Parameters::of(&query.parse().expect("an address"));
        let page = given.page();
        let read = (given.time("from"), given.flag("all"), given.read_as("status", |_| Err::<(), _>("must be quiet")));
        assert_eq!((page.offset, read), (0, (None, false, None)));
        let refused = given.finish().expect_err("all of them are wrong");
        let told: Vec<_> = refused.details.iter().map(|it| format!("{} {}", it.field, it.code)).collect();
        let all = ["limit out_of_range", "offset invalid", "from invalid", "all invalid", "status invalid"];
        assert_eq!(told, [&all[..], &["colour unknown_parameter"]].concat());
    }
}
