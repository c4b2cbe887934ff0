//! How an account is connected: with a token that its owner made.

use campanile_events::post::FailureClass;
use serde::Deserialize;
use url::Url;

use super::{Kept, Mastodon, answers};
use crate::{
    egress::EgressError,
    platforms::{ConnectError, ConnectRequest, Connected, Credentials, SendFailure},
};

#[derive(Debug, Deserialize)]
struct Account {
    id: String,
    acct: String,
    #[serde(default)]
    display_name: String,
}

impl Mastodon {
    pub(super) async fn connect_account(&self, request: &ConnectRequest) -> Result<Connected, ConnectError> {
        let mut fields = request.fields()?;
        let instance_url = instance(fields.text("instance_url")?)?;
        let access_token = fields.text("access_token")?.to_owned();
        fields.finish()?;
        if instance_url.scheme() != "https" && !self.egress.names(&instance_url).await {
            return Err(ConnectError::invalid("instance_url", "not_https", "must begin with https://"));
        }
        let kept = Kept { instance_url, access_token };
        let account = self.who(&kept).await?;
        let instance = self.instance(&kept.instance_url).await.map_err(ConnectError::Unreachable)?;
        let host = kept.instance_url.host_str().unwrap_or_default();
        let domain = instance.domain().unwrap_or(host);
        Ok(Connected {
            server: kept.instance_url.origin().ascii_serialization(),
            remote_id: account.id,
            handle: format!("@{}@{domain}", account.acct),
            display_name: Some(account.display_name).filter(|name| !name.trim().is_empty()),
            offer: instance.offer(&request.timing),
            credentials: Credentials::of(&kept),
        })
    }

    async fn who(&self, kept: &Kept) -> Result<Account, ConnectError> {
        let question = kept.question(kept.at("/api/v1/accounts/verify_credentials"));
        let question = question.map_err(|_| {
            ConnectError::invalid("access_token", "invalid", "must hold no spaces or control characters")
        })?;
        let answer = self.egress.request(question).await.map_err(|error| match error {
            EgressError::InvalidUrl(_) => ConnectError::invalid("instance_url", "invalid", "is not usable"),
            error => error.into(),
        })?;
        match answers::read(&answer, false, self.clock.now()).map_err(SendFailure::of_question) {
            Ok(account) => Ok(account),
            Err(failure) => Err(match failure.class {
                FailureClass::AuthExpired | FailureClass::Rejected => ConnectError::Refused {
                    message: answers::words(&answer).unwrap_or_else(|| "the token was refused".to_owned()),
                    status: failure.status,
                },
                _ if failure.class == FailureClass::OutdatedAdapter || answer.is_success() => {
                    let message = "is not a server that speaks Mastodon's API";
                    ConnectError::invalid("instance_url", "not_mastodon", message)
                }
                _ => ConnectError::Unreachable(failure),
            }),
        }
    }
}

/// The address in one form: `https` unless it says otherwise, and no path.
fn instance(given: &str) -> Result<Url, ConnectError> {
    let wrong =
        || ConnectError::invalid("instance_url", "invalid", "must be an address such as https://mastodon.example");
    let text = if given.contains("://") { given.to_owned() } else { format!("https://{given}") };
    let url = Url::parse(&text).map_err(|_| wrong())?;
    let is_bare = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none();
    if is_bare { Ok(url) } else { Err(wrong()) }
}
