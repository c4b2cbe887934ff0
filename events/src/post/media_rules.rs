//! What a platform takes of pictures and films, besides how many.

use serde::{Deserialize, Serialize};

use super::{Violation, rules::violation};
use crate::media::MediaKind;

/// The limits of one account's platform for what a post shows. Each default is "no limit": offers that were stored before
/// there were such limits read so.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MediaRules {
    /// What it takes; empty for everything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<MediaKind>,
    /// The longest picture, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_image_bytes: Option<u64>,
    /// The longest film, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_video_bytes: Option<u64>,
    /// The longest description, in characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_alt_text: Option<u32>,
    /// Whether a film can't stand beside anything else.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub video_alone: bool,
}

/// What is known of a medium that a post shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaFacts {
    /// What it is.
    pub kind: MediaKind,
    /// How many bytes it has.
    pub bytes: u64,
    /// How long its description is, in characters; 0 without one.
    pub alt_text: u32,
}

impl MediaRules {
    /// Whether nothing is limited.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// What of this the platform would not take, in the order of the post's `media_ids`; empty when all is well.
    pub fn check(&self, media: &[MediaFacts]) -> Vec<Violation> {
        let mut found = Vec::new();
        for (at, it) in media.iter().enumerate() {
            self.check_one(&format!("media_ids[{at}]"), it, &mut found);
        }
        if self.video_alone && media.len() > 1 && media.iter().any(|it| it.kind.is_video()) {
            let message = "the platform shows a film alone, without other media".to_owned();
            found.push(violation("media_ids", "video_not_alone", message));
        }
        found
    }

    fn check_one(&self, field: &str, it: &MediaFacts, found: &mut Vec<Violation>) {
        if !self.kinds.is_empty() && !self.kinds.contains(&it.kind) {
            found.push(violation(field, "not_supported", format!("the platform does not take {}", it.kind)));
        }
        let most = if it.kind.is_video() { self.max_video_bytes } else { self.max_image_bytes };
        if let Some(most) = most.filter(|most| it.bytes > *most) {
            found.push(violation(field, "too_large", format!("{} bytes, at most {most}", it.bytes)));
        }
        if let Some(most) = self.max_alt_text.filter(|most| it.alt_text > *most) {
            let message = format!("a description of {} characters, at most {most}", it.alt_text);
            found.push(violation(field, "alt_text_too_long", message));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(kind: MediaKind, bytes: u64, alt_text: u32) -> MediaFacts {
        MediaFacts { kind, bytes, alt_text }
    }

    #[test]
    fn each_broken_limit_is_named_with_its_place() {
        let rules = MediaRules {
            kinds: vec![MediaKind::Png, MediaKind::Mp4],
            max_image_bytes: Some(10),
            max_video_bytes: Some(20),
            max_alt_text: Some(5),
            video_alone: true,
        };
        let codes = |media: &[MediaFacts]| -> Vec<_> {
            rules.check(media).into_iter().map(|it| format!("{} {}", it.field, it.code)).collect()
        };
        assert!(codes(&[facts(MediaKind::Png, 10, 5), facts(MediaKind::Png, 1, 0)]).is_empty());
        assert!(codes(&[facts(MediaKind::Mp4, 20, 0)]).is_empty());
        let media = [facts(MediaKind::Png, 11, 6), facts(MediaKind::Gif, 1, 0), facts(MediaKind::Mp4, 21, 0)];
        assert_eq!(
            codes(&media),
            [
                "media_ids[0] too_large",
                "media_ids[0] alt_text_too_long",
                "media_ids[1] not_supported",
                "media_ids[2] too_large",
                "media_ids video_not_alone",
            ]
        );
        assert!(MediaRules::default().check(&media).is_empty());
    }

    #[test]
    fn limits_that_nobody_stated_are_not_stored() {
        assert_eq!(serde_json::to_string(&MediaRules::default()).unwrap(), "{}");
        assert_eq!(serde_json::from_str::<MediaRules>("{}").unwrap(), MediaRules::default());
    }
}
