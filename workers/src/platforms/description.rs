//! What a platform takes, as data for whoever lists the platforms.

use serde::Serialize;

use super::{ConnectField, FieldForm, SignInDescription};

/// A platform's own page in the list of platforms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Description {
    /// Its name in paths.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// What an account is connected with directly.
    pub auth: AuthKind,
    /// The fields of the request that does so, told by their names.
    pub connect_fields: &'static [ConnectField],
    /// The other way, where there is one: on the platform's own page.
    #[serde(rename = "oauth")]
    pub sign_in: Option<SignInDescription>,
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
    /// Whether what was published can be deleted there.
    pub can_delete: bool,
    /// Whether an account's own server may state other limits.
    pub limits_by_server: bool,
}

impl Description {
    /// The field that names the server which an account lives on, where there is one.
    pub fn server_field(&self) -> Option<&'static str> {
        let field = self.connect_fields.iter().find(|field| matches!(field.form, FieldForm::Server { .. }));
        field.map(|field| field.name)
    }
}

/// What an account is connected with directly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthKind {
    /// Nothing is checked.
    None,
    /// A token that the person made on the platform.
    AccessToken,
    /// A password that the person made on the platform for this use alone.
    AppPassword,
}

/// What a text may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TextLimits {
    /// The longest, in characters.
    pub max_length: u32,
    /// What a web address counts, whatever its length.
    pub url_counts_as: Option<u32>,
}

/// What may follow a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ThreadLimits {
    /// How many parts, the post itself included.
    pub max_parts: u16,
    /// Whether a first comment can be put under a post.
    pub first_comment: bool,
}

/// What may be shown with a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MediaLimits {
    /// How many pictures or films.
    pub max_count: u16,
    /// The largest picture, in bytes.
    pub max_image_bytes: Option<u64>,
    /// The largest film, in bytes.
    pub max_video_bytes: Option<u64>,
    /// The longest description of one, in characters.
    pub max_alt_text: Option<u32>,
}

/// How much may be posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PostingLimit {
    /// So many requests …
    pub requests: u32,
    /// … in so many seconds.
    pub per_seconds: u32,
    /// Of whom it is counted: `account`, `app` or `address`.
    pub counted_by: &'static str,
}

/// What delivery is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct DeliveryWorth {
    /// `keyed`, `searchable` or `blind`.
    pub class: &'static str,
    /// How long a key is kept, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window_seconds: Option<u64>,
    /// Where that holds, in words for people.
    pub holds_for: &'static str,
}
