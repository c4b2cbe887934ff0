//! `campanile login`, `logout` and `whoami`: a session on an engine, wherever that is; and what other commands do there.

mod away;
mod kept;
mod login;
mod logout;
mod password;
mod remote;
mod whoami;

pub(super) use away::Away;
pub use login::Login;
pub use logout::Logout;
pub(super) use remote::ServerFlags;
pub use whoami::Whoami;
