//! The JSON that Mastodon answers with.

use chrono::SecondsFormat;
use serde_json::{Value, json};

use super::server::{Flavour, State, Status};

/// The id of the one account.
pub(super) const ACCOUNT: &str = "113000000000000042";

/// `GET /api/v2/instance`.
pub(super) fn instance(state: &State) -> Value {
    let (version, source) = match state.flavour {
        Flavour::Genuine => ("4.5.2", "https://github.com/mastodon/mastodon"),
        Flavour::Compatible => {
            ("4.2.0 (compatible; Gotosocial 0.20.0)", "https://codeberg.org/superseriousbusiness/gotosocial")
        }
    };
    json!({
        "domain": state.address.trim_start_matches("http://"),
        "title": "Stand-in", "version": version, "source_url": source, "description": "",
        "usage": {"users": {"active_month": 1}},
        "languages": ["en"],
        "configuration": {
            "statuses": {"max_characters": 500, "max_media_attachments": 4, "characters_reserved_per_url": 23},
            "accounts": {"max_featured_tags": 10},
            "media_attachments": {"image_size_limit": 16_777_216, "video_size_limit": 103_809_024, "description_limit": 1500},
        },
        "registrations": {"enabled": false, "approval_required": false, "message": null},
        "rules": [],
    })
}

/// `GET /api/v1/instance`, where a version of the API before 2 is asked for.
pub(super) fn instance_v1(state: &State) -> Value {
    let instance = instance(state);
    json!({
        "uri": instance["domain"], "title": instance["title"], "version": instance["version"], "description": "",
        "configuration": instance["configuration"],
    })
}

/// The account that the token belongs to.
pub(super) fn account(state: &State) -> Value {
    json!({
        "id": ACCOUNT, "username": "bells", "acct": "bells", "display_name": "The Bells", "locked": false, "bot": false,
        "url": format!("{}/@bells", state.address), "statuses_count": state.statuses.len(),
        "source": {"privacy": "public", "sensitive": false, "language": "en", "note": ""},
    })
}

/// A status.
pub(super) fn status(state: &State, status: &Status) -> Value {
    let content = status.text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let content = content.replace("\n\n", "</p><p>").replace('\n', "<br />");
    let url = format!("{}/@bells/{}", state.address, status.id);
    json!({
        "id": status.id.to_string(), "created_at": status.created_at.to_rfc3339_opts(SecondsFormat::Millis, true),
        "in_reply_to_id": status.reply_to, "visibility": "public", "sensitive": false, "spoiler_text": "",
        "uri": url, "url": url, "content": format!("<p>{content}</p>"), "reblog": null, "account": account(state),
        "media_attachments": status.media.iter().map(|it| json!({"id": it.id})).collect::<Vec<_>>(), "mentions": [], "tags": [], "emojis": [], "edited_at": null,
    })
}
