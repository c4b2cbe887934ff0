//! `campanile pause` and `campanile resume`: the stop button, at the machine or on an engine elsewhere.

use clap::Args;
use http::Method;

use super::{
    Failure, Operator, logging,
    session::{Away, ServerFlags},
};
use crate::configuration::{FolderFlags, LogFormat};

const PAUSE_EXAMPLES: &str = "Examples:
  campanile pause
  campanile pause --all
  campanile pause --workspace ws_01k4d3jq9xe7nb2t6c5f8v0w1z
  campanile pause --server https://campanile.example.com";
const RESUME_EXAMPLES: &str = "Examples:
  campanile resume
  campanile resume --all";

/// Stop publishing; nothing is lost
///
/// When this is done, nothing more is sent until `campanile resume`, and restarts change nothing of that. What falls due
/// meanwhile waits; its late limit goes on, as in an outage.
#[derive(Debug, Args)]
#[command(after_help = PAUSE_EXAMPLES)]
pub struct Pause {
    #[command(flatten)]
    which: Which,
}

/// Go on publishing
///
/// What fell due during the pause is sent, unless its late limit is over: then it is missed.
#[derive(Debug, Args)]
#[command(after_help = RESUME_EXAMPLES)]
pub struct Resume {
    #[command(flatten)]
    which: Which,
}

#[derive(Debug, Args)]
struct Which {
    /// The workspace; needed where there are several
    #[arg(long, value_name = "ID", conflicts_with = "all")]
    workspace: Option<String>,

    /// Every workspace that there is; one that is made later is not paused
    #[arg(long)]
    all: bool,

    #[command(flatten)]
    server: ServerFlags,

    #[command(flatten)]
    folder: FolderFlags,
}

impl Pause {
    pub(super) fn run(self) -> Result<(), Failure> {
        self.which.tell("pause", |workspace, since| match since {
            Some(since) => say!("{workspace} is paused since {since}"),
            None => say!("{workspace} was resumed meanwhile"),
        })
    }
}

impl Resume {
    pub(super) fn run(self) -> Result<(), Failure> {
        self.which.tell("resume", |workspace, since| match since {
            Some(since) => say!("{workspace} was paused again at {since}"),
            None => say!("{workspace} goes on"),
        })
    }
}

impl Which {
    fn tell(self, verb: &str, say: impl Fn(&str, Option<&str>)) -> Result<(), Failure> {
        logging::start(LogFormat::Pretty, "warn");
        let told = match Away::named(&self.server, self.workspace.as_deref())? {
            Some(_) if self.all => {
                let message = "all workspaces are stopped and started at the machine only: name one, by `--workspace`";
                return Err(Failure::Refused(message.to_owned()));
            }
            Some(away) => {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                let one = runtime.block_on(async {
                    let path = format!("v1/workspaces/{}/{verb}", away.workspace().await?);
                    away.ask(Method::POST, &path, None).await
                });
                vec![one?]
            }
            None => {
                let mut query = url::form_urlencoded::Serializer::new(String::new());
                query.extend_pairs(self.workspace.iter().map(|id| ("workspace", id.as_str())));
                query.extend_pairs(self.all.then_some(("all", "true")));
                let path = format!("/operator/{verb}?{}", query.finish());
                let done = Operator::run(self.folder, async |engine| engine.ask(Method::POST, &path, None).await)?;
                done["data"].as_array().cloned().unwrap_or_default()
            }
        };
        for workspace in &told {
            say(workspace["id"].as_str().unwrap_or_default(), workspace["paused_at"].as_str());
        }
        Ok(())
    }
}
