//! What a server allows, and what its delivery is worth.

use campanile_events::{
    account::Offer,
    post::{Delivery, FailureClass, MediaRules, Rules, TextCount, TextUnit},
    timing::Timing,
};
use serde::Deserialize;
use url::Url;

use super::{
    MAX_ALT_TEXT, MAX_IMAGE_BYTES, MAX_MEDIA, MAX_PARTS, MAX_TEXT, MAX_VIDEO_BYTES, Mastodon, WINDOW_SECONDS, answers,
    at,
};
use crate::{egress::Request, platforms::SendFailure};

/// Where Mastodon's own source stands.
const MASTODON: &str = "https://github.com/mastodon/mastodon";
/// Where Hollo's does, and did.
const HOLLO: [&str; 2] = ["https://github.com/fedify-dev/hollo", "https://github.com/dahlia/hollo"];

/// What a server says of itself, in the second form of the answer and in the first.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Instance {
    domain: Option<String>,
    uri: Option<String>,
    version: String,
    source_url: Option<String>,
    configuration: Configuration,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Configuration {
    statuses: Statuses,
    media_attachments: Attachments,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Statuses {
    max_characters: Option<u32>,
    max_media_attachments: Option<u16>,
    characters_reserved_per_url: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Attachments {
    supported_mime_types: Vec<String>,
    image_size_limit: Option<u64>,
    video_size_limit: Option<u64>,
    description_limit: Option<u32>,
}

impl Attachments {
    fn rules(&self) -> MediaRules {
        MediaRules {
            kinds: self.supported_mime_types.iter().filter_map(|name| name.parse().ok()).collect(),
            max_image_bytes: Some(self.image_size_limit.unwrap_or(MAX_IMAGE_BYTES)),
            max_video_bytes: Some(self.video_size_limit.unwrap_or(MAX_VIDEO_BYTES)),
            max_alt_text: Some(self.description_limit.unwrap_or(MAX_ALT_TEXT)),
            video_alone: true,
        }
    }
}

/// Whose program a server runs, where that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Software {
    Mastodon,
    Hollo,
    Other,
}

impl Mastodon {
    /// Asks a server about itself. The old form is asked for only where the new one is missing.
    pub(super) async fn instance(&self, url: &Url) -> Result<Instance, SendFailure> {
        for path in ["/api/v2/instance", "/api/v1/instance"] {
            let answer = self.egress.request(Request::get(at(url, path))).await;
            let answer = answer.map_err(|error| SendFailure::from(error).of_question())?;
            match answers::read(&answer, false, self.clock.now()) {
                Err(failure) if failure.class == FailureClass::OutdatedAdapter && path.contains("v2") => {}
                read => return read.map_err(SendFailure::of_question),
            }
        }
        Err(SendFailure::of(FailureClass::OutdatedAdapter, "no_instance"))
    }
}

impl Instance {
    /// The domain in its accounts' names.
    pub(super) fn domain(&self) -> Option<&str> {
        let named = self.domain.as_deref().or(self.uri.as_deref())?;
        // The first form's `uri` is a bare domain on Mastodon and an address elsewhere.
        let named = named.trim_start_matches("https://").trim_end_matches('/');
        (!named.is_empty()).then_some(named)
    }

    /// What it takes and offers.
    pub(super) fn offer(&self, timing: &Timing) -> Offer {
        let software = self.software();
        let stated = &self.configuration.statuses;
        let rules = Rules {
            max_bytes: None,
            max_text: stated.max_characters.unwrap_or(MAX_TEXT),
            count: TextCount {
                unit: TextUnit::Chars,
                url_as: stated.characters_reserved_per_url,
                mention_server_free: software == Software::Mastodon,
            },
            max_parts: MAX_PARTS,
            first_comment: true,
            max_media: stated.max_media_attachments.unwrap_or(MAX_MEDIA),
            media: self.configuration.media_attachments.rules(),
        };
        let delivery = match software {
            // Both store the key after the post.
            Software::Mastodon | Software::Hollo => Delivery::Keyed {
                window_ms: Some(WINDOW_SECONDS * 1000),
                quiet_ms: u64::try_from(timing.quiet.as_millis()).unwrap_or(u64::MAX),
                searchable: true,
            },
            Software::Other => Delivery::Searchable,
        };
        Offer { rules, delivery }
    }

    /// Servers give Mastodon's version for the sake of its clients, some without a word more. Only a plain version
    /// together with the address of the very source counts; a fork has its own.
    fn software(&self) -> Software {
        let source = self.source_url.as_deref().unwrap_or_default().trim_end_matches('/').trim_end_matches(".git");
        if source == MASTODON && is_plain(&self.version) {
            Software::Mastodon
        } else if HOLLO.contains(&source) {
            Software::Hollo
        } else {
            Software::Other
        }
    }
}

/// `4.3.0`, `4.4.0-rc.1`, `4.5.0-nightly.2026-11-20`; not `4.3.0+glitch` nor `2.7.2 (compatible; …)`.
fn is_plain(version: &str) -> bool {
    let (numbers, rest) = version.split_once('-').unwrap_or((version, ""));
    let parts: Vec<_> = numbers.split('.').collect();
    parts.len() == 3
        && parts.iter().all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit()))
        && rest.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn class(version: &str, source: Option<&str>) -> &'static str {
        let instance: Instance = serde_json::from_value(json!({"version": version, "source_url": source})).unwrap();
        instance.offer(&Timing::default()).delivery.class()
    }

    #[test]
    fn delivery_is_decided_for_each_server_and_searchable_if_in_doubt() {
        for (version, source, expected) in [
            ("4.3.0", Some("https://github.com/mastodon/mastodon"), "keyed"),
            ("4.5.0-nightly.2026-11-20", Some("https://github.com/mastodon/mastodon/"), "keyed"),
            ("0.7.2", Some("https://github.com/fedify-dev/hollo"), "keyed"),
            ("4.3.0", None, "searchable"),
            ("4.3.0+glitch", Some("https://github.com/glitch-soc/mastodon"), "searchable"),
            ("4.3.0+glitch", Some("https://github.com/mastodon/mastodon"), "searchable"),
            ("4.3.0", Some("https://git.example/our/mastodon"), "searchable"),
            ("0.17.3 git-1a2b3c", Some("https://codeberg.org/superseriousbusiness/gotosocial"), "searchable"),
            ("takahe/0.11.0", Some("https://github.com/jointakahe/takahe/"), "searchable"),
            ("2.7.2 (compatible; Pleroma 2.6.0)", None, "searchable"),
            ("4.2.0 (not true; really snac/2.70)", Some("https://github.com/mastodon/mastodon"), "searchable"),
            ("", None, "searchable"),
        ] {
            assert_eq!(class(version, source), expected, "{version} {source:?}");
        }
    }

    #[test]
    fn limits_are_the_servers_own_or_mastodons() {
        let stated = json!({"domain": "m.example", "version": "4.3.0", "source_url": "https://github.com/mastodon/mastodon",
            "configuration": {"statuses": {"max_characters": 1000, "max_media_attachments": 6,
                "characters_reserved_per_url": 23}, "polls": {}}});
        let instance: Instance = serde_json::from_value(stated).unwrap();
        let rules = instance.offer(&Timing::default()).rules;
        assert_eq!((rules.max_text, rules.max_media, rules.count.url_as), (1000, 6, Some(23)));
        assert!(rules.count.mention_server_free);
        assert_eq!(instance.domain(), Some("m.example"));

        let old: Instance = serde_json::from_value(json!({"uri": "https://m.example/", "version": "3.5.0"})).unwrap();
        let rules = old.offer(&Timing::default()).rules;
        assert_eq!((rules.max_text, rules.max_media, rules.count.url_as), (500, 4, None));
        assert_eq!(old.domain(), Some("m.example"));
    }
}
