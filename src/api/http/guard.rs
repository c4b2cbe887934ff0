//! What stands before every handler: who asks, and whether the table lets them.

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    http::{Extensions, HeaderMap, HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use campanile_events::ids::{LogPosition, WorkspaceId};
use tracing::Instrument;

use super::{
    ApiError, Code, Limited, Name, Needs, Parameters, RequestIds, cors::Listed, envelope::RouteName, etag::IfNoneMatch,
    idempotency, rate_limit, told::Told,
};
use crate::{
    access::{Denied, Holder, NoPlace, Peer, Presented, Refused, TokenKind, Who, client_address},
    api::Api,
    engine::Core,
};

/// How long a read waits for a position that its client has seen.
const SHOWN_WITHIN: Duration = Duration::from_secs(5);

/// The header in which a person says which workspace they mean; who may enter one only needn't.
pub(in crate::api) const WORKSPACE: &str = "Campanile-Workspace";

/// What a route asks for.
#[derive(Debug, Clone)]
pub struct Gate {
    /// Who may.
    pub needs: Needs,
    /// The route's name.
    pub name: Name,
    /// How its requests are limited.
    pub limited: Limited,
    /// Whether its handler looks after idempotency keys itself.
    pub keeps_receipts: bool,
    /// Whether anything may stand after the question mark: what nobody reads would be passed over in silence.
    pub takes_parameters: bool,
    /// What answers.
    pub api: Api,
}

/// Lets through who may.
pub async fn guard(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let name = gate.name;
    let id = request.extensions().get::<RequestIds>().map(|ids| ids.own.to_string()).unwrap_or_default();
    let span = (name.span)(&id);
    let (is_read, is_open) = (is_read(request.method()), gate.needs == Needs::Nothing);
    let mut response = pass(gate, request, next).instrument(span).await;
    if let Some(kept) = kept(is_read, is_open) {
        response.headers_mut().entry(header::CACHE_CONTROL).or_insert(kept);
    }
    response.extensions_mut().insert(RouteName(name.text));
    response
}

fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// What caches may keep: of a command's answer nothing, as it may show a secret, a token or a link; of what is one
/// workspace's, nothing that others could be given. `X-API-Key` alone would tell no cache so.
const fn kept(is_read: bool, is_open: bool) -> Option<HeaderValue> {
    match (is_read, is_open) {
        (false, _) => Some(HeaderValue::from_static("no-store")),
        (true, false) => Some(HeaderValue::from_static("private, no-cache")),
        (true, true) => None,
    }
}

async fn pass(gate: Gate, request: Request, next: Next) -> Response {
    let mut told = Told::default();
    let write = (!request.method().is_safe()).then(|| {
        let from = address(&gate.api.0, request.extensions(), request.headers());
        (request.extensions().get::<RequestIds>().map(|ids| ids.own.to_string()), from)
    });
    let mut response = pass_told(&gate, request, next, &mut told).await;
    if let Some((id, from)) = write {
        note_refusal(&gate, told.key, id.as_deref().unwrap_or_default(), from, &response);
    }
    told.tell(&gate.api.0, &mut response).await;
    response
}

/// A write that was refused is counted; one of a key stands in its history.
fn note_refusal(gate: &Gate, key: Option<Holder>, id: &str, from: Option<IpAddr>, response: &Response) {
    let core = &gate.api.0;
    let Some(error) = response.extensions().get::<ApiError>().filter(|it| it.code.status().is_client_error()) else {
        return;
    };
    core.metrics.refused_write(error.code.as_str());
    if let Some(key) = key {
        let refused = Refused { route: gate.name.text, code: error.code.as_str() };
        core.access.refusals().note(key, refused, id, from, core.clock.now());
    }
}

async fn pass_told(gate: &Gate, mut request: Request, next: Next, told: &mut Told) -> Response {
    let keyed = match admit(gate, &mut request, told).await {
        Ok(()) if *request.method() == Method::POST && gate.needs != Needs::Nothing && !gate.keeps_receipts => {
            idempotency::key(request.headers())
        }
        Ok(()) => Ok(None),
        Err(error) => Err(error),
    };
    let known = IfNoneMatch::of(&request);
    match keyed {
        Ok(None) => known.answer(next.run(request).await),
        Ok(Some(key)) => idempotency::once(&gate.api, key, request, next).await,
        Err(error) => error.into_response(),
    }
}

async fn admit(gate: &Gate, request: &mut Request, told: &mut Told) -> Result<(), ApiError> {
    let core: &Arc<Core> = &gate.api.0;
    if gate.needs == Needs::Nothing {
        let address = address(core, request.extensions(), request.headers());
        return match gate.limited {
            _ if gate.name.is_probe() => Ok(()),
            Limited::Apart => rate_limit::check_reporter(core, address),
            Limited::AsAll | Limited::Never => rate_limit::check_stranger(core, address),
        };
    }
    if core.is_draining() {
        return Err(ApiError::new(Code::Unavailable, "this process is stopping: it finishes what it has in hand"));
    }
    let secret = secret(request.headers()).map(str::to_owned);
    let admitted = match &secret {
        None => Err(Denied::Missing.into()),
        Some(secret) if secret.starts_with(TokenKind::Session.prefix()) => {
            admit_person(gate, secret, request, told).await
        }
        Some(secret) => admit_key(gate, secret, request, told).await,
    };
    if let Err(refusal) = admitted {
        if refusal.is_of_a_stranger() {
            rate_limit::check_stranger(core, address(core, request.extensions(), request.headers()))?;
        }
        return Err(refusal);
    }
    if !gate.takes_parameters {
        Parameters::of(request.uri()).finish()?;
    }
    if is_read(request.method()) {
        wait_for(core, request.headers()).await?;
    }
    Ok(())
}

async fn admit_key(gate: &Gate, secret: &str, request: &mut Request, told: &mut Told) -> Result<(), ApiError> {
    let core = &gate.api.0;
    let address = address(core, request.extensions(), request.headers());
    let origin = presented_origin(request.headers());
    let caller = match core.access.authenticate(secret, Presented { address, origin }).await {
        Ok(caller) => caller,
        Err(denied) => {
            // Its history says that it is still used.
            if !request.method().is_safe() && denied.is_of_a_key() {
                told.key = core.access.holder(secret).await.ok().flatten().map(|(holder, _)| holder);
            }
            told.show_denied(core, secret, &denied).await;
            return Err(denied.into());
        }
    };
    told.listed = origin.map(|origin| Listed(caller.lists_origin(origin)));
    if let Who::Key { id, key } = &caller.who {
        told.key = Some(Holder { key_id: *id, workspace: caller.workspace });
        told.count_key(core, caller.workspace, *id, key).await?;
    }
    match gate.needs {
        Needs::Scope(scope) if !caller.may(scope) => return Err(ApiError::scope(scope)),
        Needs::Session | Needs::Role(_) => return Err(ApiError::for_people()),
        Needs::Nothing | Needs::AnyKey | Needs::Scope(_) => {}
    }
    if named_workspace(request.headers())?.is_some_and(|named| named != caller.workspace) {
        return Err(ApiError::not_found("workspace"));
    }
    request.extensions_mut().insert(caller);
    Ok(())
}

async fn admit_person(gate: &Gate, token: &str, request: &mut Request, told: &mut Told) -> Result<(), ApiError> {
    let core = &gate.api.0;
    // Pages of other origins go by keys, which list them: a person's session is for none.
    told.listed = Some(Listed(false));
    let signed_in = core.people.signed_in(token).await?;
    let named = named_workspace(request.headers());
    let entered = signed_in.enter(named.as_ref().ok().copied().flatten());
    match told.count_person(core, &signed_in, entered.as_ref().ok()).await {
        Err(refusal) if refusal.code == Code::RateLimited && gate.limited == Limited::Never => {}
        counted => counted?,
    }
    named?;
    let extensions = request.extensions_mut();
    match (gate.needs, entered) {
        (Needs::Scope(scope), Ok(caller)) => {
            caller.require(scope)?;
            extensions.insert(caller);
        }
        (Needs::Role(needed), Ok(caller)) => {
            if let Some(role) = caller.role().filter(|role| *role != needed) {
                return Err(ApiError::role_other_than(needed, role));
            }
            extensions.insert(caller);
        }
        (Needs::AnyKey, Ok(caller)) => drop(extensions.insert(caller)),
        (Needs::Scope(_) | Needs::Role(_), Err(why)) | (_, Err(why @ NoPlace::NotThere)) => return Err(why.into()),
        // A handler that needs a workspace all the same says so.
        (Needs::AnyKey, Err(why)) => drop(extensions.insert(why)),
        // Nothing of a workspace is open to it.
        (Needs::Session | Needs::Nothing, _) => {}
    }
    extensions.insert(signed_in);
    Ok(())
}

/// From where a request comes.
pub(super) fn address(core: &Core, extensions: &Extensions, headers: &HeaderMap) -> Option<IpAddr> {
    let peer = extensions.get::<Peer>().map(|peer| peer.0);
    client_address(peer, headers, core.access.proxies())
}

/// The workspace that a request names.
pub(super) fn named_workspace(headers: &HeaderMap) -> Result<Option<WorkspaceId>, ApiError> {
    let Some(value) = headers.get(WORKSPACE) else { return Ok(None) };
    let named = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    named.map(Some).ok_or_else(|| ApiError::invalid(WORKSPACE, "invalid", "is not the id of a workspace"))
}

/// The page that a browser sends a request for.
pub(super) fn presented_origin(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::ORIGIN).and_then(|value| value.to_str().ok())
}

/// What a request shows of a key or a session.
pub(super) fn secret(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| {
        let (scheme, secret) = value.trim().split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
    });
    let own = || headers.get("x-api-key").and_then(|value| value.to_str().ok()).map(str::trim);
    bearer.or_else(own).filter(|secret| !secret.is_empty())
}

/// A read may name a position that it must show.
async fn wait_for(core: &Core, headers: &HeaderMap) -> Result<(), ApiError> {
    let Some(value) = headers.get("campanile-position") else { return Ok(()) };
    let position = value.to_str().ok().and_then(|text| text.parse::<LogPosition>().ok());
    let invalid = || ApiError::invalid("Campanile-Position", "invalid", "is not a position such as `1-104277`");
    let position = position.filter(|it| it.epoch.0 > 0).ok_or_else(invalid)?;
    if position.epoch < core.epoch {
        let message = format!("is of before the log was restored: it is in its epoch {} now", core.epoch);
        return Err(ApiError::invalid("Campanile-Position", "restored", message));
    }
    if position.epoch > core.epoch {
        tokio::time::sleep(SHOWN_WITHIN).await;
    } else if core.runner.wait_for(position.position, SHOWN_WITHIN).await {
        return Ok(());
    }
    Err(ApiError::new(Code::Unavailable, format!("position {position} can't be shown yet; try again soon")))
}
