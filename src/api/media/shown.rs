//! What requests and answers about media hold, for the API's description.

use utoipa::{IntoParams, ToSchema};

use crate::api::openapi::{MediaKindName, MediaRef, MediaStatusName};

/// A picture or film; its bytes are no part of it.
#[derive(Debug, ToSchema)]
pub struct Media {
    /// Its id.
    #[schema(value_type = MediaRef)]
    pub id: String,
    /// `uploaded` waits to be confirmed; `ready` can be shown by posts; `expired` was not given or confirmed in time.
    #[schema(value_type = MediaStatusName)]
    pub status: String,
    /// Counts its changes; the `ETag`.
    pub revision: u32,
    /// What its file was called.
    pub file_name: String,
    /// What it is.
    #[schema(value_type = MediaKindName)]
    pub content_type: String,
    /// How long it is.
    pub bytes: u64,
    /// In pixels, once that is known.
    #[schema(required = true)]
    pub width: Option<u32>,
    /// In pixels, once that is known.
    #[schema(required = true)]
    pub height: Option<u32>,
    /// What it shows, for who can't see it.
    #[schema(required = true)]
    pub alt_text: Option<String>,
    /// Until when its address takes bytes.
    #[schema(format = DateTime)]
    pub upload_expires_at: String,
    /// When it was announced.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When its bytes were looked at and found right.
    #[schema(required = true, format = DateTime)]
    pub confirmed_at: Option<String>,
}

/// Where the bytes go.
#[derive(Debug, ToSchema)]
pub struct UploadAddress {
    /// The medium's id.
    #[schema(value_type = MediaRef)]
    pub id: String,
    /// The address; it is all the right that giving the bytes takes.
    pub upload_url: String,
    /// Until when it takes them.
    #[schema(format = DateTime)]
    pub expires_at: String,
    /// How they are given.
    #[schema(pattern = "^PUT$")]
    pub method: String,
    /// The headers to send with them.
    pub headers: UploadHeaders,
}

/// The headers to send with the bytes.
#[derive(Debug, ToSchema)]
pub struct UploadHeaders {
    /// What they are.
    #[serde(rename = "Content-Type")]
    #[schema(value_type = MediaKindName)]
    pub content_type: String,
}

/// What an upload address holds.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Signed {
    /// How many bytes it takes.
    pub bytes: u64,
    /// Until when, in Unix seconds.
    pub expires: i64,
    /// The session that it ends with, if a person announced the medium.
    #[param(required = false)]
    pub session: Option<String>,
    /// Who signed it.
    pub signature: String,
}
