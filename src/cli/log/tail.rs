//! `campanile log tail`

use std::{
    io::{ErrorKind, Write},
    time::Duration,
};

use campanile_events::{
    ids::{Epoch, LogPosition, Position},
    journal::Recorded,
};
use clap::Args;

use crate::{
    cli::{Failure, shutdown},
    configuration::{Folder, FolderFlags},
    engine::log::{LogEvent, LogSource, SourceError, open},
};

const PAGE: usize = 500;
const PAUSE: Duration = Duration::from_millis(250);

const EXAMPLES: &str = "Examples:
  campanile log tail --follow
  campanile log tail --after 104277 | jq 'select(.type == \"post.target_failed\")'";

/// Print events as JSON lines, oldest first
///
/// Personal text stays sealed, as it is stored. With --follow this ends with exit code 1 when the engine stops, and says
/// from which position to go on.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Tail {
    /// Go on with what comes
    #[arg(long, short)]
    follow: bool,

    /// Begin after this position, written as `217` or with its epoch as `1-217`
    #[arg(long, value_name = "POSITION", default_value = "0", value_parser = position)]
    after: Position,

    #[command(flatten)]
    folder: FolderFlags,
}

/// As operators write it, or as events and headers do.
fn position(text: &str) -> Result<Position, String> {
    let bare = text.parse().map(Position).ok();
    let with_epoch = || text.parse::<LogPosition>().ok().map(|it| it.position);
    bare.or_else(with_epoch).ok_or_else(|| "is not a position such as `217` or `1-217`".to_owned())
}

impl Tail {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let told = shutdown::told()?;
        let folder = Folder::resolve(self.folder)?;
        let log = open(&folder).await?;
        tokio::select! {
            done = print(log.as_ref(), self.after, self.follow) => done,
            () = told => Ok(()),
        }
    }
}

async fn print(log: &dyn LogSource, mut after: Position, follow: bool) -> Result<(), Failure> {
    let epoch = log.state().await?.epoch;
    loop {
        let events = match log.events(after, PAGE).await {
            Err(SourceError::Stopped) => return Err(stopped(after)),
            events => events?,
        };
        if let Some(last) = events.last() {
            after = last.position;
            match write(&events, epoch) {
                // Whoever read it has seen enough.
                Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
                written => written?,
            }
        } else if follow {
            tokio::time::sleep(PAUSE).await;
        } else {
            return Ok(());
        }
    }
}

fn stopped(after: Position) -> Failure {
    Failure::Failed(format!(
        "the engine stopped; once it runs again, go on with `campanile log tail --follow --after {after}`"
    ))
}

fn write(events: &[Recorded], epoch: Epoch) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for event in events {
        writeln!(out, "{}", LogEvent::line(event, epoch))?;
    }
    out.flush()
}
