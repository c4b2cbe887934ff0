//! What answers about keys hold, for the API's description.

use utoipa::{IntoParams, ToSchema};

use crate::api::openapi::{AccountRef, GrantedScope, KeyModeName, KeyRef, KeyStatusName};

/// A key; its secret is no part of it.
#[derive(Debug, ToSchema)]
pub struct Key {
    /// Its id.
    #[schema(value_type = KeyRef)]
    pub id: String,
    /// What its makers call it.
    pub name: String,
    /// What it is for.
    #[schema(required = true)]
    pub description: Option<String>,
    /// How its secret begins.
    pub prefix: String,
    /// What it may do.
    #[schema(value_type = Vec<GrantedScope>)]
    pub scopes: Vec<String>,
    /// Whether it may publish to live accounts.
    #[schema(value_type = KeyModeName)]
    pub mode: String,
    /// Whether it opens anything.
    #[schema(value_type = KeyStatusName)]
    pub status: String,
    /// How many requests it may make; `null` for any number.
    #[schema(required = true)]
    pub rate_limit: Option<RateLimitShown>,
    /// Where browsers may use it; anywhere, if there is none.
    pub allowed_origins: Vec<String>,
    /// From where it may be used; from everywhere, if there is none.
    pub allowed_ips: Vec<String>,
    /// The accounts that it is bound to; all, if there is none.
    #[schema(value_type = Vec<AccountRef>)]
    pub allowed_accounts: Vec<String>,
    /// The key that it follows.
    #[schema(required = true, value_type = Option<KeyRef>)]
    pub predecessor: Option<String>,
    /// The key that follows it.
    #[schema(required = true, value_type = Option<KeyRef>)]
    pub successor: Option<String>,
    /// Counts its changes; the `ETag`.
    pub revision: u32,
    /// The key or the person that made it, or `operator`.
    pub created_by: String,
    /// When it was made.
    #[schema(required = true, format = DateTime)]
    pub created_at: Option<String>,
    /// When its time is over.
    #[schema(required = true, format = DateTime)]
    pub expires_at: Option<String>,
    /// When it was rotated; it holds until `expires_at`, with the one that follows it.
    #[schema(required = true, format = DateTime)]
    pub rotated_at: Option<String>,
    /// When it was revoked.
    #[schema(required = true, format = DateTime)]
    pub revoked_at: Option<String>,
    /// When it was last used; a minute's delay is usual.
    #[schema(required = true, format = DateTime)]
    pub last_used_at: Option<String>,
    /// From which address.
    #[schema(required = true)]
    pub last_used_from: Option<String>,
}

/// How many requests a key may make.
#[derive(Debug, ToSchema)]
pub struct RateLimitShown {
    /// In a minute.
    pub per_minute: u32,
    /// In a day.
    pub per_day: u32,
}

/// A key as it was made, with its secret: nothing shows it again.
#[derive(Debug, ToSchema)]
pub struct KeyWithSecret {
    /// The key.
    #[serde(flatten)]
    pub key: Key,
    /// What opens: `sk_live_` or `sk_test_`, 30 random characters, and 6 that check them. `null` where the request is
    /// repeated, by its `Idempotency-Key`, after a day.
    #[schema(required = true, pattern = "^sk_(live|test)_[0-9A-Za-z]{36}$")]
    pub secret: Option<String>,
}

/// The key that follows another, with its secret: nothing shows it again.
#[derive(Debug, ToSchema)]
pub struct RotatedKey {
    /// The key.
    #[serde(flatten)]
    pub key: KeyWithSecret,
    /// Until when the old one holds, too.
    #[schema(required = true, format = DateTime)]
    pub old_key_valid_until: Option<String>,
}

/// What happened to a key, and what was refused to it.
#[derive(Debug, ToSchema)]
pub struct KeyHistory {
    /// What happened to it, oldest first, or a part of that.
    pub data: Vec<crate::api::posts::shown::HistoryEvent>,
    /// What `cursor` takes to go on; `null` at the end.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
    /// The writes that were refused to it in the last 90 days, oldest first, all of them: one entry for each hour, route and code.
    pub refused_writes: Vec<RefusedWrites>,
}

/// Writes that were refused to a key in an hour, of one route and with one code.
#[derive(Debug, ToSchema)]
pub struct RefusedWrites {
    /// The route, by its name in the program's own log.
    #[schema(example = "api.posts.create")]
    pub route: String,
    /// The error's code.
    #[schema(example = "forbidden_scope")]
    pub code: String,
    /// How many.
    pub count: u32,
    /// When the first one was refused.
    #[schema(format = DateTime)]
    pub first_at: String,
    /// When the last one was.
    #[schema(format = DateTime)]
    pub last_at: String,
    /// The last one's request.
    pub last_request_id: String,
    /// From where the last one came.
    #[schema(required = true)]
    pub last_from: Option<String>,
}

/// A key whose secret was given to have it revoked.
#[derive(Debug, ToSchema)]
pub struct DeadKey {
    /// Its id.
    #[schema(value_type = KeyRef)]
    pub id: String,
    /// How its secret begins.
    pub prefix: String,
    /// Whether it opens anything: not any more.
    #[schema(value_type = KeyStatusName)]
    pub status: String,
    /// When it was revoked.
    #[schema(required = true, format = DateTime)]
    pub revoked_at: Option<String>,
}

/// A revoked key.
#[derive(Debug, ToSchema)]
pub struct RevokedKey {
    /// The key.
    #[serde(flatten)]
    pub key: Key,
    /// How many scheduled posts it made.
    pub scheduled_posts: u32,
    /// How many of them were called off.
    pub canceled_posts: u32,
}

/// Which keys.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct KeyFilters {
    /// Standing so.
    #[param(value_type = Option<KeyStatusName>)]
    pub status: Option<String>,
    /// With this in their names, in big or small letters.
    pub name: Option<String>,
}

/// What a request to revoke a key may say.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Revoking {
    /// Call off the scheduled posts that it made; takes the scope `posts:publish` too.
    #[param(default = false)]
    pub cancel_scheduled: Option<bool>,
}
