//! What it takes, for whoever lists the platforms.

use super::{Bluesky, MAX_IMAGE_BYTES, MAX_MEDIA, MAX_PARTS, MAX_TEXT};
use crate::platforms::{
    Adapter, AuthKind, ConnectField, DeliveryWorth, Dependencies, Description, FieldForm, MediaLimits, PostingLimit,
    TextLimits, ThreadLimits,
};

pub(super) const SERVICE_URL: ConnectField = ConnectField::new(
    "service_url",
    FieldForm::Server { example: "https://bsky.social" },
    "The server that keeps the account.",
);
const FIELDS: [ConnectField; 3] = [
    SERVICE_URL,
    ConnectField::new("identifier", FieldForm::Text, "The account's name."),
    ConnectField::new("app_password", FieldForm::Text, "A password that its owner made for an app."),
];

impl Adapter for Bluesky {
    fn description() -> Description {
        Description {
            name: "bluesky",
            title: "Bluesky",
            auth: AuthKind::AppPassword,
            connect_fields: &FIELDS,
            sign_in: None,
            text: TextLimits { max_length: MAX_TEXT, url_counts_as: None },
            thread: ThreadLimits { max_parts: MAX_PARTS, first_comment: true },
            media: MediaLimits {
                max_count: MAX_MEDIA,
                max_image_bytes: Some(MAX_IMAGE_BYTES),
                max_video_bytes: None,
                max_alt_text: None,
            },
            // A record that is put costs two of 5,000 points an hour and 35,000 a day.
            posting_limits: vec![
                PostingLimit { requests: 2_500, per_seconds: 3_600, counted_by: "account" },
                PostingLimit { requests: 17_500, per_seconds: 86_400, counted_by: "account" },
                PostingLimit { requests: 3_000, per_seconds: 300, counted_by: "address" },
            ],
            delivery: vec![DeliveryWorth { class: "keyed", window_seconds: None, holds_for: "every server" }],
            can_delete: true,
            limits_by_server: false,
        }
    }

    fn on(dependencies: &Dependencies) -> Self {
        Self::new(dependencies.egress.clone(), dependencies.clock.clone())
    }
}
