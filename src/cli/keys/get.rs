//! `campanile keys get`

use clap::Args;
use serde_json::Value;

use super::{Operator, Place};
use crate::cli::{Failure, one_line::one_line};

const EXAMPLES: &str = "Examples:
  campanile keys get key_01k2x3y4z5a6b7c8d9e0f1g2h3
  campanile keys get key_01k2x3y4z5a6b7c8d9e0f1g2h3 --json | jq .allowed_ips";

/// Show a key: what it may do, from where, until when, and when it was last used
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Get {
    /// The key's id, as `keys list` shows it
    #[arg(value_name = "KEY")]
    id: String,

    /// Print one JSON object instead of lines: the key as the API gives it
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    place: Place,
}

impl Get {
    pub(super) fn run(self) -> Result<(), Failure> {
        let path = self.place.path_of(&self.id, "")?;
        let key = self.place.run(async |engine: &Operator| engine.get(&path).await)?;
        print(&key, self.json);
        Ok(())
    }
}

/// A key without its secret, for a person or a program.
pub(super) fn print(key: &Value, as_json: bool) {
    if as_json {
        say!("{key}");
        return;
    }
    let text = |field: &str, absent: &str| key[field].as_str().unwrap_or(absent).to_owned();
    let list = |field: &str, none: &str| {
        let all: Vec<_> = key[field].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if all.is_empty() { none.to_owned() } else { all.join(", ") }
    };
    let rate = |window: &str| key["rate_limit"][window].as_u64();
    let limit = match rate("per_minute").zip(rate("per_day")) {
        Some((minute, day)) => format!("{minute} a minute, {day} a day"),
        None => "none".to_owned(),
    };
    let mut lines = vec![
        ("key", text("id", "")),
        ("name", text("name", "")),
        ("for", text("description", "-")),
        ("status", text("status", "")),
        ("mode", text("mode", "")),
        ("prefix", text("prefix", "")),
        ("scopes", list("scopes", "-")),
        ("limit", limit),
        ("origins", list("allowed_origins", "anywhere")),
        ("addresses", list("allowed_ips", "everywhere")),
        ("accounts", list("allowed_accounts", "all")),
        ("expires", text("expires_at", "never")),
        ("made", format!("{} by {}", text("created_at", ""), text("created_by", ""))),
        ("last used", text("last_used_at", "never")),
    ];
    if let Some(next) = key["successor"].as_str() {
        lines.push(("followed by", next.to_owned()));
    }
    for (name, value) in lines {
        say!("{name:<11}  {}", one_line(&value));
    }
}
