//! What it takes, for whoever lists the platforms.

use std::sync::Arc;

use super::{MAX_ALT_TEXT, MAX_IMAGE_BYTES, MAX_MEDIA, MAX_PARTS, MAX_TEXT, SandboxPlatform, WINDOW_SECONDS};
use crate::platforms::{
    Adapter, AuthKind, ConnectField, DeliveryWorth, Dependencies, Description, FieldForm, MediaLimits, TextLimits,
    ThreadLimits,
};

pub(super) const SERVICE_URL: ConnectField = ConnectField::new(
    "service_url",
    FieldForm::Server { example: "http://127.0.0.1:4000" },
    "A sandbox of its own, if it is not the engine's.",
)
.optional();
const FIELDS: [ConnectField; 3] = [
    ConnectField::new("handle", FieldForm::Pattern("^@?[A-Za-z0-9_.-]{1,64}$"), "Any name."),
    ConnectField::new(
        "delivery",
        FieldForm::OneOf(&["keyed", "searchable", "blind"]),
        "What it offers against doubles; `keyed` if not said.",
    )
    .optional(),
    SERVICE_URL,
];

impl Adapter for SandboxPlatform {
    fn description() -> Description {
        let delivery =
            |class, window_seconds| DeliveryWorth { class, window_seconds, holds_for: "accounts connected so" };
        Description {
            name: "sandbox",
            title: "Sandbox",
            auth: AuthKind::None,
            connect_fields: &FIELDS,
            sign_in: None,
            text: TextLimits { max_length: MAX_TEXT, url_counts_as: None },
            thread: ThreadLimits { max_parts: MAX_PARTS, first_comment: true },
            media: MediaLimits {
                max_count: MAX_MEDIA,
                max_image_bytes: Some(MAX_IMAGE_BYTES),
                max_video_bytes: None,
                max_alt_text: Some(MAX_ALT_TEXT),
            },
            posting_limits: Vec::new(),
            delivery: vec![
                delivery("keyed", Some(WINDOW_SECONDS)),
                delivery("searchable", None),
                delivery("blind", None),
            ],
            can_delete: true,
            limits_by_server: false,
        }
    }

    fn on(dependencies: &Dependencies) -> Self {
        Self::new(dependencies.egress.clone(), Arc::clone(&dependencies.sandbox))
    }
}
