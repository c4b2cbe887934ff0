//! An engine at an address, as who is signed in there, or as a key.

use campanile_events::ids::WorkspaceId;
use http::Method;
use secrecy::SecretString;
use serde_json::Value;
use url::Url;

use super::{
    kept::Kept,
    remote::{Remote, ServerFlags},
};
use crate::cli::Failure;

/// Holds the secret of a key, to be used in place of a session.
const KEY: &str = "CAMPANILE_API_KEY";

/// An engine at an address, and what opens it.
#[derive(Debug)]
pub(in crate::cli) struct Away {
    remote: Remote,
    secret: SecretString,
    workspace: Option<String>,
}

impl Away {
    /// The engine that is named, if one is: with the key of the environment, or the session that `login` kept. A person
    /// who may enter several workspaces means `workspace`.
    pub(in crate::cli) fn named(flags: &ServerFlags, workspace: Option<&str>) -> Result<Option<Self>, Failure> {
        let Some(server) = flags.address()? else { return Ok(None) };
        let secret = match std::env::var(KEY).ok().filter(|key| !key.is_empty()) {
            Some(key) => key.into(),
            None => Self::session(&server)?,
        };
        Ok(Some(Self { remote: Remote::at(server), secret, workspace: workspace.map(str::to_owned) }))
    }

    fn session(server: &Url) -> Result<SecretString, Failure> {
        let none = || {
            let message = format!(
                "there is no session on {server}: run `campanile login --server {server} --email ADDRESS`, or put a key's \
                 secret into `{KEY}`"
            );
            Failure::Refused(message)
        };
        Ok(Kept::read()?.on(server).ok_or_else(none)?.token)
    }

    /// Asks for something, by a path of the API.
    pub(in crate::cli) async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let path = path.trim_start_matches('/');
        self.remote.ask(method, path, Some(&self.secret), self.workspace.as_deref(), body).await?.ok()
    }

    /// The workspace that is meant: the one that is named, or the one that the key or the session opens.
    pub(in crate::cli) async fn workspace(&self) -> Result<String, Failure> {
        if let Some(named) = &self.workspace {
            let id = named.parse::<WorkspaceId>();
            return id
                .map(|id| id.to_string())
                .map_err(|_| Failure::Refused(format!("`{named}` is not a workspace's id")));
        }
        let me = self.ask(Method::GET, "v1/me", None).await?;
        if let Some(only) = me["workspace_id"].as_str() {
            return Ok(only.to_owned());
        }
        let all = me["workspaces"].as_array().into_iter().flatten().filter_map(|it| it["id"].as_str());
        Err(Failure::Refused(format!("say which workspace, by `--workspace`: {}", all.collect::<Vec<_>>().join(", "))))
    }
}
