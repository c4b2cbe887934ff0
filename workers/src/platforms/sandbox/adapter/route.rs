//! How an account's sandbox is reached.

use std::{sync::Arc, time::Duration};

use campanile_events::{post::FailureClass, timing::Timing};
use serde::{Deserialize, Serialize};
use tokio::time::{sleep, timeout};
use url::Url;

use super::{SandboxPlatform, answers};
use crate::{
    egress::Request,
    platforms::{
        Access, SendFailure,
        sandbox::{AccountClass, Answer, Handling, Listing, Outcome, Sandbox, SandboxAccount},
    },
};

/// Where posts of the sandbox in this process seem to stand; the name is reserved and leads nowhere.
const IN_PROCESS: &str = "https://sandbox.invalid";

/// What is kept of an account.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) handle: String,
    pub(super) delivery: AccountClass,
    pub(super) token: String,
    #[serde(default)]
    pub(super) service_url: Option<Url>,
}

/// The way to it.
#[derive(Debug, Clone)]
pub(super) enum Route {
    InProcess(Arc<Sandbox>),
    Service(Url),
}

impl Route {
    /// Where people see what stands under this path.
    pub(super) fn page(&self, path: &str) -> String {
        match self {
            Self::InProcess(_) => format!("{IN_PROCESS}{path}"),
            Self::Service(url) => format!("{}{path}", url.origin().ascii_serialization()),
        }
    }
}

/// The address of one of the service's paths.
pub(super) fn at(service: &Url, path: &str) -> Url {
    let mut url = service.clone();
    url.set_path(path);
    url
}

/// Does in this process what the server does with a connection.
pub(super) async fn perform(handling: Handling, timing: &Timing) -> Result<Answer, SendFailure> {
    // The shortest sleep is a tick of the timers: a millisecond.
    let waited = match handling.wait {
        Duration::ZERO => Ok(()),
        wait => timeout(timing.request(), sleep(wait)).await,
    };
    match (waited, handling.outcome) {
        (Err(_), _) => Err(SendFailure::of(FailureClass::Uncertain, "timeout")),
        (Ok(()), Outcome::Answer(answer)) => Ok(answer),
        (Ok(()), Outcome::Close) => Err(SendFailure::of(FailureClass::Uncertain, "closed")),
        (Ok(()), Outcome::Reset) => Err(SendFailure::of(FailureClass::Uncertain, "reset")),
    }
}

impl SandboxPlatform {
    pub(super) fn route(&self, access: &Access) -> Result<(Kept, Route), SendFailure> {
        let unreadable = |_| SendFailure::of(FailureClass::NotSent, "unreadable_credentials");
        let mut kept: Kept = access.credentials.read().map_err(unreadable)?;
        if let Some(service) = kept.service_url.clone() {
            return Ok((kept, Route::Service(service)));
        }
        // A sandbox without a file has forgotten its accounts after a restart.
        let unwritable = |_| SendFailure::of(FailureClass::NotSent, "sandbox_file");
        kept.token = self.sandbox.account(&kept.handle, kept.delivery).map_err(unwritable)?.token;
        Ok((kept, Route::InProcess(Arc::clone(&self.sandbox))))
    }

    /// Asks who an account is.
    pub(super) async fn verify(
        &self,
        route: &Route,
        handle: &str,
        delivery: AccountClass,
        timing: &Timing,
    ) -> Result<SandboxAccount, SendFailure> {
        let answer = match route {
            Route::InProcess(sandbox) => perform(sandbox.verify(handle, delivery), timing).await,
            Route::Service(url) => {
                let body = serde_json::json!({"handle": handle, "delivery": delivery}).to_string();
                self.ask(Request::post_json(at(url, "/api/accounts/verify"), body.into_bytes())).await
            }
        };
        answer.and_then(|answer| answers::read(&answer)).map_err(SendFailure::of_question)
    }

    /// Asks for an account's posts.
    pub(super) async fn list(
        &self,
        route: &Route,
        kept: &Kept,
        listing: &Listing,
        timing: &Timing,
    ) -> Result<Answer, SendFailure> {
        let answer = match route {
            Route::InProcess(sandbox) => perform(sandbox.list(&kept.token, listing), timing).await,
            Route::Service(url) => {
                let mut url = at(url, "/api/posts");
                url.query_pairs_mut()
                    .append_pair("account", &listing.account)
                    .extend_pairs(listing.after.iter().map(|after| ("after", after)))
                    .extend_pairs(listing.limit.map(|limit| ("limit", limit.to_string())));
                self.ask(Request::get(url).bearer(&kept.token)?).await
            }
        };
        answer.map_err(SendFailure::of_question)
    }

    pub(super) async fn ask(&self, request: Request) -> Result<Answer, SendFailure> {
        Ok(self.egress.request(request).await?.into())
    }
}
