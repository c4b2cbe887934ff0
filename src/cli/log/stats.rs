//! `campanile log stats`

use chrono::SecondsFormat;
use clap::Args;
use serde_json::json;

use crate::{
    cli::{Failure, Progress},
    configuration::{Folder, FolderFlags},
    engine::log::{Stats, open, stats},
};

const EXAMPLES: &str = "Examples:
  campanile log stats
  campanile log stats --json | jq '.by_type[\"post.target_failed\"]'";

/// Count what is in the log: events by type, streams, workspaces, size, first and last time
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Show {
    /// Print one JSON object instead of words
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    folder: FolderFlags,
}

impl Show {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let folder = Folder::resolve(self.folder)?;
        let log = open(&folder).await?;
        let progress = Progress::start("counting", 0);
        let counted = stats(log.as_ref(), |done, steps| progress.at(done, steps)).await?;
        drop(progress);
        print(&counted, on_disk(&folder), self.json)
    }
}

/// The journal's file and what isn't moved into it yet; a database server has files of its own.
fn on_disk(folder: &Folder) -> Option<u64> {
    let length = |name| std::fs::metadata(folder.path.join(name)).map_or(0, |file| file.len());
    folder.database.is_none().then(|| ["journal.db", "journal.db-wal"].into_iter().map(length).sum())
}

fn print(stats: &Stats, on_disk: Option<u64>, as_json: bool) -> Result<(), Failure> {
    if as_json {
        let mut shown = serde_json::to_value(stats).map_err(|error| Failure::Failed(error.to_string()))?;
        if let Some(on_disk) = on_disk {
            shown["bytes_on_disk"] = json!(on_disk);
        }
        say!("{shown}");
        return Ok(());
    }
    let time = |at: Option<chrono::DateTime<chrono::Utc>>| {
        at.map_or_else(|| "-".to_owned(), |at| at.to_rfc3339_opts(SecondsFormat::Millis, true))
    };
    say!("{:<32} {}", "epoch", stats.epoch);
    say!("{:<32} {}", "events", stats.events);
    say!("{:<32} {}", "workspaces", stats.workspaces);
    say!("{:<32} {}", "payload bytes", stats.payload_bytes);
    if let Some(on_disk) = on_disk {
        say!("{:<32} {on_disk}", "bytes on disk");
    }
    say!("{:<32} {}", "first", time(stats.first_at));
    say!("{:<32} {}", "last", time(stats.last_at));
    for (heading, counts) in [("streams", &stats.streams), ("events by type", &stats.by_type)] {
        say!("\n{heading}");
        for (name, count) in counts {
            say!("  {name:<30} {count}");
        }
    }
    Ok(())
}
