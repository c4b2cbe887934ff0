//! `campanile login`

use clap::Args;
use http::Method;
use secrecy::ExposeSecret;
use serde_json::json;

use super::{
    kept::{Kept, KeptSession},
    password::PasswordFlags,
    remote::{Answered, Remote, ServerFlags},
};
use crate::cli::Failure;

const EXAMPLES: &str = "Examples:
  campanile login --server https://campanile.example.com --email you@example.com
  campanile login --server http://127.0.0.1:8080 --email you@example.com --password-file password";

/// Sign in on an engine, and keep the session
///
/// It is kept in `$XDG_CONFIG_HOME/campanile/sessions.json`, or in `~/.config`, for you alone. It ends when it isn't used for
/// 12 hours, and after 7 days. One that is kept of the same engine is ended once the new one has begun.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Login {
    #[command(flatten)]
    server: ServerFlags,

    /// Your e-mail address
    #[arg(long, value_name = "ADDRESS")]
    email: String,

    #[command(flatten)]
    password: PasswordFlags,
}

impl Login {
    pub(in crate::cli) fn run(self) -> Result<(), Failure> {
        let nowhere = || Failure::Refused("say which engine, by `--server URL`".to_owned());
        let server = self.server.address()?.ok_or_else(nowhere)?;
        let kept = Kept::read()?;
        let password = self.password.read()?;
        let remote = Remote::at(server.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let body = json!({ "email": self.email, "password": password.expose_secret() });
        let begun = runtime.block_on(remote.ask(Method::POST, "v1/auth/login", None, None, Some(&body)))?.ok()?;
        let token = begun["token"].as_str();
        let token = token.ok_or_else(|| Failure::Failed(format!("{server} is not an engine of this kind")))?;
        let email = begun["person"]["email"].as_str().unwrap_or(&self.email).to_owned();
        let before = kept.on(&server);
        let path = kept.keep(&server, KeptSession { email: email.clone(), token: token.into() })?;
        if let Some(before) = before {
            // Nothing could end it any more once its token is forgotten. Why it can't be is no reason not to be signed in.
            let ended = runtime.block_on(remote.ask(Method::POST, "v1/auth/logout", Some(&before.token), None, None));
            if let Err(why) = ended.and_then(Answered::ended) {
                eprintln!("campanile: the session of before, of {}, was not ended: {}", before.email, why.message());
            }
        }
        say!("signed in as {email} on {server}; the session is in {}", path.display());
        Ok(())
    }
}
