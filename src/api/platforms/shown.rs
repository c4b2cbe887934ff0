//! A platform, for the API's description.

use utoipa::ToSchema;

use crate::api::openapi::{DeliveryClass, PlatformName};

/// What a platform takes, and what its delivery is worth.
#[derive(Debug, ToSchema)]
pub struct Platform {
    /// Its name in paths.
    #[schema(value_type = PlatformName)]
    pub name: String,
    /// What people call it.
    pub title: String,
    /// What an account is connected with directly, such as `access_token`.
    pub auth: String,
    /// The fields of the request that does so: `POST /v1/connect/{platform}`.
    pub connect_fields: Vec<String>,
    /// The other way, on the platform's own page; `null` where there is none.
    #[schema(required = true)]
    pub oauth: Option<OAuthShown>,
    /// What a text may be.
    pub text: TextLimits,
    /// What may follow a post.
    pub thread: ThreadLimits,
    /// What may be shown with a post.
    pub media: MediaLimits,
    /// How much may be posted.
    pub posting_limits: Vec<PostingLimit>,
    /// What its delivery is worth; several where that depends on the server.
    pub delivery: Vec<DeliveryWorth>,
    /// Whether a post that is deleted with `on_platforms=true` goes from there, too.
    pub can_delete: bool,
    /// Whether an account's own server may state other limits.
    pub limits_by_server: bool,
}

/// How an account is connected on the platform's own page.
#[derive(Debug, ToSchema)]
pub struct OAuthShown {
    /// The parameters of the request that begins it: `GET /v1/connect/{platform}`.
    pub fields: Vec<String>,
    /// What the account's owner is asked to allow.
    pub scopes: Vec<String>,
}

/// What a text may be.
#[derive(Debug, ToSchema)]
pub struct TextLimits {
    /// The longest, in characters.
    pub max_length: u32,
    /// What a web address counts, whatever its length.
    #[schema(required = true)]
    pub url_counts_as: Option<u32>,
}

/// What may follow a post.
#[derive(Debug, ToSchema)]
pub struct ThreadLimits {
    /// How many parts, the post itself included.
    pub max_parts: u16,
    /// Whether a first comment can be put under a post.
    pub first_comment: bool,
}

/// What may be shown with a post.
#[derive(Debug, ToSchema)]
pub struct MediaLimits {
    /// How many pictures or films.
    pub max_count: u16,
    /// How large each may be.
    #[serde(flatten)]
    pub sizes: MediaSizes,
}

/// How large a picture or film may be, and how long what is said of it; `null` where nothing is known to limit it.
#[derive(Debug, ToSchema)]
pub struct MediaSizes {
    /// The largest picture, in bytes.
    #[schema(required = true)]
    pub max_image_bytes: Option<u64>,
    /// The largest film, in bytes.
    #[schema(required = true)]
    pub max_video_bytes: Option<u64>,
    /// The longest description of one, in characters.
    #[schema(required = true)]
    pub max_alt_text: Option<u32>,
}

/// How much may be posted.
#[derive(Debug, ToSchema)]
pub struct PostingLimit {
    /// So many requests …
    pub requests: u32,
    /// … in so many seconds.
    pub per_seconds: u32,
    /// Of whom it is counted: `account`, `app` or `address`.
    pub counted_by: String,
}

/// What delivery is worth.
#[derive(Debug, ToSchema)]
pub struct DeliveryWorth {
    /// Its class.
    #[schema(value_type = DeliveryClass)]
    pub class: String,
    /// How long a key is kept, in seconds.
    #[schema(nullable = false)]
    pub window_seconds: Option<u64>,
    /// Where that holds, in words for people.
    pub holds_for: String,
}
