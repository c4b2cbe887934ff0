//! `campanile people list`

use clap::Args;
use serde_json::json;

use super::{Operator, Place, text};
use crate::cli::Failure;

const EXAMPLES: &str = "Examples:
  campanile people list
  campanile people list --json | jq -r '.data[] | select(.role == \"owner\") | .email'";

/// List the people of a workspace, and what they are there
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct List {
    /// Print one JSON object instead of a table: the people under `data`, as the API gives them
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    place: Place,
}

impl List {
    pub(super) fn run(self) -> Result<(), Failure> {
        let path = self.place.path("people");
        let people = self.place.run(async |engine: &Operator| engine.all(&path).await)?;
        if self.json {
            say!("{}", json!({ "data": people }));
            return Ok(());
        }
        say!("{:<31}  {:<8}  {:<24}  EMAIL", "ID", "ROLE", "SINCE");
        for person in &people {
            let [id, role, since, email] = ["id", "role", "registered_at", "email"].map(|field| text(person, field));
            say!("{id:<31}  {role:<8}  {since:<24}  {email}");
        }
        Ok(())
    }
}
