//! `campanile people invite`

use campanile_events::person::Role;
use clap::Args;
use http::Method;
use serde_json::json;

use super::{Operator, Place, link, text};
use crate::cli::Failure;

const EXAMPLES: &str = "Examples:
  campanile people invite bob@example.com --role editor
  campanile people invite eve@example.com --role viewer --json | jq -r .token

Roles: owner (everything), editor (writes, schedules and publishes), approver (approves or rejects), viewer (reads).";

/// Invite somebody into a workspace; prints a link, once
///
/// The link is yours to hand on: nothing is sent to the address. Behind it they choose a password. It is good for once and
/// for 7 days; an open invitation of the same address is withdrawn by it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Invite {
    /// Their e-mail address
    #[arg(value_name = "EMAIL")]
    email: String,

    /// What they will be in the workspace
    #[arg(long, value_name = "ROLE", value_parser = Role::ALL.map(Role::as_str))]
    role: String,

    /// Print one JSON object instead of words
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    place: Place,
}

impl Invite {
    pub(super) fn run(self) -> Result<(), Failure> {
        let path = self.place.path(if self.place.is_away() { "invitations" } else { "people/invite" });
        let body = json!({ "email": self.email, "role": self.role });
        let invited = self.place.run(async |engine: &Operator| engine.ask(Method::POST, &path, Some(&body)).await)?;
        if self.json {
            say!("{invited}");
            return Ok(());
        }
        let [id, until] = ["id", "expires_at"].map(|field| text(&invited, field));
        say!("invited {} as {} ({id}), until {until}", text(&invited, "email"), self.role);
        say!("link  {}\n\nIt is shown this once, and good for once.", link(&invited, "join"));
        Ok(())
    }
}
