//! What a platform takes, as data. The platforms fill it; the aggregate checks by it, so that a decision and its replay
//! see the same.

use serde::{Deserialize, Serialize};

use super::{MediaRules, Parts};
use crate::seal::Open;

/// The limits of one account's platform, as that instance states them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// The longest text of one part, in `count`'s units.
    pub max_text: u32,
    /// How text is counted.
    pub count: TextCount,
    /// How many parts a thread may have, the post itself included; 1 where there are no threads.
    pub max_parts: u16,
    /// Whether a first comment can be put under a post.
    pub first_comment: bool,
    /// How many pictures or films a post may have.
    pub max_media: u16,
    /// What they may be.
    #[serde(default, skip_serializing_if = "MediaRules::is_default")]
    pub media: MediaRules,
}

/// How a platform counts the length of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextCount {
    /// What a web address counts, whatever its length; `None` where it counts as it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_as: Option<u32>,
    /// Whether the server part of `@name@server` is free.
    #[serde(default)]
    pub mention_server_free: bool,
}

/// A rule that a text breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// The field, such as `body` or `thread[2].body`.
    pub field: String,
    /// A stable name, such as `too_long`.
    pub code: String,
    /// What a person reads.
    pub message: String,
}

impl Rules {
    /// What of this the platform would not take; empty when all is well.
    pub fn check(&self, parts: &Parts<'_, Open>) -> Vec<Violation> {
        let mut found = Vec::new();
        for (index, text) in parts.texts.iter().enumerate() {
            let field = if index == 0 { "body".to_owned() } else { format!("thread[{}].body", index - 1) };
            let may_be_empty = index == 0 && !parts.media_ids.is_empty();
            self.check_text(&field, text, may_be_empty, &mut found);
        }
        if let Some(text) = parts.first_comment {
            if self.first_comment {
                self.check_text("first_comment", text, false, &mut found);
            } else {
                found.push(violation("first_comment", "not_supported", "the platform has no first comments".into()));
            }
        }
        if parts.texts.len() > usize::from(self.max_parts) {
            let message = match self.max_parts {
                0 | 1 => "the platform has no threads".to_owned(),
                most => format!("{} parts, at most {most}", parts.texts.len()),
            };
            found.push(violation("thread", "too_many_parts", message));
        }
        if parts.media_ids.len() > usize::from(self.max_media) {
            let message = format!("{} media, at most {}", parts.media_ids.len(), self.max_media);
            found.push(violation("media_ids", "too_many", message));
        }
        found
    }

    fn check_text(&self, field: &str, text: &Open, may_be_empty: bool, found: &mut Vec<Violation>) {
        let text = text.as_str();
        if text.trim().is_empty() && !may_be_empty {
            found.push(violation(field, "empty", "the text is empty".into()));
        }
        let length = self.count.length(text);
        if length > self.max_text {
            let message = format!("{length} characters, at most {}", self.max_text);
            found.push(violation(field, "too_long", message));
        }
    }
}

impl TextCount {
    /// How long the platform takes a text to be.
    pub fn length(&self, text: &str) -> u32 {
        let total: usize = text.split_inclusive(char::is_whitespace).map(|word| self.word(word)).sum();
        u32::try_from(total).unwrap_or(u32::MAX)
    }

    fn word(&self, word: &str) -> usize {
        let length = word.chars().count();
        if let Some(counts) = self.url_as
            && let Some(start) = ["https://", "http://"].iter().find_map(|scheme| word.find(scheme))
        {
            let before = word[..start].chars().count();
            let space = usize::from(word.ends_with(char::is_whitespace));
            return before + counts as usize + space;
        }
        if self.mention_server_free
            && let Some(name) = word.strip_prefix('@')
            && let Some(server) = name.find('@')
        {
            let host = name[server + 1..]
                .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-')))
                .unwrap_or(name.len() - server - 1);
            return length - name[server..server + 1 + host].chars().count();
        }
        length
    }
}

pub(super) fn violation(field: &str, code: &str, message: String) -> Violation {
    Violation { field: field.to_owned(), code: code.to_owned(), message }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASTODON: TextCount = TextCount { url_as: Some(23), mention_server_free: true };

    #[test]
    fn lengths_are_counted_as_the_platform_does() {
        for (text, expected) in [
            ("", 0),
            ("héllo", 5),
            ("see https://example.com/a/very/long/path/that/goes/on/and/on now", 4 + 23 + 1 + 3),
            ("@alice@example.social, hi", "@alice, hi".len() as u32),
            ("@alice hi", 9),
            ("@@", 1),
        ] {
            assert_eq!(MASTODON.length(text), expected, "{text:?}");
        }
        let plain = TextCount { url_as: None, mention_server_free: false };
        assert_eq!(plain.length("https://example.com"), 19);
    }

    #[test]
    fn every_broken_rule_is_named() {
        let rules = Rules {
            max_text: 5,
            count: MASTODON,
            max_parts: 1,
            first_comment: false,
            max_media: 0,
            media: MediaRules::default(),
        };
        let (long, empty) = (Open::new("too long"), Open::new(" "));
        let parts = Parts { texts: vec![&long, &empty], first_comment: Some(&long), media_ids: &[] };
        let found: Vec<_> = rules.check(&parts).into_iter().map(|it| format!("{} {}", it.field, it.code)).collect();
        assert_eq!(
            found,
            ["body too_long", "thread[0].body empty", "first_comment not_supported", "thread too_many_parts"]
        );
    }
}
