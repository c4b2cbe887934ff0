//! `campanile people remove`

use clap::Args;
use http::Method;
use serde_json::json;

use super::{Operator, Place};
use crate::cli::Failure;

const EXAMPLES: &str = "Examples:
  campanile people remove bob@example.com
  campanile people remove user_01k2x3y4z5a6b7c8d9e0f1g2h3 --workspace ws_01k2x3y4z5a6b7c8d9e0f1g2h3";

/// Take somebody's role in a workspace away
///
/// From their next request on nothing of it is open to them. What they did stays on record; keys that they made hold until
/// they are revoked (`campanile keys list`). The last owner stays: invite another first (`campanile people invite … --role
/// owner`).
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Remove {
    /// Their e-mail address, or their id
    #[arg(value_name = "PERSON")]
    person: String,

    /// Print one JSON object instead of words
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    place: Place,
}

impl Remove {
    pub(super) fn run(self) -> Result<(), Failure> {
        let path = self.place.path("/operator/people/remove");
        let body = json!({ "person": self.person });
        let removed =
            Operator::run(self.place.folder, async |engine| engine.ask(Method::POST, &path, Some(&body)).await)?;
        if self.json {
            say!("{removed}");
        } else {
            say!("removed {} from {}", self.person, super::text(&removed, "workspace_id"));
        }
        Ok(())
    }
}
