//! `campanile keys list`

use clap::Args;
use serde_json::{Value, json};

use super::{Operator, Place};
use crate::cli::{Failure, one_line::one_line};

const EXAMPLES: &str = "Examples:
  campanile keys list
  campanile keys list --status active --name deploy
  campanile keys list --json | jq -r '.data[] | select(.last_used_at == null) | .id'";

/// List a workspace's keys, newest first, revoked ones too
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct List {
    /// Only those that stand so: active, expired or revoked
    #[arg(long, value_name = "STATUS", value_parser = ["active", "expired", "revoked"])]
    status: Option<String>,

    /// Only those with this in their names, in big or small letters
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,

    /// Print one JSON object instead of a table: the keys under `data`, as the API gives them
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    place: Place,
}

impl List {
    pub(super) fn run(self) -> Result<(), Failure> {
        let filters = [("status", self.status), ("name", self.name)];
        let filters = filters.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let query: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(filters).finish();
        let path = format!("{}&{query}", self.place.path("keys"));
        let keys = self.place.run(async |engine: &Operator| engine.all(&path).await)?;
        if self.json {
            say!("{}", json!({ "data": keys }));
            return Ok(());
        }
        say!("{:<30}  {:<8}  {:<12}  {:<24}  {:<24}  NAME", "ID", "STATUS", "PREFIX", "EXPIRES", "LAST USED");
        for key in &keys {
            let [id, status, prefix] = ["id", "status", "prefix"].map(|field| text(&key[field], ""));
            let (expires, used) = (text(&key["expires_at"], "never"), text(&key["last_used_at"], "never"));
            say!(
                "{id:<30}  {status:<8}  {prefix:<12}  {expires:<24}  {used:<24}  {}",
                one_line(text(&key["name"], ""))
            );
        }
        Ok(())
    }
}

fn text<'a>(value: &'a Value, absent: &'a str) -> &'a str {
    value.as_str().unwrap_or(absent)
}
