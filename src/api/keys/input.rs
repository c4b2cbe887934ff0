//! What a client writes of a key.

use std::collections::BTreeSet;

use campanile_events::{
    ids::AccountId,
    key::{Grant, KeyMode, PRESETS, RateLimit, Scopes},
};
use chrono::{DateTime, Duration, Utc};
use ipnet::IpNet;
use serde::{Deserialize, Deserializer};

use crate::{
    access::{network, origin},
    api::{
        http::{ApiError, Detail},
        openapi::{AccountRef, AskedScope, KeyModeName, PresetName},
    },
};

const LONGEST_NAME: usize = 100;
const LONGEST_DESCRIPTION: usize = 1_000;
const MOST_DAYS: u32 = 3_650;
const MOST_ENTRIES: usize = 100;

/// A new key. What is not said of its bounds is as the key's that makes it.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// What you call it.
    #[schema(min_length = 1, max_length = 100, pattern = "\\S")]
    pub(super) name: String,
    /// What it is for.
    #[schema(max_length = 1_000)]
    pub(super) description: Option<String>,
    /// What it may do; none beyond what the key that makes it may. This or `preset` has to be said.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Vec<AskedScope>, required = false, min_items = 1)]
    scopes: Option<Vec<String>>,
    /// What it may do, by one word, as `GET /v1/scopes` lists them: in place of `scopes`.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = PresetName, required = false)]
    preset: Option<String>,
    /// Whether it may publish to live accounts.
    #[serde(default)]
    #[schema(value_type = KeyModeName)]
    pub(super) mode: KeyMode,
    /// When its time is over; never, if not said.
    #[schema(minimum = 1, maximum = 3_650)]
    expires_in_days: Option<u32>,
    /// How many requests it may make. What is not said, all of it or one of the two, is as usual: 60 a minute and 10,000 a day,
    /// unless the engine is told otherwise; never more than the key that makes it may.
    rate_limit: Option<NewRateLimit>,
    /// Whose pages may use it: origins such as `https://app.example.com`, for which CORS is on. Then nobody else may. If none is
    /// named it holds from anywhere, but no page reads what it is answered.
    #[serde(default)]
    #[schema(max_items = 100)]
    allowed_origins: Vec<String>,
    /// From where it may be used: addresses and networks such as `203.0.113.0/24` and `2001:db8::/32`; from everywhere, if
    /// none is named.
    #[serde(default)]
    #[schema(max_items = 100)]
    allowed_ips: Vec<String>,
    /// The accounts that it is bound to; all, if none is named.
    #[serde(default)]
    #[schema(value_type = Vec<AccountRef>, max_items = 100)]
    allowed_accounts: Vec<AccountId>,
}

/// How many requests it may make.
#[derive(Debug, Clone, Copy, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRateLimit {
    /// In a minute.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = u32, required = false, minimum = 1, maximum = 4_294_967_295_u64)]
    per_minute: Option<u32>,
    /// In a day.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = u32, required = false, minimum = 1, maximum = 4_294_967_295_u64)]
    per_day: Option<u32>,
}

impl NewRateLimit {
    /// With what is not said from another.
    fn or(self, other: RateLimit) -> RateLimit {
        RateLimit {
            per_minute: self.per_minute.unwrap_or(other.per_minute),
            per_day: self.per_day.unwrap_or(other.per_day),
        }
    }
}

/// Changes of a key; what is absent stays. `null` takes away what may be absent.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyEdits {
    /// What you call it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 100, pattern = "\\S")]
    pub(super) name: Option<String>,
    /// What it is for; `null` for nothing.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 1_000)]
    #[expect(clippy::option_option, reason = "absent, `null` and a value say three things")]
    pub(super) description: Option<Option<String>>,
    /// What it may do; more than now only within what the key that asks may.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Vec<AskedScope>, required = false, min_items = 1)]
    scopes: Option<Vec<String>>,
    /// When its time is over, from now on; `null` for never.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 3_650)]
    #[expect(clippy::option_option, reason = "absent, `null` and a value say three things")]
    expires_in_days: Option<Option<u32>>,
    /// How many requests it may make; the one of the two that is not said stays.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = NewRateLimit, required = false)]
    rate_limit: Option<NewRateLimit>,
    /// Whose pages may use it, and read what it is answered (CORS); if none is named it holds from anywhere, without CORS.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Vec<String>, required = false, max_items = 100)]
    allowed_origins: Option<Vec<String>>,
    /// From where it may be used; from everywhere, if none is named.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Vec<String>, required = false, max_items = 100)]
    allowed_ips: Option<Vec<String>>,
    /// The accounts that it is bound to; all, if none is named.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Vec<AccountRef>, required = false, max_items = 100)]
    allowed_accounts: Option<Vec<AccountId>>,
}

/// Tells `null` from what is absent; where it means nothing it is refused rather than passed over.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl NewKey {
    /// What it would be allowed, if who makes it is allowed `own`, and `usual` is the limit of which nothing else is said.
    pub(super) fn grant(&self, own: &Grant, usual: RateLimit, now: DateTime<Utc>) -> Result<Grant, ApiError> {
        let mut form = Form::default();
        form.name(&self.name);
        form.description(self.description.as_deref());
        let usual = own.rate_limit.map_or(usual, |bound| usual.or_less(bound));
        let bound = |asked: &[String]| !asked.is_empty();
        let grant = Grant {
            scopes: form.scopes_or_preset(self.scopes.as_deref(), self.preset.as_deref()),
            mode: self.mode,
            expires_at: form.expiry(self.expires_in_days, now).or(own.expires_at),
            rate_limit: Some(form.rate_limit(self.rate_limit.map_or(usual, |limit| limit.or(usual)))),
            allowed_accounts: if self.allowed_accounts.is_empty() {
                own.allowed_accounts.clone()
            } else {
                form.accounts(&self.allowed_accounts)
            },
            allowed_origins: if bound(&self.allowed_origins) {
                form.origins(&self.allowed_origins)
            } else {
                own.allowed_origins.clone()
            },
            allowed_ips: if bound(&self.allowed_ips) { form.ips(&self.allowed_ips) } else { own.allowed_ips.clone() },
        };
        form.done(grant)
    }
}

impl KeyEdits {
    /// What the key would be allowed that is allowed `before`; `usual` is the limit of which nothing else is said.
    pub(super) fn grant(&self, before: &Grant, usual: RateLimit, now: DateTime<Utc>) -> Result<Grant, ApiError> {
        let mut form = Form::default();
        if let Some(name) = &self.name {
            form.name(name);
        }
        form.description(self.description.as_ref().and_then(Option::as_deref));
        let mut grant = before.clone();
        if let Some(scopes) = &self.scopes {
            grant.scopes = form.scopes(scopes);
        }
        if let Some(days) = self.expires_in_days {
            grant.expires_at = form.expiry(days, now);
        }
        if let Some(limit) = self.rate_limit {
            grant.rate_limit = Some(form.rate_limit(limit.or(before.rate_limit.unwrap_or(usual))));
        }
        if let Some(accounts) = &self.allowed_accounts {
            grant.allowed_accounts = form.accounts(accounts);
        }
        if let Some(origins) = &self.allowed_origins {
            grant.allowed_origins = form.origins(origins);
        }
        if let Some(ips) = &self.allowed_ips {
            grant.allowed_ips = form.ips(ips);
        }
        form.done(grant)
    }
}

/// What is wrong with it, as it is read.
#[derive(Debug, Default)]
struct Form(Vec<Detail>);

impl Form {
    fn wrong(&mut self, field: impl Into<String>, code: &str, message: impl Into<String>) {
        let (field, code, message) = (field.into(), code.to_owned(), message.into());
        self.0.push(Detail { field, code, message, account_id: None, platform: None });
    }

    fn done(self, grant: Grant) -> Result<Grant, ApiError> {
        if self.0.is_empty() { Ok(grant) } else { Err(ApiError::invalid_all(self.0)) }
    }

    fn name(&mut self, name: &str) {
        if !(1..=LONGEST_NAME).contains(&name.trim().chars().count()) {
            self.wrong("name", "invalid", format!("must have from 1 to {LONGEST_NAME} characters"));
        } else if name.chars().any(char::is_control) {
            self.wrong("name", "invalid", "must be one line, without control characters");
        }
    }

    fn description(&mut self, description: Option<&str>) {
        if description.is_some_and(|text| text.chars().count() > LONGEST_DESCRIPTION) {
            self.wrong("description", "too_long", format!("may have at most {LONGEST_DESCRIPTION} characters"));
        }
    }

    fn scopes_or_preset(&mut self, scopes: Option<&[String]>, preset: Option<&str>) -> Scopes {
        match (scopes, preset) {
            (Some(scopes), None) => return self.scopes(scopes),
            (None, Some(name)) => {
                if let Some(preset) = PRESETS.iter().find(|preset| preset.name == name) {
                    return Scopes::read(preset.scopes.iter().copied()).expect("presets are made of scopes");
                }
                let all: Vec<_> = PRESETS.iter().map(|preset| preset.name).collect();
                self.wrong("preset", "invalid", format!("must be one of `{}`", all.join("`, `")));
            }
            (None, None) => self.wrong("scopes", "missing", "is required, or `preset` in its place"),
            (Some(_), Some(_)) => self.wrong("preset", "conflicting", "can't be said beside `scopes`: leave one away"),
        }
        Scopes::default()
    }

    fn scopes(&mut self, names: &[String]) -> Scopes {
        if names.is_empty() {
            self.wrong("scopes", "empty", "must name at least one scope");
        }
        for (at, name) in names.iter().enumerate() {
            if let Err(error) = Scopes::read([name.as_str()]) {
                self.wrong(format!("scopes[{at}]"), "unknown_scope", error.to_string());
            }
        }
        Scopes::read(names.iter().map(String::as_str)).unwrap_or_default()
    }

    fn expiry(&mut self, days: Option<u32>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if days.is_some_and(|days| !(1..=MOST_DAYS).contains(&days)) {
            self.wrong("expires_in_days", "out_of_range", format!("must be from 1 to {MOST_DAYS}"));
            return None;
        }
        days.map(|days| now + Duration::days(i64::from(days)))
    }

    fn rate_limit(&mut self, limit: RateLimit) -> RateLimit {
        if limit.per_minute == 0 || limit.per_day == 0 {
            self.wrong("rate_limit", "out_of_range", "must allow at least one request");
        }
        limit
    }

    fn accounts(&mut self, all: &[AccountId]) -> BTreeSet<AccountId> {
        self.most("allowed_accounts", all.len());
        all.iter().copied().collect()
    }

    fn origins(&mut self, all: &[String]) -> BTreeSet<String> {
        self.most("allowed_origins", all.len());
        let read = all.iter().enumerate().filter_map(|(at, text)| {
            let read = origin(text);
            if let Err(error) = &read {
                self.wrong(format!("allowed_origins[{at}]"), "invalid", error.to_string());
            }
            read.ok()
        });
        read.collect()
    }

    fn ips(&mut self, all: &[String]) -> BTreeSet<IpNet> {
        self.most("allowed_ips", all.len());
        let read = all.iter().enumerate().filter_map(|(at, text)| {
            let read = network(text);
            if read.is_none() {
                let message = "must be an address or a network such as `203.0.113.0/24` or `2001:db8::/32`";
                self.wrong(format!("allowed_ips[{at}]"), "invalid", message);
            }
            read
        });
        read.collect()
    }

    fn most(&mut self, field: &str, count: usize) {
        if count > MOST_ENTRIES {
            self.wrong(field, "too_many", format!("may be at most {MOST_ENTRIES}"));
        }
    }
}
