//! `campanile keys update`

use campanile_events::key::PRESETS;
use clap::{ArgGroup, Args};
use http::Method;
use serde_json::{Map, Value, json};

use super::{Operator, Place, get::print};
use crate::cli::Failure;

const EXAMPLES: &str = "Examples:
  campanile keys update key_01k2x3y4z5a6b7c8d9e0f1g2h3 --name 'ci, staging'
  campanile keys update key_01k2x3y4z5a6b7c8d9e0f1g2h3 --scope posts:read --expires-in-days 30
  campanile keys update key_01k2x3y4z5a6b7c8d9e0f1g2h3 --allow-ip 203.0.113.0/24 --any-origin

What is named takes the place of what was; the rest stays. What was taken away is refused from the next request on. The key's
history tells what it is called by now, what was taken from it and what it was given, each by itself (`keys history`).";

/// Change what a key is called, what it may do, from where and until when
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of its own, and the command line says which exclude which"
)]
#[command(after_help = EXAMPLES)]
#[command(group(ArgGroup::new("change").required(true).multiple(true).args([
    "name", "description", "no_description", "scopes", "preset", "expires_in_days", "never_expires", "per_minute", "per_day",
    "origins", "any_origin", "ips", "any_ip", "accounts", "any_account",
])))]
pub struct Update {
    /// The key's id, as `keys list` shows it
    #[arg(value_name = "KEY")]
    id: String,

    /// What it is called
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,

    /// Say nothing of what it is for
    #[arg(long, conflicts_with = "description")]
    no_description: bool,

    /// What it may do, in place of what it might; several times, or with commas
    #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',')]
    scopes: Vec<String>,

    /// What it may do, by one word: beside the scopes or instead of them
    #[arg(long, value_name = "PRESET", value_parser = PRESETS.iter().map(|it| it.name).collect::<Vec<_>>())]
    preset: Option<String>,

    /// From when, counted from now, it no longer holds
    #[arg(long, value_name = "DAYS")]
    expires_in_days: Option<u32>,

    /// It holds for good
    #[arg(long, conflicts_with = "expires_in_days")]
    never_expires: bool,

    /// How many requests it may make in a minute
    #[arg(long, value_name = "REQUESTS")]
    per_minute: Option<u32>,

    /// How many requests it may make in a day, in UTC
    #[arg(long, value_name = "REQUESTS")]
    per_day: Option<u32>,

    /// Where browsers may use it; several times, or with commas
    #[arg(long = "allow-origin", value_name = "ORIGIN", value_delimiter = ',')]
    origins: Vec<String>,

    /// It holds from anywhere, and no page reads what it is answered
    #[arg(long, conflicts_with = "origins")]
    any_origin: bool,

    /// From where it may be used: an address or a network; several times, or with commas
    #[arg(long = "allow-ip", value_name = "NETWORK", value_delimiter = ',')]
    ips: Vec<String>,

    /// It may be used from everywhere
    #[arg(long, conflicts_with = "ips")]
    any_ip: bool,

    /// An account that it is bound to; several times, or with commas
    #[arg(long = "allow-account", value_name = "ACCOUNT", value_delimiter = ',')]
    accounts: Vec<String>,

    /// It is bound to no account
    #[arg(long, conflicts_with = "accounts")]
    any_account: bool,

    /// Print one JSON object instead of lines: the key as the API gives it
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    place: Place,
}

impl Update {
    pub(super) fn run(self) -> Result<(), Failure> {
        let path = self.place.path_of(&self.id, "")?;
        let body = self.body();
        let changed = self.place.run(async |engine: &Operator| engine.ask(Method::PATCH, &path, Some(&body)).await)?;
        print(&changed, self.json);
        Ok(())
    }

    /// What was named, and nothing else.
    fn body(&self) -> Value {
        let preset = PRESETS.iter().find(|it| Some(it.name) == self.preset.as_deref());
        let preset = preset.into_iter().flat_map(|preset| preset.scopes).map(|scope| (*scope).to_owned());
        let scopes: Vec<_> = self.scopes.iter().cloned().chain(preset).collect();
        let limits = [("per_minute", self.per_minute), ("per_day", self.per_day)];
        let limits = limits.into_iter().filter_map(|(window, number)| Some((window.to_owned(), json!(number?))));
        let limits: Map<_, _> = limits.collect();
        let list = |all: &[String], none: bool| (none || !all.is_empty()).then(|| json!(all));
        let fields = [
            ("name", self.name.as_ref().map(|it| json!(it))),
            (
                "description",
                self.description.as_ref().map(|it| json!(it)).or(self.no_description.then_some(Value::Null)),
            ),
            ("scopes", list(&scopes, false)),
            ("expires_in_days", self.expires_in_days.map(|it| json!(it)).or(self.never_expires.then_some(Value::Null))),
            ("rate_limit", (!limits.is_empty()).then_some(Value::Object(limits))),
            ("allowed_origins", list(&self.origins, self.any_origin)),
            ("allowed_ips", list(&self.ips, self.any_ip)),
            ("allowed_accounts", list(&self.accounts, self.any_account)),
        ];
        Value::Object(fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
    }
}
