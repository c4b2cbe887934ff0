//! `campanile keys create`

use clap::{Args, ValueEnum};
use http::Method;
use serde_json::{Value, json};

use super::{Operator, Place};
use crate::cli::Failure;

const EXAMPLES: &str = "Examples:
  campanile keys create --name ci --scope posts:read --scope posts:write
  campanile keys create --name calendar --scope posts:publish,posts:write --expires-in-days 90
  KEY=$(campanile keys create --name trial --scope '*' --mode test --json | jq -r .secret)

`GET /v1/scopes` lists the scopes; `*` holds them all.";

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
    #[arg(long = "scope", value_name = "SCOPE", required = true, value_delimiter = ',')]
    scopes: Vec<String>,

    /// Where it may publish: to all accounts, or to the sandbox's only
    #[arg(long, value_name = "MODE", default_value = "live")]
    mode: Mode,

    /// From when it no longer holds [default: never]
    #[arg(long, value_name = "DAYS")]
    expires_in_days: Option<u32>,

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
        let body = json!({
            "name": self.name,
            "description": self.description,
            "scopes": self.scopes,
            "mode": match self.mode { Mode::Live => "live", Mode::Test => "test" },
            "expires_in_days": self.expires_in_days,
        });
        let path = self.place.path("/operator/keys");
        let made = Operator::run(self.place.folder, async |engine| engine.ask(Method::POST, &path, Some(&body)).await)?;
        print(&made, self.json);
        Ok(())
    }
}

fn print(made: &Value, as_json: bool) {
    if as_json {
        println!("{made}");
        return;
    }
    let text = |field: &str| made[field].as_str().unwrap_or_default().to_owned();
    println!("key      {}\nsecret   {}\nexpires  {}\n", text("id"), text("secret"), until(&made["expires_at"]));
    println!("The secret is shown this once.");
}

fn until(expires_at: &Value) -> &str {
    expires_at.as_str().unwrap_or("never")
}
