//! What in a text leads somewhere: addresses, mentions and tags, with their places in bytes.

use unicode_segmentation::UnicodeSegmentation;
use url::Url;

/// The lexicon's, in graphemes and in bytes.
const TAG_GRAPHEMES: usize = 64;
const TAG_BYTES: usize = 640;
const OPENING: [char; 11] = ['(', '[', '{', '<', '"', '\'', '«', '“', '‘', '„', '‚'];
const CLOSING: [char; 16] = ['.', ',', ';', ':', '!', '?', ']', '}', '>', '"', '\'', '»', '”', '’', '…', '*'];
/// What ends a tag without being white space.
const INVISIBLE: [char; 7] = ['\u{ad}', '\u{2060}', '\u{200a}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{20e2}'];

/// A place in a text that leads somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span<'a> {
    /// Its first byte.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
    pub target: Target<'a>,
}

/// Where it leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target<'a> {
    Link(&'a str),
    /// A handle, without its `@`.
    Mention(&'a str),
    /// A tag, without its `#`.
    Tag(&'a str),
}

/// All of them, in the text's order. Each stands at the beginning of a word, so none overlap.
pub(super) fn spans(text: &str) -> Vec<Span<'_>> {
    let mut begin = 0;
    let mut found = Vec::new();
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_start_matches(OPENING);
        let start = begin + piece.len() - word.len();
        let word = word.trim_end_matches(char::is_whitespace);
        if let Some((length, target)) = target(word) {
            found.push(Span { start, end: start + length, target });
        }
        begin += piece.len();
    }
    found
}

fn target(word: &str) -> Option<(usize, Target<'_>)> {
    if word.starts_with("https://") || word.starts_with("http://") {
        let link = link(word)?;
        return Some((link.len(), Target::Link(link)));
    }
    if let Some(rest) = word.strip_prefix('@') {
        let handle = handle(rest)?;
        return Some((1 + handle.len(), Target::Mention(handle)));
    }
    let sign = word.chars().next().filter(|sign| matches!(sign, '#' | '＃'))?;
    let tag = tag(&word[sign.len_utf8()..])?;
    Some((sign.len_utf8() + tag.len(), Target::Tag(tag)))
}

/// An address without the punctuation that follows it. A bracket belongs to it if it was opened in it.
fn link(word: &str) -> Option<&str> {
    let mut link = word;
    loop {
        let shorter = link.trim_end_matches(CLOSING);
        let surplus = shorter.matches(')').count() > shorter.matches('(').count();
        let shorter = shorter.strip_suffix(')').filter(|_| surplus).unwrap_or(shorter);
        if shorter == link {
            break;
        }
        link = shorter;
    }
    Url::parse(link).is_ok_and(|url| url.has_host()).then_some(link)
}

/// A domain name with nothing behind it that would make it another's: `@name.example@server` is no handle here.
fn handle(rest: &str) -> Option<&str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
    let goes_on = rest[end..].chars().next().is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '@' | '/'));
    let handle = rest[..end].trim_end_matches(['.', '-']);
    let is_label = |label: &str| (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-');
    let top = handle.rsplit('.').next().unwrap_or_default();
    let is_name = handle.contains('.')
        && handle.len() <= 253
        && handle.split('.').all(is_label)
        && top.starts_with(|c: char| c.is_ascii_alphabetic());
    (is_name && !goes_on).then_some(handle)
}

fn tag(rest: &str) -> Option<&str> {
    let end = rest.find(INVISIBLE).unwrap_or(rest.len());
    let is_end = |c: char| CLOSING.contains(&c) || matches!(c, ')' | '#' | '%' | '&' | '-' | '/' | '\\' | '@' | '_');
    let tag = rest[..end].trim_end_matches(is_end);
    // A number is no tag, and `#` with a variation selector is an emoji.
    let says_something = tag.chars().any(|c| !c.is_ascii_digit() && !c.is_ascii_punctuation());
    let fits = tag.len() <= TAG_BYTES && tag.graphemes(true).count() <= TAG_GRAPHEMES;
    (says_something && fits && !tag.starts_with('\u{fe0f}')).then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found, each with the bytes of the text that it covers.
    fn found(text: &str) -> Vec<(String, String)> {
        let named = |span: Span<'_>| {
            let target = match span.target {
                Target::Link(uri) => format!("link {uri}"),
                Target::Mention(handle) => format!("mention {handle}"),
                Target::Tag(tag) => format!("tag {tag}"),
            };
            (text[span.start..span.end].to_owned(), target)
        };
        spans(text).into_iter().map(named).collect()
    }

    #[test]
    fn what_leads_somewhere_is_found_with_its_bytes() {
        for (text, expected) in [
            (
                "🔔 see https://example.com/a?b=c#d, now",
                vec![("https://example.com/a?b=c#d", "link https://example.com/a?b=c#d")],
            ),
            ("(https://example.com/a_(b))", vec![("https://example.com/a_(b)", "link https://example.com/a_(b)")]),
            ("(https://example.com).", vec![("https://example.com", "link https://example.com")]),
            ("“https://example.com/ü”", vec![("https://example.com/ü", "link https://example.com/ü")]),
            (
                "👩‍👩‍👧 @alice.example, @bob.test!",
                vec![("@alice.example", "mention alice.example"), ("@bob.test", "mention bob.test")],
            ),
            ("é\u{a0}@alice.example", vec![("@alice.example", "mention alice.example")]),
            (
                "#launch\n＃日本語 (#c++) #a-b.",
                vec![("#launch", "tag launch"), ("＃日本語", "tag 日本語"), ("#c++", "tag c++"), ("#a-b", "tag a-b")],
            ),
            (
                "#one @a.example https://a.example/#two",
                vec![
                    ("#one", "tag one"),
                    ("@a.example", "mention a.example"),
                    ("https://a.example/#two", "link https://a.example/#two"),
                ],
            ),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|(at, to)| (at.to_owned(), to.to_owned())).collect();
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn what_leads_nowhere_is_text() {
        for text in [
            "",
            "https://",
            "http://,",
            "example.com",
            "a@b.example",
            "@alice",
            "@alice@server.example",
            "@a.example@b.example",
            "@-a.example",
            "@a..example",
            "@1.2.3.4",
            "@a.example_b",
            "#",
            "#1",
            "#2026-12",
            "#️⃣",
            "a#b",
            "#…",
            "mailto:a@b.example",
            &format!("#{}", "a".repeat(65)),
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }
}
