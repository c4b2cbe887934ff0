//! The table of routes, made into what is served.

use std::sync::Arc;

use axum::{Router, middleware};

use super::{
    http::{ApiError, Code, Gate, Route, cors, envelope, guard, no_such_method, nothing_here, to_the_end},
    openapi::takes_parameters,
    routes,
};
use crate::{configuration::Role, engine::Core, metrics::measure};

/// What handlers are given.
#[derive(Debug, Clone)]
pub struct Api(pub Arc<Core>);

/// The API as clients reach it; of a node without that role, how it is, and that it answers nothing else.
pub fn router(core: &Arc<Core>) -> Router {
    if core.roles.has(Role::Api) {
        return serve(core, Router::new().fallback(nothing_here), routes::all());
    }
    serve(core, Router::new().fallback(no_api), routes::health())
}

/// The API as operators reach it, at the machine: the same, and the log.
pub fn operator_router(core: &Arc<Core>) -> Router {
    serve(core, Router::new().fallback(nothing_here), routes::all().into_iter().chain(routes::operators()).collect())
}

/// Not that something isn't there: whoever asks has come to the wrong node.
async fn no_api() -> ApiError {
    let message = "this node doesn't have the role `api`: it answers /healthz, /readyz and /metrics, and nothing else";
    ApiError::new(Code::NotFound, message).with("reason", "no_api_role")
}

fn serve(core: &Arc<Core>, mut router: Router<Api>, table: Vec<Route>) -> Router {
    let api = Api(Arc::clone(core));
    for Route { method, path, needs, name, keeps_receipts, limited, handler } in table {
        let takes_parameters = takes_parameters(&method, path).unwrap_or(true);
        let gate = Gate { needs, name, limited, keeps_receipts, takes_parameters, api: api.clone() };
        router = router.route(path, handler.route_layer(middleware::from_fn_with_state(gate, guard)));
    }
    router = router.method_not_allowed_fallback(no_such_method);
    let enveloped = middleware::from_fn_with_state(core.clock.clone(), envelope);
    let measured = middleware::from_fn_with_state(core.metrics.clone(), measure);
    let shared = middleware::from_fn_with_state(api.clone(), cors);
    router.with_state(api).layer(shared).layer(enveloped).layer(middleware::from_fn(to_the_end)).layer(measured)
}
