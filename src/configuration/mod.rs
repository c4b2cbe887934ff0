//! What the operator says: flags before variables before `campanile.toml` before defaults.
//!
//! It promises: an unknown key or a value that doesn't read is refused by its name, and nothing is started. It doesn't
//! open anything.

#[cfg(test)]
mod example;
mod file;
mod flags;
mod resolve;
mod roles;
mod shape;

pub use file::ConfigurationFile;
pub use flags::{FolderFlags, LogFormat, ServeFlags};
pub use resolve::{Configuration, ConfigurationError, DATA, DueLater, Folder, OnRestored};
pub use roles::{Role, Roles, UnknownRole};
