//! What answers about accounts hold, for the API's description.

use utoipa::{IntoParams, ToSchema};

use crate::api::{
    openapi::{AccountRef, ConnectedStatus, DeliveryClass, MediaKindName, PlatformName},
    platforms::shown::MediaSizes,
};

/// A connected account; its credentials are no part of it.
#[derive(Debug, ToSchema)]
pub struct Account {
    /// Its id; it keeps it when it is connected again.
    #[schema(value_type = AccountRef)]
    pub id: String,
    /// Where it lives.
    #[schema(value_type = PlatformName)]
    pub platform: String,
    /// The server that it was connected by, on platforms that have many.
    #[schema(required = true)]
    pub server: Option<String>,
    /// The platform's own id of it.
    pub remote_id: String,
    /// Its name there.
    pub handle: String,
    /// What people see above its posts.
    #[schema(required = true)]
    pub display_name: Option<String>,
    /// Whether it can be used.
    #[schema(value_type = ConnectedStatus)]
    pub status: String,
    /// What its server offers against doubles.
    #[schema(required = true)]
    pub delivery: Option<DeliveryShown>,
    /// What its server takes.
    #[schema(required = true)]
    pub limits: Option<AccountLimits>,
    /// Until when its platform takes nothing more.
    #[schema(required = true, format = DateTime)]
    pub rate_limited_until: Option<String>,
    /// Counts its changes; the `ETag`.
    pub revision: u32,
    /// When it was connected.
    #[schema(required = true, format = DateTime)]
    pub connected_at: Option<String>,
    /// When it last changed.
    #[schema(required = true, format = DateTime)]
    pub updated_at: Option<String>,
}

/// What a server offers against doubles.
#[derive(Debug, ToSchema)]
pub struct DeliveryShown {
    /// Its class.
    #[schema(value_type = DeliveryClass)]
    pub class: String,
    /// With `keyed`: how long a key is kept; `null` for ever.
    #[schema(required = false)]
    pub window_seconds: Option<u64>,
    /// With `keyed`: whether it can be asked for a post once the key is no longer kept.
    #[schema(nullable = false)]
    pub searchable: Option<bool>,
}

/// What a server takes.
#[derive(Debug, ToSchema)]
pub struct AccountLimits {
    /// The longest text, in characters.
    #[schema(required = true)]
    pub max_length: Option<u32>,
    /// What a web address counts, whatever its length.
    #[schema(required = true)]
    pub url_counts_as: Option<u32>,
    /// How many parts, the post itself included.
    pub max_parts: u16,
    /// Whether a first comment can be put under a post.
    pub first_comment: bool,
    /// How many pictures or films.
    pub max_media: u16,
    /// Which kinds of them.
    #[schema(value_type = Vec<MediaKindName>)]
    pub media_types: Vec<String>,
    /// How large each may be.
    #[serde(flatten)]
    pub sizes: MediaSizes,
}

/// Which accounts.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AccountFilters {
    /// Of this platform.
    pub platform: Option<String>,
    /// That stand here.
    #[param(value_type = Option<ConnectedStatus>)]
    pub status: Option<String>,
}
