//! What each platform takes to connect an account, for the API's description. The platforms read it themselves.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::openapi::DeliveryClass;

/// What the platform in the path takes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Credentials {
    /// For `mastodon`.
    Mastodon(MastodonAccount),
    /// For `bluesky`.
    Bluesky(BlueskyAccount),
    /// For `sandbox`.
    Sandbox(SandboxAccount),
}

/// For `mastodon`, and servers that speak its API.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MastodonAccount {
    /// The server.
    #[schema(format = "uri", example = "https://mastodon.example")]
    pub instance_url: String,
    /// A token that its owner made there, with the scopes `read:accounts`, `read:statuses` and `write:statuses`.
    #[schema(min_length = 1)]
    pub access_token: String,
}

/// For `bluesky`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BlueskyAccount {
    /// The server that keeps the account.
    #[schema(format = "uri", example = "https://bsky.social")]
    pub service_url: String,
    /// The account's name.
    #[schema(min_length = 1)]
    pub identifier: String,
    /// A password that its owner made for an app.
    #[schema(min_length = 1)]
    pub app_password: String,
}

/// For `sandbox`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SandboxAccount {
    /// Any name.
    #[schema(pattern = "^@?[A-Za-z0-9_.-]{1,64}$")]
    pub handle: String,
    /// What it offers against doubles; `keyed` if not said.
    #[schema(value_type = Option<DeliveryClass>)]
    pub delivery: Option<String>,
    /// A sandbox of its own, if it is not the engine's.
    #[schema(format = "uri")]
    pub service_url: Option<String>,
}
