//! `campanile projections status`

use clap::Args;
use serde_json::json;

use super::Operator;
use crate::{cli::Failure, configuration::FolderFlags};

const EXAMPLES: &str = "Examples:
  campanile projections status
  campanile projections status --json | jq '.data[] | select(.lag > 0)'";

/// Show how every read model stands: its state, how many events it has yet to take, how many streams are parked
///
/// A parked stream has an event that could not be applied; its later events wait behind it. Exit code 1 if one stands
/// still or has parked streams.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Status {
    /// Print one JSON object instead of a table: the read models under `data`
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    folder: FolderFlags,
}

impl Status {
    pub(super) fn run(self) -> Result<(), Failure> {
        let answer = Operator::run(self.folder, async |engine| engine.get("/operator/projections").await)?;
        let all = answer["data"].as_array().cloned().unwrap_or_default();
        if self.json {
            say!("{}", json!({ "data": all }));
        } else {
            say!("{:<12}  {:<10}  {:>8}  {:>8}  {:>6}  {:>7}", "NAME", "STATE", "POSITION", "LAG", "PARKED", "VERSION");
            for it in &all {
                let (name, state) = (it["name"].as_str().unwrap_or_default(), it["state"].as_str().unwrap_or_default());
                let [position, lag, parked, version] =
                    ["position", "lag", "parked", "version"].map(|field| it[field].as_u64().unwrap_or_default());
                say!("{name:<12}  {state:<10}  {position:>8}  {lag:>8}  {parked:>6}  {version:>7}");
            }
        }
        let bad = all.iter().any(|it| it["state"] == "stopped" || it["parked"].as_u64() != Some(0));
        if bad { Err(Failure::Told) } else { Ok(()) }
    }
}
