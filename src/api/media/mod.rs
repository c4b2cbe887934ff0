//! Pictures and films of posts: announced, given to a signed address, confirmed, and then named by posts.
//!
//! The address is the only right that giving the bytes takes, so that a browser can do it without a key: it is good for
//! one medium, one length, and for an hour. Until the medium is confirmed, bytes that are given again stand for those before; then
//! they never change.

mod announce;
mod announcer;
mod attached;
mod confirm;
mod documented;
mod get;
mod link;
mod receive;
mod render;
mod replay;
pub mod shown;
mod status;

pub use announce::announce;
pub(in crate::api) use attached::attached;
pub use confirm::confirm;
pub(in crate::api) use documented::Documented;
pub use get::get;
#[cfg(test)]
pub(in crate::api) use link::Upload;
pub use link::UploadLinks;
pub use receive::receive;
pub use replay::replayed;
pub use status::MediaStatus;
