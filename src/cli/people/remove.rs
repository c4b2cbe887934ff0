//! `campanile people remove`

use campanile_events::ids::PersonId;
use clap::Args;
use http::Method;
use serde_json::json;

use super::{Operator, Place};
use crate::{access::Email, cli::Failure};

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
        let (is_away, path) = (self.place.is_away(), self.place.path("people/remove"));
        let (people, person) = (self.place.path("people"), self.person.clone());
        let removed = self.place.run(async |engine: &Operator| {
            if !is_away {
                return engine.ask(Method::POST, &path, Some(&json!({ "person": person }))).await;
            }
            let id = known(engine, &people, &person).await?;
            engine.ask(Method::DELETE, &format!("/v1/people/{id}"), None).await?;
            Ok(json!({ "person_id": id }))
        })?;
        if self.json {
            say!("{removed}");
        } else {
            let place = removed["workspace_id"].as_str().unwrap_or("the workspace");
            say!("removed {} from {place}", self.person);
        }
        Ok(())
    }
}

/// The id of a person of the workspace, by that or by their address.
async fn known(engine: &Operator, people: &str, person: &str) -> Result<String, Failure> {
    if person.parse::<PersonId>().is_ok() {
        return Ok(person.to_owned());
    }
    let email = Email::read(person).map_err(|error| Failure::Refused(format!("`{person}` {error}, nor an id")))?;
    let all = engine.all(people).await?;
    let found = all.iter().find(|it| it["email"] == email.as_str()).and_then(|it| it["id"].as_str());
    found.map(str::to_owned).ok_or_else(|| Failure::Refused("there is no such person".to_owned()))
}
