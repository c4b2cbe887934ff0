//! Platforms: one port, one folder for each, one list.
//!
//! A platform promises: what [`Platform::open`] refuses was not sent; a [`Line`] carries one request, with no redirect and
//! no repeat; the class of an error is decided where the answer was read, and an answer that no table names is
//! `uncertain`.
//!
//! It doesn't decide what happens next, keep tokens, or write events.

pub mod bluesky;
mod connect_field;
mod credentials;
mod description;
mod failure;
mod fields;
pub mod mastodon;
mod port;
mod registry;
mod renewal;
mod rest;
pub mod sandbox;
mod sign_in;

pub use connect_field::{ConnectField, FieldForm};
pub use credentials::{Credentials, UnreadableCredentials};
pub use description::{AuthKind, DeliveryWorth, Description, MediaLimits, PostingLimit, TextLimits, ThreadLimits};
pub use failure::{ConnectError, SendFailure};
pub use fields::Fields;
pub use port::{
    Access, Attachment, ConnectRequest, Connected, Found, Line, Media, Message, Platform, RemoteMedia, RemoteRef,
    Search, Sent,
};
pub use registry::{Adapter, Dependencies, DuplicatePlatform, Platforms, all, descriptions};
pub use renewal::{CredentialKeeper, InMemory, NotKept, Renewal};
pub use rest::rest_asked;
pub use sign_in::{
    AppKeeper, Begun, InvalidRedirectUri, REDIRECT_URI, RedirectUri, SignIn, SignInDescription, SignInRequest,
};
