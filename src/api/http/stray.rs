//! Requests that no route is for: paths that there aren't, and methods that a path doesn't take. What they are answered
//! doesn't depend on who asks; but who holds a key or is signed in is counted and told as everywhere.

use axum::{
    extract::{Request, State},
    http::{Extensions, HeaderMap, Method, StatusCode},
    response::{IntoResponse, Response},
};

use super::{
    ApiError,
    cors::Listed,
    guard::{address, named_workspace, presented_origin, secret},
    rate_limit,
    told::Told,
};
use crate::{
    access::{Denied, Presented, TokenKind, Who},
    api::Api,
    engine::Core,
};

/// Nothing is under this path.
pub async fn nothing_here(State(api): State<Api>, request: Request) -> Response {
    stray(&api, request, StatusCode::NOT_FOUND).await
}

/// The path doesn't take this method. Which it takes, the router says.
pub async fn no_such_method(State(api): State<Api>, request: Request) -> Response {
    stray(&api, request, StatusCode::METHOD_NOT_ALLOWED).await
}

/// The envelope gives the status its words.
async fn stray(api: &Api, request: Request, status: StatusCode) -> Response {
    let (method, headers, extensions) =
        (request.method().clone(), request.headers().clone(), request.extensions().clone());
    drop(request);
    let mut told = Told::default();
    let counted =
        if method == Method::OPTIONS { Ok(()) } else { count(&api.0, &headers, &extensions, &mut told).await };
    let mut response = match counted {
        Ok(()) => status.into_response(),
        Err(refusal) => refusal.into_response(),
    };
    told.tell(&api.0, &mut response).await;
    response
}

/// Refuses who has made too many requests, and nobody else: where something can't be looked up, there is nothing here all
/// the same.
async fn count(core: &Core, headers: &HeaderMap, extensions: &Extensions, told: &mut Told) -> Result<(), ApiError> {
    let address = address(core, extensions, headers);
    let known = match secret(headers) {
        None => Err(Denied::Missing.into()),
        Some(secret) if secret.starts_with(TokenKind::Session.prefix()) => {
            count_person(core, secret, headers, told).await
        }
        Some(secret) => {
            let presented = Presented { address, origin: presented_origin(headers) };
            count_key(core, secret, presented, told).await
        }
    };
    match known {
        Err(refusal) if refusal.is_of_a_stranger() => rate_limit::check_stranger(core, address),
        Err(refusal) if refusal.code == super::Code::RateLimited => Err(refusal),
        Ok(()) | Err(_) => Ok(()),
    }
}

async fn count_person(core: &Core, token: &str, headers: &HeaderMap, told: &mut Told) -> Result<(), ApiError> {
    told.listed = Some(Listed(false));
    let signed_in = core.people.signed_in(token).await?;
    let entered = signed_in.enter(named_workspace(headers).ok().flatten());
    told.count_person(core, &signed_in, entered.as_ref().ok()).await
}

async fn count_key(core: &Core, secret: &str, presented: Presented<'_>, told: &mut Told) -> Result<(), ApiError> {
    match core.access.authenticate(secret, presented).await {
        Ok(caller) => {
            told.listed = presented.origin.map(|origin| Listed(caller.lists_origin(origin)));
            match &caller.who {
                Who::Key { id, key } => told.count_key(core, caller.workspace, *id, key).await,
                Who::Person(..) => Ok(()),
            }
        }
        Err(denied) => {
            told.show_denied(core, secret, &denied).await;
            Err(denied.into())
        }
    }
}
