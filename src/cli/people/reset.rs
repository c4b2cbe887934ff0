//! `campanile people reset`

use clap::Args;
use http::Method;
use serde_json::json;

use super::{Operator, Place, link, text};
use crate::cli::Failure;

const EXAMPLES: &str = "Examples:
  campanile people reset bob@example.com
  campanile people reset user_01k2x3y4z5a6b7c8d9e0f1g2h3 --json | jq -r .token";

/// Print a link by which somebody sets another password, once
///
/// It is good for once and for 24 hours; one before it holds no longer. Until it is used, the password of now does. Only
/// at the machine: on an engine elsewhere nobody may let themselves in as another.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Reset {
    /// Their e-mail address, or their id
    #[arg(value_name = "PERSON")]
    person: String,

    /// Print one JSON object instead of words
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    place: Place,
}

impl Reset {
    pub(super) fn run(self) -> Result<(), Failure> {
        let body = json!({ "person": self.person });
        let path = "/operator/people/reset";
        let offered =
            self.place.run_here(async |engine: &Operator| engine.ask(Method::POST, path, Some(&body)).await)?;
        if self.json {
            say!("{offered}");
            return Ok(());
        }
        say!("for {}, until {}", text(&offered, "email"), text(&offered, "expires_at"));
        say!("link  {}\n\nIt is shown this once, and good for once.", link(&offered, "reset"));
        Ok(())
    }
}
