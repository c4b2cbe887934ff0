//! What a platform takes, as data. The platforms fill it; the aggregate checks by it, so that a decision and its replay
//! see the same.

use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

use super::{Content, MediaFacts, MediaRules, Parts};
use crate::{ids::AccountId, seal::Open};

/// The limits of one account's platform, as that instance states them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// The longest text of one part, in `count`'s units.
    pub max_text: u32,
    /// The longest text of one part in bytes of UTF-8, where that is limited besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u32>,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TextCount {
    /// What counts as one.
    #[serde(default, skip_serializing_if = "TextUnit::is_default")]
    pub unit: TextUnit,
    /// What a web address counts, whatever its length; `None` where it counts as it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_as: Option<u32>,
    /// Whether the server part of `@name@server` is free.
    #[serde(default)]
    pub mention_server_free: bool,
}

/// What counts as one in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextUnit {
    /// A Unicode scalar value.
    #[default]
    Chars,
    /// What people see as one character (UAX 29): an emoji of a family is one.
    Graphemes,
}

/// A rule that a text breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// The field, such as `body`, `thread[2].body` or `overrides.acct_….first_comment`.
    pub field: String,
    /// A stable name, such as `too_long`.
    pub code: String,
    /// What a person reads.
    pub message: String,
}

impl Rules {
    /// What of a post the platform of this account would not take, each by the field that it was written in: what the
    /// account gets instead stands under `overrides`.
    pub fn check_post(&self, content: &Content<Open>, account: AccountId, media: &[MediaFacts]) -> Vec<Violation> {
        let mut found = self.check(&content.for_account(account));
        if let Some(own) = content.overrides.get(&account) {
            for violation in &mut found {
                let name = violation.field.split(['[', '.']).next().unwrap_or_default();
                let is_own = match name {
                    "body" => own.body.is_some(),
                    "thread" => own.thread.is_some(),
                    "first_comment" => own.first_comment.is_some(),
                    _ => false,
                };
                if is_own {
                    violation.field = format!("overrides.{account}.{}", violation.field);
                }
            }
        }
        found.extend(self.media.check(media));
        found
    }

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
        if let Some(most) = self.max_bytes.filter(|most| text.len() > *most as usize) {
            found.push(violation(field, "too_many_bytes", format!("{} bytes, at most {most}", text.len())));
        }
    }
}

impl TextUnit {
    fn count(self, text: &str) -> usize {
        match self {
            Self::Chars => text.chars().count(),
            Self::Graphemes => text.graphemes(true).count(),
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's `skip_serializing_if` asks with a reference")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl TextCount {
    /// How long the platform takes a text to be.
    pub fn length(&self, text: &str) -> u32 {
        if self.url_as.is_none() && !self.mention_server_free {
            // Whole, since a cluster may span what looks like two words.
            return u32::try_from(self.unit.count(text)).unwrap_or(u32::MAX);
        }
        let total: usize = text.split_inclusive(char::is_whitespace).map(|word| self.word(word)).sum();
        u32::try_from(total).unwrap_or(u32::MAX)
    }

    fn word(&self, word: &str) -> usize {
        let length = self.unit.count(word);
        if let Some(counts) = self.url_as
            && let Some(start) = ["https://", "http://"].iter().find_map(|scheme| word.find(scheme))
        {
            let before = self.unit.count(&word[..start]);
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
            return length - self.unit.count(&name[server..server + 1 + host]);
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

    const MASTODON: TextCount = TextCount { unit: TextUnit::Chars, url_as: Some(23), mention_server_free: true };

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
        let plain = TextCount::default();
        assert_eq!(plain.length("https://example.com"), 19);
    }

    #[test]
    fn what_people_see_as_one_character_counts_as_one() {
        let graphemes = TextCount { unit: TextUnit::Graphemes, ..TextCount::default() };
        for (text, chars, seen) in [
            ("abc", 3, 3),
            ("e\u{301}", 2, 1),
            ("\u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467}", 5, 1),
            ("\u{1f1e9}\u{1f1ea} \u{1f1e6}\u{1f1f9}", 5, 3),
            ("\r\n", 2, 1),
        ] {
            assert_eq!((TextCount::default().length(text), graphemes.length(text)), (chars, seen), "{text:?}");
        }
    }

    #[test]
    fn few_characters_may_be_too_many_bytes() {
        let count = TextCount { unit: TextUnit::Graphemes, ..TextCount::default() };
        let rules = Rules {
            max_text: 2,
            max_bytes: Some(18),
            count,
            max_parts: 1,
            first_comment: false,
            max_media: 0,
            media: MediaRules::default(),
        };
        let found = |text: &str| {
            let text = Open::new(text);
            let found = rules.check(&Parts { texts: vec![&text], first_comment: None, media_ids: &[] });
            found.into_iter().map(|it| format!("{}: {}", it.code, it.message)).collect::<Vec<_>>()
        };
        let family = "\u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467}";
        assert_eq!(found(family), Vec::<String>::new());
        assert_eq!(found(&format!("{family}a")), ["too_many_bytes: 19 bytes, at most 18"]);
        assert_eq!(found("abc"), ["too_long: 3 characters, at most 2"]);
    }

    #[test]
    fn what_is_not_stated_is_not_stored() {
        let count = TextCount { unit: TextUnit::Chars, url_as: None, mention_server_free: false };
        let rules = Rules {
            max_text: 5,
            max_bytes: None,
            count,
            max_parts: 1,
            first_comment: false,
            max_media: 0,
            media: MediaRules::default(),
        };
        let stored =
            r#"{"max_text":5,"count":{"mention_server_free":false},"max_parts":1,"first_comment":false,"max_media":0}"#;
        assert_eq!(serde_json::to_string(&rules).unwrap(), stored);
        assert_eq!(serde_json::from_str::<Rules>(stored).unwrap(), rules);
    }

    #[test]
    fn every_broken_rule_is_named() {
        let rules = Rules {
            max_text: 5,
            max_bytes: None,
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

    #[test]
    fn a_broken_rule_is_named_where_it_was_written() {
        let rules = Rules {
            max_text: 5,
            max_bytes: None,
            count: TextCount::default(),
            max_parts: 2,
            first_comment: true,
            max_media: 0,
            media: MediaRules::default(),
        };
        let [account, other] = [1, 2].map(|it| AccountId::from(uuid::Uuid::from_u128(it)));
        let (long, short) = (|| Open::new("too long"), || Open::new("short"));
        let mut content = Content {
            body: long(),
            thread: vec![long()],
            first_comment: Some(long()),
            media_ids: Vec::new(),
            overrides: [(other, crate::post::Override { body: Some(long()), ..Default::default() })].into(),
        };
        let fields = |content: &Content<Open>, account| -> Vec<_> {
            rules.check_post(content, account, &[]).into_iter().map(|it| it.field).collect()
        };
        assert_eq!(fields(&content, account), ["body", "thread[0].body", "first_comment"]);
        let own = |name: &str| format!("overrides.{other}.{name}");
        assert_eq!(fields(&content, other), [&own("body"), "thread[0].body", "first_comment"]);
        let instead = content.overrides.get_mut(&other).expect("given");
        *instead =
            crate::post::Override { body: None, thread: Some(vec![short(), long()]), first_comment: Some(long()) };
        let named = [own("thread[1].body"), own("first_comment"), own("thread")];
        assert_eq!(fields(&content, other), [vec!["body".to_owned()], named.to_vec()].concat());
    }
}
