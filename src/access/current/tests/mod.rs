//! Two nodes on one PostgreSQL, whose journals can be made deaf and slow.

mod cache;
mod journal;
mod node;
mod revoked;
