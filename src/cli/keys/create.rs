//! `campanile keys create`

use campanile_events::key::PRESETS;
use clap::{Args, ValueEnum};
use http::Method;
use serde_json::{Value, json};

use super::{Operator, Place};
use crate::cli::Failure;

const EXAMPLES: &str = "Examples:
  campanile keys create --name ci --scope posts:read --scope posts:write
  campanile keys create --name calendar --scope posts:publish,posts:write --expires-in-days 90
  campanile keys create --name newsroom --preset publisher --allow-account acct_01k2x3y4z5a6b7c8d9e0f1g2h3
  campanile keys create --name office --preset reader --allow-ip 203.0.113.0/24 --allow-ip 2001:db8::/32
  KEY=$(campanile keys create --name trial --scope '*' --mode test --json | jq -r .secret)

Presets: reader, drafter, publisher, reporter, admin. `GET /v1/scopes` says what is in them, and lists the scopes; `*`
holds them all, those to come too.";

/// Make a key; prints its secret, once
///
/// The secret is kept nowhere: who loses it makes another key and revokes this one.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Create {
    /// What it is called
    #[arg(long, value_name = "NAME")]
    name: String,

    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,

    /// What it may do; several times, or with commas
    #[arg(long = "scope", value_name = "SCOPE", required_unless_present = "preset", value_delimiter = ',')]
    scopes: Vec<String>,

    /// What it may do, by one word: beside the scopes or instead of them
    #[arg(long, value_name = "PRESET", value_parser = PRESETS.iter().map(|it| it.name).collect::<Vec<_>>())]
    preset: Option<String>,

    /// Where it may publish: to all accounts, or to the sandbox's only
    #[arg(long, value_name = "MODE", default_value = "live")]
    mode: Mode,

    /// From when it no longer holds [default: never]
    #[arg(long, value_name = "DAYS")]
    expires_in_days: Option<u32>,

    /// How many requests it may make in a minute [default: 60, or what the engine's limits say is usual]
    ///
    /// Given alone, the day's limit is as usual, and the other way round.
    #[arg(long, value_name = "REQUESTS")]
    per_minute: Option<u32>,

    /// How many requests it may make in a day, in UTC [default: 10000, or what the engine's limits say is usual]
    #[arg(long, value_name = "REQUESTS")]
    per_day: Option<u32>,

    /// Where browsers may use it, such as `https://app.example.com`; several times, or with commas [default: anywhere]
    #[arg(long = "allow-origin", value_name = "ORIGIN", value_delimiter = ',')]
    origins: Vec<String>,

    /// From where it may be used: an address or a network; several times, or with commas [default: everywhere]
    #[arg(long = "allow-ip", value_name = "NETWORK", value_delimiter = ',')]
    ips: Vec<String>,

    /// An account that it is bound to; several times, or with commas [default: all]
    #[arg(long = "allow-account", value_name = "ACCOUNT", value_delimiter = ',')]
    accounts: Vec<String>,

    /// Print one JSON object instead of words: the key as the API gives it, with its `secret`
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Mode {
    Live,
    Test,
}

impl Create {
    pub(super) fn run(self) -> Result<(), Failure> {
        let preset = PRESETS.iter().find(|it| Some(it.name) == self.preset.as_deref());
        let preset = preset.into_iter().flat_map(|preset| preset.scopes).map(|scope| (*scope).to_owned());
        let rate_limit = (self.per_minute.is_some() || self.per_day.is_some()).then(|| {
            // What isn't said is the engine's to fill in: it knows what is usual there.
            let said = [("per_minute", self.per_minute), ("per_day", self.per_day)];
            let said = said.into_iter().filter_map(|(window, number)| Some((window.to_owned(), number?.into())));
            Value::Object(said.collect())
        });
        let body = json!({
            "name": self.name,
            "description": self.description,
            "scopes": self.scopes.into_iter().chain(preset).collect::<Vec<_>>(),
            "mode": match self.mode { Mode::Live => "live", Mode::Test => "test" },
            "expires_in_days": self.expires_in_days,
            "rate_limit": rate_limit,
            "allowed_origins": self.origins,
            "allowed_ips": self.ips,
            "allowed_accounts": self.accounts,
        });
        let path = self.place.path("keys");
        let made = self.place.run(async |engine: &Operator| engine.ask(Method::POST, &path, Some(&body)).await)?;
        print(&made, self.json);
        Ok(())
    }
}

/// A key with its secret, for a person or a program.
pub(super) fn print(made: &Value, as_json: bool) {
    if as_json {
        say!("{made}");
        return;
    }
    let text = |field: &str| made[field].as_str().unwrap_or_default().to_owned();
    say!("key      {}\nsecret   {}\nexpires  {}\n", text("id"), text("secret"), until(&made["expires_at"]));
    say!("The secret is shown this once.");
}

fn until(expires_at: &Value) -> &str {
    expires_at.as_str().unwrap_or("never")
}
