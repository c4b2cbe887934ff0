//! Signing in and out, by e-mail address and password; the sessions of who is signed in; and their password.

mod documented;
mod login;
mod logout;
mod password;
mod refusal;
mod reset;
mod sessions;
pub mod shown;

pub(in crate::api) use documented::Documented;
pub use login::login;
pub use logout::logout;
pub use password::password;
pub(in crate::api) use refusal::not_signed_in;
pub use reset::reset;
pub use sessions::{end, end_all, list};
