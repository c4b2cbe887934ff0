//! What stands before every handler: who asks, and whether the table lets them.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use campanile_events::ids::LogPosition;
use tracing::Instrument;

use super::{
    ApiError, Code, Name, Needs, Parameters, RequestIds, cors::Listed, envelope::RouteName, etag::IfNoneMatch,
    idempotency, rate_limit,
};
use crate::{
    access::{Denied, Peer, Presented, client_address, limits::Counted},
    api::Api,
    engine::Core,
};

/// How long a read waits for a position that its client has seen.
const SHOWN_WITHIN: Duration = Duration::from_secs(5);

/// What a route asks for.
#[derive(Debug, Clone)]
pub struct Gate {
    /// Who may.
    pub needs: Needs,
    /// The route's name.
    pub name: Name,
    /// Whether anything may stand after the question mark: what nobody reads would be passed over in silence.
    pub takes_parameters: bool,
    /// What answers.
    pub api: Api,
}

/// What a key's answer is told with, whatever it comes to.
#[derive(Default)]
struct Told {
    /// What is left of its limits.
    counted: Option<Counted>,
    /// Whether it lists the page that sent it.
    listed: Option<Listed>,
}

/// Lets through who may.
pub async fn guard(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let name = gate.name;
    let id = request.extensions().get::<RequestIds>().map(|ids| ids.own.to_string()).unwrap_or_default();
    let span = (name.span)(&id);
    let mut response = pass(gate, request, next).instrument(span).await;
    response.extensions_mut().insert(RouteName(name.text));
    response
}

async fn pass(gate: Gate, request: Request, next: Next) -> Response {
    let mut told = Told::default();
    let mut response = pass_told(&gate, request, next, &mut told).await;
    if let Some(counted) = told.counted {
        rate_limit::tell(response.headers_mut(), &counted, gate.api.0.clock.now());
    }
    if let Some(listed) = told.listed {
        response.extensions_mut().insert(listed);
    }
    response
}

async fn pass_told(gate: &Gate, mut request: Request, next: Next, told: &mut Told) -> Response {
    let keyed = match admit(gate, &mut request, told).await {
        Ok(()) if *request.method() == Method::POST && gate.needs != Needs::Nothing => {
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
    if gate.needs == Needs::Nothing {
        return Ok(());
    }
    let core: &Arc<Core> = &gate.api.0;
    if core.is_draining() {
        return Err(ApiError::new(Code::Unavailable, "this process is stopping: it finishes what it has in hand"));
    }
    let secret = secret(request.headers()).ok_or(Denied::Missing)?;
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0);
    let address = client_address(peer, request.headers(), core.access.proxies());
    let origin = request.headers().get(header::ORIGIN).and_then(|value| value.to_str().ok());
    let caller = core.access.authenticate(secret, Presented { address, origin }).await.inspect_err(|denied| {
        if *denied == Denied::Origin {
            told.listed = Some(Listed(false));
        }
    })?;
    told.listed = origin.map(|origin| Listed(caller.lists_origin(origin)));
    if let Some(limit) = caller.key.rate_limit {
        let is = core.access.limits().count(caller.key_id, limit, core.clock.now()).await?;
        told.counted = Some(is);
        rate_limit::check(&is)?;
    }
    if let Needs::Scope(scope) = gate.needs
        && !caller.may(scope)
    {
        return Err(ApiError::scope(scope));
    }
    if !gate.takes_parameters {
        Parameters::of(request.uri()).finish()?;
    }
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        wait_for(core, request.headers()).await?;
    }
    request.extensions_mut().insert(caller);
    Ok(())
}

fn secret(headers: &HeaderMap) -> Option<&str> {
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
