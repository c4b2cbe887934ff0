//! What it takes, for whoever lists the platforms.

use super::{
    MAX_ALT_TEXT, MAX_IMAGE_BYTES, MAX_MEDIA, MAX_PARTS, MAX_TEXT, MAX_VIDEO_BYTES, Mastodon, URL_COUNTS_AS,
    WINDOW_SECONDS, sign_in::SCOPES,
};
use crate::platforms::{
    Adapter, AuthKind, ConnectField, DeliveryWorth, Dependencies, Description, FieldForm, MediaLimits, PostingLimit,
    REDIRECT_URI, SignInDescription, TextLimits, ThreadLimits,
};

pub(super) const INSTANCE_URL: ConnectField =
    ConnectField::new("instance_url", FieldForm::Server { example: "https://mastodon.example" }, "The server.");
const FIELDS: [ConnectField; 2] = [
    INSTANCE_URL,
    ConnectField::new(
        "access_token",
        FieldForm::Text,
        "A token that its owner made there, with the scopes `read:accounts`, `read:statuses` and `write:statuses`.",
    ),
];

const SIGN_IN_FIELDS: [ConnectField; 2] = [INSTANCE_URL, REDIRECT_URI];

impl Adapter for Mastodon {
    fn description() -> Description {
        Description {
            name: "mastodon",
            title: "Mastodon",
            auth: AuthKind::AccessToken,
            connect_fields: &FIELDS,
            sign_in: Some(SignInDescription { fields: &SIGN_IN_FIELDS, scopes: SCOPES }),
            text: TextLimits { max_length: MAX_TEXT, url_counts_as: Some(URL_COUNTS_AS) },
            thread: ThreadLimits { max_parts: MAX_PARTS, first_comment: true },
            media: MediaLimits {
                max_count: MAX_MEDIA,
                max_image_bytes: Some(MAX_IMAGE_BYTES),
                max_video_bytes: Some(MAX_VIDEO_BYTES),
                max_alt_text: Some(MAX_ALT_TEXT),
            },
            posting_limits: vec![PostingLimit { requests: 300, per_seconds: 300, counted_by: "account" }],
            delivery: vec![
                DeliveryWorth {
                    class: "keyed",
                    window_seconds: Some(WINDOW_SECONDS),
                    holds_for: "Mastodon itself and Hollo",
                },
                DeliveryWorth {
                    class: "searchable",
                    window_seconds: None,
                    holds_for: "every other server that speaks Mastodon's API",
                },
            ],
            can_delete: true,
            limits_by_server: true,
        }
    }

    fn on(dependencies: &Dependencies) -> Self {
        Self::new(dependencies.egress.clone(), dependencies.clock.clone())
    }
}
