//! `campanile plans set`

use clap::Args;
use http::Method;
use serde_json::json;

use super::{Operator, list::told};
use crate::{cli::Failure, configuration::FolderFlags};

const EXAMPLES: &str = "Examples:
  campanile plans set free
  campanile plans set paid --workspace ws_01k4d3jq9xe7nb2t6c5f8v0w1z
  campanile plans set none";

/// Give a workspace a plan, or none
///
/// It counts from the next request on; on other nodes within a second, where requests are counted. What was used of the
/// month stays used.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Set {
    /// The plan, as the configuration calls it, or `none`
    #[arg(value_name = "PLAN")]
    plan: String,

    /// The workspace; needed where there are several
    #[arg(long, value_name = "ID")]
    workspace: Option<String>,

    /// Print one JSON object instead of words
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    folder: FolderFlags,
}

impl Set {
    pub(super) fn run(self) -> Result<(), Failure> {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.workspace.iter().map(|id| ("workspace", id.as_str())));
        let path = format!("/operator/plans?{}", query.finish());
        let body = json!({ "plan": Some(self.plan).filter(|plan| plan != "none") });
        let done = Operator::run(self.folder, async |engine| engine.ask(Method::POST, &path, Some(&body)).await)?;
        if self.json {
            say!("{done}");
        } else {
            say!("{}", told(&done));
        }
        Ok(())
    }
}
