//! A server that speaks enough of Mastodon's API to be published to, and keeps its own truth.
//!
//! It is either [`Flavour::Genuine`], which keeps an `Idempotency-Key` for an hour, or [`Flavour::Compatible`], which takes
//! the header and ignores it. It does with each post what [`Mood`] says, in order, and goes well when there is none left.
//! Its own page (OAuth) is there as well: whoever asks for it says yes.
//! [`DeleteMood`] does the same for requests to delete. What it holds in [`MastodonStandIn::statuses`] is the truth, whatever was answered.

mod media;
mod mood;
mod oauth;
mod routes;
mod server;
mod shown;

pub use mood::{DeleteMood, MediaMood, Mood};
pub use oauth::{App, HANDED};
pub use server::{Flavour, MastodonStandIn, TOKEN};
