//! How an account is connected: with a token that its owner made, or that was given on the server's own page.

use campanile_events::{post::FailureClass, timing::Timing};
use serde::Deserialize;

use super::{Kept, Mastodon, answers, description::INSTANCE_URL};
use crate::{
    egress::{EgressError, Request, Response},
    platforms::{ConnectError, ConnectRequest, Connected, Credentials, SendFailure},
};

#[derive(Debug, Deserialize)]
struct Account {
    id: String,
    acct: String,
    #[serde(default)]
    display_name: String,
}

/// Whose token it is.
const WHO: &str = "/api/v1/accounts/verify_credentials";

impl Mastodon {
    pub(super) async fn connect_account(&self, request: &ConnectRequest) -> Result<Connected, ConnectError> {
        let mut fields = request.fields()?;
        let instance_url = INSTANCE_URL.server(&mut fields)?;
        let access_token = fields.text("access_token")?.to_owned();
        fields.finish()?;
        INSTANCE_URL.keeps_secrets(&instance_url, &self.egress).await?;
        self.connect_kept(Kept { instance_url, access_token }, &request.timing).await
    }

    /// Whose token it is, and what its server offers.
    pub(super) async fn connect_kept(&self, kept: Kept, timing: &Timing) -> Result<Connected, ConnectError> {
        let account = self.who(&kept).await?;
        let instance = self.instance(&kept.instance_url).await.map_err(ConnectError::Unreachable)?;
        let host = kept.instance_url.host_str().unwrap_or_default();
        let domain = instance.domain().unwrap_or(host);
        Ok(Connected {
            server: kept.instance_url.origin().ascii_serialization(),
            remote_id: account.id,
            handle: format!("@{}@{domain}", account.acct),
            display_name: Some(account.display_name).filter(|name| !name.trim().is_empty()),
            offer: instance.offer(timing),
            credentials: Credentials::of(&kept),
        })
    }

    /// Whether the token still holds. The server's description is public, and doesn't say.
    pub(super) async fn check_token(&self, kept: &Kept) -> Result<(), SendFailure> {
        let answer = self.egress.request(kept.question(kept.at(WHO))?).await;
        let answer = answer.map_err(|error| SendFailure::from(error).of_question())?;
        answers::read::<Account>(&answer, false, self.clock.now()).map(drop).map_err(SendFailure::of_question)
    }

    async fn who(&self, kept: &Kept) -> Result<Account, ConnectError> {
        let question = kept.question(kept.at(WHO));
        let question = question.map_err(|_| {
            ConnectError::invalid("access_token", "invalid", "must hold no spaces or control characters")
        })?;
        let answer = self.asked(question).await?;
        answers::read(&answer, false, self.clock.now())
            .map_err(|failure| refused(&answer, SendFailure::of_question(failure), "the token was refused"))
    }

    /// Asks a server that a client named.
    pub(super) async fn asked(&self, question: Request) -> Result<Response, ConnectError> {
        self.egress.request(question).await.map_err(|error| match error {
            EgressError::InvalidUrl(_) => ConnectError::invalid(INSTANCE_URL.name, "invalid", "is not usable"),
            error => error.into(),
        })
    }
}

/// What an answer that is no success means to who wants to connect; `otherwise` stands for the server's words if it has none.
pub(super) fn refused(answer: &Response, failure: SendFailure, otherwise: &str) -> ConnectError {
    match failure.class {
        FailureClass::AuthExpired | FailureClass::Rejected => ConnectError::Refused {
            message: answers::words(answer).unwrap_or_else(|| otherwise.to_owned()),
            status: failure.status,
        },
        _ if failure.class == FailureClass::OutdatedAdapter || answer.is_success() => {
            ConnectError::invalid(INSTANCE_URL.name, "not_mastodon", "is not a server that speaks Mastodon's API")
        }
        _ => ConnectError::Unreachable(failure),
    }
}
