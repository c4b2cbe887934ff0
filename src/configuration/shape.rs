//! What `campanile.toml` may hold, held against a file: a key that doesn't exist and a value of the wrong kind are named
//! with their line. serde knows neither the line of a key that stands in both spellings nor what a person writes instead.

use std::collections::BTreeSet;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// What a key may hold.
#[derive(Debug, Clone, Copy)]
enum Form {
    /// Text, such as this.
    Text(&'static str),
    /// Text with commas, or a list of texts; such as this.
    Words(&'static str),
    /// A whole number from 1 to this.
    Count(i64),
    /// One of two words.
    LogFormat,
    /// Seconds, whole or not.
    Seconds,
    /// True or false.
    Truth,
    /// A table with these keys.
    Table(Keys),
    /// A table of tables with names of their own, each with these keys.
    Named(Keys),
}
use Form::{Count, LogFormat, Named, Seconds, Table, Text, Truth, Words};

type Keys = &'static [(&'static str, Form)];

const ADDRESS: Form = Text("\"https://campanile.example\"");
const NETWORKS: Form = Words("[\"10.0.0.0/8\"]");
const COLLECTOR: (&str, Form) = ("otlp_endpoint", Text("\"http://127.0.0.1:4318\""));

const TIMING: Keys = &[
    ("lease", Seconds),
    ("settle", Seconds),
    ("lookup_gap", Seconds),
    ("quiet", Seconds),
    ("sweep", Seconds),
    ("retry_first", Seconds),
    ("retry_most", Seconds),
];

const NUMBER: Form = Count(u32::MAX as i64);
const LIMITS: Keys =
    &[("per_minute", NUMBER), ("per_day", NUMBER), ("unauthenticated_per_minute", NUMBER), ("minute", NUMBER)];

const PLAN: Keys = &[
    ("requests_per_minute", NUMBER),
    ("requests_per_day", NUMBER),
    ("posts_per_month", Count(i64::MAX)),
    ("media_bytes_per_month", Count(i64::MAX)),
    ("lacks", Words("[\"media\", \"threads\"]")),
    ("for_new_workspaces", Truth),
];

const FILE: Keys = &[
    ("data", Text("\"./campanile-data\"")),
    ("master_key_file", Text("\"/etc/campanile/master.key\"")),
    ("pepper_file", Text("\"/etc/campanile/peppers\"")),
    ("listen", Text("\"127.0.0.1:8080\"")),
    ("database_url", Text("\"postgres://…\"")),
    ("nats_url", Text("\"nats://…\"")),
    ("nats_credentials_file", Text("\"/etc/campanile/nats.creds\"")),
    ("nats_ca_file", Text("\"/etc/campanile/nats-ca.pem\"")),
    ("nats_name", Text("\"bells\"")),
    ("nats_replicas", Count(5)),
    ("roles", Words("[\"api\", \"worker\"]")),
    ("workers", Count(1_000)),
    ("public_url", ADDRESS),
    ("trusted_proxies", NETWORKS),
    ("allow_egress", NETWORKS),
    ("log_format", LogFormat),
    COLLECTOR,
    ("timing", Table(TIMING)),
    ("limits", Table(LIMITS)),
    ("plans", Named(PLAN)),
    ("telemetry", Table(&[COLLECTOR])),
];

/// The first thing in the file that can't be meant, with its line.
pub(super) fn check(text: &str) -> Result<(), String> {
    let file = DeTable::parse(text).map_err(|error| unread(text, &error))?;
    let mut wrong = Vec::new();
    look("", file.get_ref(), FILE, &mut wrong);
    wrong.into_iter().min().map_or(Ok(()), |(at, message)| Err(format!("line {}: {message}", line(text, at))))
}

/// What the parser minds, with its line.
pub(super) fn unread(text: &str, error: &toml::de::Error) -> String {
    let place = error.span().map(|span| format!("line {}: ", line(text, span.start))).unwrap_or_default();
    format!("{place}{}", error.message())
}

fn line(text: &str, at: usize) -> usize {
    text[..at.min(text.len())].matches('\n').count() + 1
}

/// What is wrong in a table, each with its place in the text.
fn look(table: &str, given: &DeTable<'_>, known: Keys, wrong: &mut Vec<(usize, String)>) {
    let mut seen = BTreeSet::new();
    let mut all: Vec<_> = given.iter().collect();
    all.sort_by_key(|(key, _)| key.span().start);
    for (key, value) in all {
        // A key is written as its flag is, or with underscores.
        let name = key.get_ref().replace('-', "_");
        let at = key.span().start;
        let Some((_, form)) = known.iter().find(|(known, _)| *known == name) else {
            let place = if table.is_empty() { "there are" } else { &*format!("`[{table}]` has") };
            wrong.push((at, format!("unknown key `{}`: {place} {}", key.get_ref(), names(known))));
            continue;
        };
        let path = if table.is_empty() { name.clone() } else { format!("{table}.{name}") };
        if !seen.insert(name) {
            wrong.push((at, format!("twice the key `{path}`")));
        }
        if let Table(keys) = form
            && let DeValue::Table(inner) = value.get_ref()
        {
            look(&path, inner, keys, wrong);
        } else if let (Named(keys), DeValue::Table(named)) = (form, value.get_ref()) {
            for (name, value) in named {
                let path = format!("{path}.{}", name.get_ref());
                match value.get_ref() {
                    DeValue::Table(inner) => look(&path, inner, keys, wrong),
                    other => {
                        let form = Table(keys);
                        let message = format!("`{path}` must be {}, not {}", form.told(&path), kind(form, other));
                        wrong.push((name.span().start, message));
                    }
                }
            }
        } else if !form.takes(value) {
            wrong.push((at, format!("`{path}` must be {}, not {}", form.told(&path), kind(*form, value.get_ref()))));
        }
    }
}

fn names(known: Keys) -> String {
    let all: Vec<_> = known.iter().map(|(name, _)| format!("`{name}`")).collect();
    match &all[..] {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        all => all.concat(),
    }
}

impl Form {
    fn takes(self, value: &Spanned<DeValue<'_>>) -> bool {
        match (self, value.get_ref()) {
            (Text(_) | Words(_), DeValue::String(_)) | (Seconds, DeValue::Integer(_) | DeValue::Float(_)) => true,
            (Count(most), DeValue::Integer(number)) => {
                let number = i64::from_str_radix(&number.as_str().replace('_', ""), number.radix());
                number.is_ok_and(|number| (1..=most).contains(&number))
            }
            (Words(_), DeValue::Array(all)) => all.iter().all(|it| matches!(it.get_ref(), DeValue::String(_))),
            (Truth, DeValue::Boolean(_)) => true,
            (LogFormat, DeValue::String(word)) => ["pretty", "json"].contains(&&**word),
            _ => false,
        }
    }

    fn told(self, path: &str) -> String {
        match self {
            Text(example) => format!("a text such as {example}"),
            Words(example) => format!("a list of texts such as {example}"),
            Count(most) => format!("a whole number from 1 to {most}"),
            LogFormat => "\"pretty\" or \"json\"".to_owned(),
            Seconds => "a number of seconds".to_owned(),
            Truth => "true or false".to_owned(),
            Named(_) => format!("a table of tables: `[{path}.NAME]`, with a key on each line"),
            Table(_) => format!("a table: `[{path}]`, with a key on each line"),
        }
    }
}

/// What a person calls it; the value itself may be a secret.
fn kind(form: Form, value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::Integer(_) | DeValue::Float(_) if matches!(form, Count(_)) => "this number",
        DeValue::String(_) => "this text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a time",
        DeValue::Array(_) => "this list",
        DeValue::Table(_) => "a table",
    }
}

#[cfg(test)]
mod tests {
    use campanile_events::timing::Timing;

    use super::*;
    use crate::access::{limits::LimitSettings, plans::PlanSettings};

    #[test]
    fn what_can_not_be_meant_is_named_with_its_line_and_what_can() {
        let keys = names(FILE);
        for (text, message) in [
            (
                "listen = \"a\"\n\n[timing]\nlease = 1\nfoo = 1",
                "line 5: unknown key `foo`: `[timing]` has `lease`, `settle`, `lookup_gap`, `quiet`, `sweep`, \
                 `retry_first` and `retry_most`",
            ),
            ("[telemetry]\nurl = \"x\"", "line 2: unknown key `url`: `[telemetry]` has `otlp_endpoint`"),
            ("timing.foo-bar = 1", "line 1: unknown key `foo-bar`: `[timing]` has"),
            ("\nlissten = 1\nfoo = 2", &*format!("line 2: unknown key `lissten`: there are {keys}")),
            ("[storage]\npath = 1", "line 1: unknown key `storage`: there are"),
            ("Listen = \"a\"", "line 1: unknown key `Listen`: there are"),
            ("\nlisten = 5", "line 2: `listen` must be a text such as \"127.0.0.1:8080\", not a number"),
            ("workers = \"four\"", "line 1: `workers` must be a whole number from 1 to 1000, not this text"),
            ("nats_replicas = 6", "line 1: `nats_replicas` must be a whole number from 1 to 5, not this number"),
            ("workers = 1.5", "line 1: `workers` must be a whole number from 1 to 1000, not this number"),
            ("workers = -1", "line 1: `workers` must be a whole number from 1 to 1000, not this number"),
            (
                "[limits]\nper_day = 0",
                "line 2: `limits.per_day` must be a whole number from 1 to 4294967295, not this number",
            ),
            ("[limits]\nper_hour = 1", "line 2: unknown key `per_hour`: `[limits]` has `per_minute`, `per_day`,"),
            ("workers = 0x1_001", "line 1: `workers` must be a whole number from 1 to 1000, not this number"),
            (
                "database-url = true",
                "line 1: `database_url` must be a text such as \"postgres://…\", not true or false",
            ),
            ("roles = [1]", "line 1: `roles` must be a list of texts such as [\"api\", \"worker\"], not this list"),
            ("log_format = \"loud\"", "line 1: `log_format` must be \"pretty\" or \"json\", not this text"),
            (
                "timing = \"lease=1\"",
                "line 1: `timing` must be a table: `[timing]`, with a key on each line, not this text",
            ),
            ("[timing]\nlease = \"1s\"", "line 2: `timing.lease` must be a number of seconds, not this text"),
            (
                "[[timing]]\nlease = 1",
                "line 1: `timing` must be a table: `[timing]`, with a key on each line, not this list",
            ),
            (
                "[plans.free]\nai_calls_per_month = 5",
                "line 2: unknown key `ai_calls_per_month`: `[plans.free]` has `requests_per_minute`, ",
            ),
            (
                "[plans.free]\nposts_per_month = 0",
                "line 2: `plans.free.posts_per_month` must be a whole number from 1 to 9223372036854775807, not this number",
            ),
            (
                "[plans]\nfree = 5",
                "line 2: `plans.free` must be a table: `[plans.free]`, with a key on each line, not a number",
            ),
            (
                "plans = 5",
                "line 1: `plans` must be a table of tables: `[plans.NAME]`, with a key on each line, not a number",
            ),
            (
                "[plans.free]\nfor_new_workspaces = 1",
                "line 2: `plans.free.for_new_workspaces` must be true or false, not a number",
            ),
            ("public_url = \"a\"\npublic-url = \"b\"", "line 2: twice the key `public_url`"),
            ("[timing]\nlookup_gap = 1\nlookup-gap = 2", "line 3: twice the key `timing.lookup_gap`"),
            ("listen = \"a\"\nlisten = \"b\"", "line 2: duplicate key"),
            ("listen = 127.0.0.1:80", "line 1: "),
        ] {
            let refused = check(text).expect_err(text);
            assert!(refused.starts_with(message), "{text}: {refused}");
        }
        let hidden = check("database_url = [\"postgres://u:hidden@db\"]").expect_err("a list");
        assert!(!hidden.contains("hidden"), "{hidden}");
    }

    #[test]
    fn every_time_constant_every_limit_and_all_of_a_plan_is_known() {
        let known: Vec<_> = TIMING.iter().map(|(name, _)| *name).collect();
        assert_eq!(known, Timing::default().entries().map(|(name, _)| name));
        let known: Vec<_> = PLAN.iter().map(|(name, _)| *name).collect();
        assert_eq!(known, PlanSettings::NAMES);
        let known: Vec<_> = LIMITS.iter().map(|(name, _)| *name).collect();
        assert_eq!(known, LimitSettings::default().entries().map(|(name, _)| name));
    }
}
