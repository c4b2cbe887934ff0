//! `campanile plans list`

use clap::Args;
use serde_json::Value;

use super::Operator;
use crate::{cli::Failure, configuration::FolderFlags};

const EXAMPLES: &str = "Examples:
  campanile plans list
  campanile plans list --json | jq -r '.data[] | select(.plan == \"free\") | .workspace_id'";

/// List the workspaces with their plans, and what they have used of them this month
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct List {
    /// Print one JSON object instead of a table: the workspaces under `data`, the plans that there are under `plans`
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    folder: FolderFlags,
}

impl List {
    pub(super) fn run(self) -> Result<(), Failure> {
        let found = Operator::run(self.folder, async |engine| engine.get("/operator/plans").await)?;
        if self.json {
            say!("{found}");
            return Ok(());
        }
        let month = found["month"].as_str().unwrap_or_default();
        say!("{:<29}  {:<12}  {:<22}  USED IN {month}", "WORKSPACE", "PLAN", "QUOTA");
        for workspace in found["data"].as_array().into_iter().flatten() {
            let id = workspace["workspace_id"].as_str().unwrap_or_default();
            let plan = workspace["plan"].as_str().unwrap_or("none");
            match workspace["quotas"].as_array().filter(|quotas| !quotas.is_empty()) {
                None => say!("{id:<29}  {plan:<12}  {:<22}  -", "-"),
                Some(quotas) => quotas.iter().for_each(|quota| {
                    let name = quota["quota"].as_str().unwrap_or_default();
                    let [used, limit] = ["used", "limit"].map(|field| quota[field].as_u64().unwrap_or_default());
                    say!("{id:<29}  {plan:<12}  {name:<22}  {used} of {limit}");
                }),
            }
        }
        if found["plans"].as_object().is_none_or(serde_json::Map::is_empty) {
            say!("there are no plans in the engine's configuration: nothing is limited by any");
        }
        Ok(())
    }
}

/// What was answered of one workspace.
pub(super) fn told(workspace: &Value) -> String {
    let id = workspace["workspace_id"].as_str().unwrap_or_default();
    match workspace["plan"].as_str() {
        Some(plan) => format!("{id} has the plan {plan}"),
        None => format!("{id} has no plan"),
    }
}
