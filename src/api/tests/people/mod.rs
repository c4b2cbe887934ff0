//! Who signs in, and what is open to them.

mod again;
mod attempts;
mod invitations;
mod passwords;
mod roles;
mod sessions;
mod workspaces;
