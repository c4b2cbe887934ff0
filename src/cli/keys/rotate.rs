//! `campanile keys rotate`

use clap::Args;
use http::Method;
use serde_json::json;

use super::{Operator, Place, create::print};
use crate::cli::Failure;

const EXAMPLES: &str = "Examples:
  campanile keys rotate key_01k2x3y4z5a6b7c8d9e0f1g2h3
  campanile keys rotate key_01k2x3y4z5a6b7c8d9e0f1g2h3 --overlap-seconds 3600
  campanile keys rotate key_01k2x3y4z5a6b7c8d9e0f1g2h3 --overlap-seconds 0    the old one is revoked at once
  KEY=$(campanile keys rotate key_01k2x3y4z5a6b7c8d9e0f1g2h3 --json | jq -r .secret)";

/// Let a new key with the same rights follow another; prints its secret, once
///
/// Both hold for the overlap: time to put the new secret in place. Is the old one still used near the end of it, its
/// history says so (`GET /v1/keys/{id}/history`).
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Rotate {
    /// The key's id, as `keys list` shows it
    #[arg(value_name = "KEY")]
    id: String,

    /// How long the old secret opens, too; 0 to revoke it at once [default: 86400]
    #[arg(long, value_name = "SECONDS")]
    overlap_seconds: Option<u32>,

    /// Print one JSON object instead of words: the new key as the API gives it, with its `secret`
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    place: Place,
}

impl Rotate {
    pub(super) fn run(self) -> Result<(), Failure> {
        let path = self.place.path_of(&self.id, "/rotate")?;
        let body = json!({ "overlap_seconds": self.overlap_seconds });
        let made = self.place.run(async |engine: &Operator| engine.ask(Method::POST, &path, Some(&body)).await)?;
        print(&made, self.json);
        if !self.json {
            match made["old_key_valid_until"].as_str().filter(|_| self.overlap_seconds != Some(0)) {
                Some(until) => say!("The old one holds until {until}."),
                None => say!("The old one is revoked."),
            }
        }
        Ok(())
    }
}
