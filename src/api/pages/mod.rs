//! The pages that links lead to: one form each, to set a password by. What stands behind the `#` of a link never reaches
//! the server as part of an address; the form sends it in a body.

mod documented;
mod form;
mod join;
mod reset;

pub(in crate::api) use documented::Documented;
pub use join::join;
pub use reset::reset;
