//! `campanile keys revoke`

use clap::Args;
use http::Method;

use super::{Operator, Place};
use crate::cli::Failure;

const EXAMPLES: &str = "Examples:
  campanile keys revoke key_01k2x3y4z5a6b7c8d9e0f1g2h3
  campanile keys revoke key_01k2x3y4z5a6b7c8d9e0f1g2h3 --cancel-scheduled";

/// Revoke a key, for ever
///
/// No request that starts after this command has ended gets in with it. Posts that it scheduled stay scheduled unless they
/// are called off as well.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Revoke {
    /// The key's id, as `keys list` shows it
    #[arg(value_name = "KEY")]
    id: String,

    /// Call off what it scheduled and nobody has begun to publish
    #[arg(long)]
    cancel_scheduled: bool,

    /// Print one JSON object instead of words
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    place: Place,
}

impl Revoke {
    pub(super) fn run(self) -> Result<(), Failure> {
        let path = self.place.path_of(&self.id, "")?;
        let path = format!("{path}&cancel_scheduled={}", self.cancel_scheduled);
        let revoked = self.place.run(async |engine: &Operator| engine.ask(Method::DELETE, &path, None).await)?;
        if self.json {
            say!("{revoked}");
            return Ok(());
        }
        let (scheduled, canceled) = (&revoked["scheduled_posts"], &revoked["canceled_posts"]);
        say!("revoked {}: it had {scheduled} scheduled posts, {canceled} of them were called off", self.id);
        Ok(())
    }
}
