//! How an account is connected: with a password that its owner made for an app.

use campanile_events::post::FailureClass;
use serde::Deserialize;

use super::{Bluesky, description::SERVICE_URL, offer, session::Kept};
use crate::{
    egress::Request,
    platforms::{ConnectError, ConnectRequest, Connected, Credentials, SendFailure},
};

#[derive(Deserialize)]
struct Record {
    value: Profile,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Profile {
    #[serde(default)]
    display_name: Option<String>,
}

impl Bluesky {
    pub(super) async fn connect_account(&self, request: &ConnectRequest) -> Result<Connected, ConnectError> {
        let mut fields = request.fields()?;
        let service_url = SERVICE_URL.server(&mut fields)?;
        let identifier = fields.text("identifier")?.trim_start_matches('@').to_owned();
        let app_password = fields.text("app_password")?.to_owned();
        fields.finish()?;
        SERVICE_URL.keeps_secrets(&service_url, &self.egress).await?;
        let kept = self.log_in(service_url, &identifier, &app_password).await.map_err(refused)?;
        Ok(Connected {
            server: kept.service_url.origin().ascii_serialization(),
            remote_id: kept.did.clone(),
            handle: format!("@{}", kept.handle),
            display_name: self.display_name(&kept).await,
            offer: offer(),
            credentials: Credentials::of(&kept),
        })
    }

    /// The account's own word for itself, which it may never have given.
    async fn display_name(&self, kept: &Kept) -> Option<String> {
        let mut url = kept.method("com.atproto.repo.getRecord");
        url.query_pairs_mut()
            .append_pair("repo", &kept.did)
            .append_pair("collection", "app.bsky.actor.profile")
            .append_pair("rkey", "self");
        let record: Record = self.ask(Request::get(url)).await.ok()?;
        record.value.display_name.filter(|name| !name.trim().is_empty())
    }
}

fn refused(failure: SendFailure) -> ConnectError {
    match failure.class {
        FailureClass::AuthExpired | FailureClass::Rejected => {
            let words = failure.message.as_ref().map(|words| words.as_str().to_owned());
            let message = words.unwrap_or_else(|| "the password was refused".to_owned());
            ConnectError::Refused { message, status: failure.status }
        }
        _ if failure.code.as_deref() == Some("egress_forbidden") => ConnectError::EgressForbidden,
        _ if is_no_server(&failure) => {
            ConnectError::invalid(SERVICE_URL.name, "not_a_pds", "is not a server of the AT Protocol")
        }
        _ => ConnectError::Unreachable(failure),
    }
}

/// Somebody answered who doesn't know the method.
fn is_no_server(failure: &SendFailure) -> bool {
    failure.class == FailureClass::OutdatedAdapter
        || failure.status.is_some_and(|status| matches!(status, 200..=399 | 404 | 405))
}
