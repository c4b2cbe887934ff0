//! How an account of the sandbox is connected.

use std::sync::Arc;

use campanile_events::post::FailureClass;

use super::{
    SandboxPlatform,
    description::SERVICE_URL,
    offer,
    route::{Kept, Route},
};
use crate::platforms::{ConnectError, ConnectRequest, Connected, Credentials, SendFailure, sandbox::AccountClass};

const HANDLE: usize = 64;

impl SandboxPlatform {
    pub(super) async fn connect_account(&self, request: &ConnectRequest) -> Result<Connected, ConnectError> {
        let mut fields = request.fields()?;
        let handle = handle(fields.text("handle")?)?;
        let delivery = AccountClass::named(fields.optional_text("delivery")?.unwrap_or("keyed")).ok_or_else(|| {
            ConnectError::invalid("delivery", "unknown_delivery", "must be `keyed`, `searchable` or `blind`")
        })?;
        let service_url = SERVICE_URL.optional_server(&mut fields)?;
        fields.finish()?;
        let route = match &service_url {
            None => Route::InProcess(Arc::clone(&self.sandbox)),
            Some(url) => Route::Service(url.clone()),
        };
        let account = self.verify(&route, &handle, delivery, &request.timing).await.map_err(refused)?;
        let server = service_url.as_ref().map(|url| url.origin().ascii_serialization()).unwrap_or_default();
        let kept =
            Kept { handle: account.handle.clone(), delivery: account.delivery, token: account.token, service_url };
        Ok(Connected {
            server,
            remote_id: account.handle.clone(),
            handle: format!("@{}", account.handle),
            display_name: None,
            credentials: Credentials::of(&kept),
            offer: offer(account.delivery, &request.timing),
        })
    }
}

fn handle(given: &str) -> Result<String, ConnectError> {
    let handle = given.strip_prefix('@').unwrap_or(given);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if handle.is_empty() || handle.len() > HANDLE || !handle.chars().all(is_plain) {
        let message = "must be 1 to 64 letters, digits, `_`, `-` or `.`";
        return Err(ConnectError::invalid("handle", "invalid", message));
    }
    Ok(handle.to_ascii_lowercase())
}

fn refused(failure: SendFailure) -> ConnectError {
    match failure.class {
        FailureClass::AuthExpired | FailureClass::Rejected => ConnectError::Refused {
            message: failure.message.map(|words| words.as_str().to_owned()).unwrap_or_default(),
            status: failure.status,
        },
        _ if failure.code.as_deref() == Some("egress_forbidden") => ConnectError::EgressForbidden,
        _ => ConnectError::Unreachable(failure),
    }
}
