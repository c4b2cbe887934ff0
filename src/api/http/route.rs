//! A route: method, path, who may, and who answers. The table of routes is made of these, and there is no other way to
//! add one, so that none can be added without saying who may.

use axum::{
    handler::Handler,
    http::Method,
    routing::{MethodFilter, MethodRouter, on},
};
use campanile_events::{key::Scope, person::Role};

use crate::api::Api;

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Anybody.
    Nothing,
    /// Any key that holds, and any person who is signed in, whether they say in which workspace or not.
    AnyKey,
    /// A key with this scope, or a person whose role in the workspace has it.
    Scope(Scope),
    /// A person who is signed in, in whatever workspace. A key is none.
    Session,
    /// A person who is signed in and is this in the workspace. A key is none.
    Role(Role),
}

/// How a route's requests are limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limited {
    /// With all others of who asks: of a key, a person, or an address that nobody answers for.
    AsAll,
    /// They count with all others, and are let in where there are too many: who wants to go isn't kept.
    Never,
    /// By their address, but apart from what else comes from there.
    Apart,
}

/// A route's name, and the span that is called so: spans are named where they are written.
#[derive(Debug, Clone, Copy)]
pub struct Name {
    /// The name.
    pub text: &'static str,
    /// Opens a span for a request.
    pub span: fn(request_id: &str) -> tracing::Span,
}

impl Name {
    /// Whether it is a route that a machine asks again and again, and that touches nothing.
    pub fn is_probe(self) -> bool {
        self.text.starts_with("health.")
    }
}

/// Names a route.
macro_rules! named {
    ($name:literal) => {
        $crate::api::http::Name { text: $name, span: |request_id| tracing::info_span!($name, request.id = request_id) }
    };
}
pub(in crate::api) use named;

/// One line of the table.
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, as the router writes it.
    pub path: &'static str,
    /// Who may ask.
    pub needs: Needs,
    /// Its name in spans and logs, such as `api.posts.schedule`.
    pub name: Name,
    /// Whether its handler keeps the receipts of idempotency keys, as [`super::Once`] says why; else the guard does, for who is
    /// known to it.
    pub keeps_receipts: bool,
    /// How its requests are limited.
    pub limited: Limited,
    pub(in crate::api) handler: MethodRouter<Api>,
}

impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} ({:?})", self.method, self.path, self.needs)
    }
}

impl Route {
    /// Its handler keeps the receipts of idempotency keys.
    #[must_use]
    pub fn keeping_receipts(self) -> Self {
        Self { keeps_receipts: true, ..self }
    }

    /// Its requests are limited in another way than most.
    #[must_use]
    pub fn limited(self, limited: Limited) -> Self {
        Self { limited, ..self }
    }
}

macro_rules! verbs {
    ($($(#[$doc:meta])* $verb:ident => $method:ident),* $(,)?) => {$(
        $(#[$doc])*
        pub fn $verb<H, T>(path: &'static str, needs: Needs, name: Name, handler: H) -> Route
        where
            H: Handler<T, Api>,
            T: 'static,
        {
            let handler = on(MethodFilter::$method, handler);
            Route { method: Method::$method, path, needs, name, keeps_receipts: false, limited: Limited::AsAll, handler }
        }
    )*};
}
verbs! {
    /// Reads.
    get => GET,
    /// Makes, or commands.
    post => POST,
    /// Changes.
    patch => PATCH,
    /// Gives bytes.
    put => PUT,
    /// Takes away.
    delete => DELETE,
}
