//! `campanile whoami`

use campanile_events::ids::WorkspaceId;
use clap::Args;
use http::Method;

use super::{
    kept::Kept,
    remote::{Remote, ServerFlags},
};
use crate::cli::{Failure, one_line::one_line};

/// Show who is signed in on an engine, and what they may do there
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  campanile whoami
  campanile whoami --server https://campanile.example.com --json | jq .scopes")]
pub struct Whoami {
    #[command(flatten)]
    server: ServerFlags,

    /// The workspace, where several are open
    #[arg(long, value_name = "ID")]
    workspace: Option<WorkspaceId>,

    /// Print one JSON object instead of words, as `GET /v1/me` gives it
    #[arg(long)]
    json: bool,
}

impl Whoami {
    pub(in crate::cli) fn run(self) -> Result<(), Failure> {
        let (server, session) = Kept::read()?.of(self.server.address()?.as_ref())?;
        let remote = Remote::at(server.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let workspace = self.workspace.map(|id| id.to_string());
        let asked = remote.ask(Method::GET, "v1/me", Some(&session.token), workspace.as_deref(), None);
        let me = runtime.block_on(asked)?.ok()?;
        if self.json {
            say!("{me}");
            return Ok(());
        }
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        say!("{} on {server}, until {}", text(&me["person"]["email"]), text(&me["session"]["expires_at"]));
        for workspace in me["workspaces"].as_array().into_iter().flatten() {
            let [id, role, name] = ["id", "role", "name"].map(|field| one_line(&text(&workspace[field])));
            say!("{role:<8}  {id}  {name}");
        }
        Ok(())
    }
}
