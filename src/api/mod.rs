//! The HTTP API: a folder for each noun, a file for each verb.
//!
//! - [`http`]: what all endpoints share: reading, refusing, answering, and the guard before every handler.
//! - [`openapi`]: the description of it all, made from the handlers and the routes.
//! - [`routes`]: every route with who may use it, in one list.
//! - [`router()`] and [`operator_router()`]: the routes as they are served, to the world and on the folder's socket.
//!
//! It promises: every refusal is one envelope; no route without a decision on who may; a command's answer is seen by
//! every read that starts after it, or says that it isn't yet. It decides nothing that an aggregate can decide.

pub mod accounts;
pub mod auth;
pub mod connect;
pub mod health;
pub mod http;
pub mod invitations;
pub mod keys;
pub mod me;
pub mod media;
pub mod openapi;
pub mod operator;
pub mod pages;
pub mod people;
pub mod platforms;
pub mod posts;
mod replay;
mod router;
pub mod routes;
pub mod scopes;
#[cfg(test)]
mod tests;
pub mod workspaces;

pub use router::{Api, operator_router, router};
