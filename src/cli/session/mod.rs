//! `campanile login`, `logout` and `whoami`: a session on an engine, wherever that is.

mod kept;
mod login;
mod logout;
mod password;
mod remote;
mod whoami;

pub use login::Login;
pub use logout::Logout;
pub use whoami::Whoami;
