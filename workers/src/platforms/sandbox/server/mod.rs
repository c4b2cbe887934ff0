//! The sandbox over HTTP. A fault of the connection is one: it is closed or reset under the request.

mod accept;
mod page;
mod routes;

pub use accept::serve;
