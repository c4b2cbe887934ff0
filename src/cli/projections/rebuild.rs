//! `campanile projections rebuild`

use std::time::Duration;

use clap::Args;
use http::Method;
use serde_json::Value;

use super::Operator;
use crate::{
    cli::{Failure, Progress},
    configuration::FolderFlags,
};

const PAUSE: Duration = Duration::from_millis(50);
const EXAMPLES: &str = "Examples:
  campanile projections rebuild posts
  campanile projections rebuild --all";

/// Build read models anew from the log
///
/// They are built beside those that are there, which stay readable and current until the new ones take their place. Waits
/// until that has happened.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Rebuild {
    /// Which one, as `projections status` names it
    #[arg(value_name = "NAME", required_unless_present = "all", conflicts_with = "all")]
    name: Option<String>,

    /// Every one
    #[arg(long)]
    all: bool,

    #[command(flatten)]
    folder: FolderFlags,
}

impl Rebuild {
    pub(super) fn run(self) -> Result<(), Failure> {
        Operator::run(self.folder, async |engine| {
            let known = all(engine).await?;
            let known: Vec<_> = known.iter().filter_map(|it| it["name"].as_str()).collect();
            let wanted = match &self.name {
                Some(name) if known.contains(&name.as_str()) => vec![name.as_str()],
                Some(name) => {
                    let message = format!("there is no read model `{name}`: there are {}", known.join(", "));
                    return Err(Failure::Refused(message));
                }
                None => known,
            };
            for name in &wanted {
                engine.ask(Method::POST, &format!("/operator/projections/{name}/rebuild"), None).await?;
            }
            rebuilt(engine, &wanted).await?;
            say!("rebuilt: {}", wanted.join(", "));
            Ok(())
        })
    }
}

async fn all(engine: &Operator) -> Result<Vec<Value>, Failure> {
    Ok(engine.get("/operator/projections").await?["data"].as_array().cloned().unwrap_or_default())
}

/// Waits until the new tables have taken their place.
async fn rebuilt(engine: &Operator, wanted: &[&str]) -> Result<(), Failure> {
    let progress = Progress::start("rebuilding", 0);
    loop {
        let all = all(engine).await?;
        let wanted = || all.iter().filter(|it| it["name"].as_str().is_some_and(|name| wanted.contains(&name)));
        if let Some(stopped) = wanted().find(|it| it["state"] == "stopped") {
            let reason = stopped["reason"].as_str().unwrap_or_default();
            return Err(Failure::Failed(format!("the read models stand still: {reason}")));
        }
        let under_way: Vec<_> = wanted().filter(|it| it["state"] == "rebuilding").collect();
        if under_way.is_empty() {
            return Ok(());
        }
        let number = |it: &Value, field: &str| it[field].as_u64().unwrap_or_default();
        let head = wanted().map(|it| number(it, "position") + number(it, "lag")).max().unwrap_or_default();
        let left: u64 = under_way.iter().map(|it| head.saturating_sub(number(it, "rebuilt_to"))).sum();
        let steps = head * wanted().count() as u64;
        progress.at(steps.saturating_sub(left), steps);
        tokio::time::sleep(PAUSE).await;
    }
}
