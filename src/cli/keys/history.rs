//! `campanile keys history`

use clap::Args;
use serde_json::Value;

use super::{Operator, Place};
use crate::cli::Failure;

const EXAMPLES: &str = "Examples:
  campanile keys history key_01k2x3y4z5a6b7c8d9e0f1g2h3
  campanile keys history key_01k2x3y4z5a6b7c8d9e0f1g2h3 --json | jq '.data[] | select(.type == \"key.widened\")'";

/// Tell what happened to a key, oldest first, and which writes were refused to it in the last 90 days
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct History {
    /// The key's id, as `keys list` shows it
    #[arg(value_name = "KEY")]
    id: String,

    /// Print one JSON object instead of lines: the history as the API gives it
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    place: Place,
}

impl History {
    pub(super) fn run(self) -> Result<(), Failure> {
        let path = self.place.path_of(&self.id, "/history")?;
        let told = self.place.run(async |engine: &Operator| {
            let data = engine.all(&path).await?;
            let mut told = engine.get(&format!("{path}&limit=1")).await?;
            (told["data"], told["next_cursor"]) = (data.into(), Value::Null);
            Ok(told)
        })?;
        if self.json {
            say!("{told}");
            return Ok(());
        }
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        for event in told["data"].as_array().into_iter().flatten() {
            let [at, kind, actor] = ["at", "type", "actor"].map(|field| text(&event[field]));
            say!("{at:<24}  {kind:<20}  {actor:<31}  {}", event["data"]);
        }
        for refused in told["refused_writes"].as_array().into_iter().flatten() {
            let [from, to, route, code] = ["first_at", "last_at", "route", "code"].map(|field| text(&refused[field]));
            say!("{from:<24}  refused {} times    {code} at {route}, last at {to}", refused["count"]);
        }
        Ok(())
    }
}
