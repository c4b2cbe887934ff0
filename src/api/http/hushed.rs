//! What a client sends by mistake in the wrong place is told back to it, but for secrets: answers end up in its own logs.

use std::borrow::Cow;

/// What secrets of ours begin with.
const BEGINNINGS: [&str; 4] = ["sk_live_", "sk_test_", "st_", "lt_"];
/// What follows is longer than this, and has no `_`.
const SHORTEST: usize = 24;

/// A text without the secrets that stand in it.
pub(super) fn hushed(text: &str) -> Cow<'_, str> {
    if !BEGINNINGS.iter().any(|beginning| text.contains(beginning)) {
        return Cow::Borrowed(text);
    }
    let mut hushed = String::with_capacity(text.len());
    let is_of_a_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    for part in text.split_inclusive(|letter| !is_of_a_word(letter)) {
        let word = part.trim_end_matches(|letter| !is_of_a_word(letter));
        let is_secret = |end: &usize| word.len() - end >= SHORTEST && !word[*end..].contains('_');
        let begins = |beginning: &&str| word.rfind(*beginning).map(|at| at + beginning.len()).filter(is_secret);
        match BEGINNINGS.iter().find_map(begins) {
            Some(end) => hushed.extend([&word[..end], "…", &part[word.len()..]]),
            None => hushed.push_str(part),
        }
    }
    Cow::Owned(hushed)
}

#[cfg(test)]
mod tests {
    use campanile_events::key::KeyMode;

    use super::*;
    use crate::access::{KeySecret, Token, TokenKind};

    #[test]
    fn a_secret_is_told_to_nobody_and_all_else_is() {
        let secrets = [
            KeySecret::generate(KeyMode::Live).expose().to_owned(),
            KeySecret::generate(KeyMode::Test).expose().to_owned(),
            Token::generate(TokenKind::Session).expose().to_owned(),
            Token::generate(TokenKind::Link).expose().to_owned(),
        ];
        for secret in &secrets {
            for text in [secret.clone(), format!("`{secret}`: is no field"), format!("a[0].x{secret}, {secret}.b")] {
                let hushed = hushed(&text);
                assert!(!hushed.contains(&secret[8..]) && hushed.contains('…'), "{hushed}");
            }
        }
        assert_eq!(hushed(&format!("`{}`: is not a field", secrets[0])), "`sk_live_…`: is not a field");
        for text in [
            "",
            "`body`: is required",
            "Glocken & Türme",
            "sk_live_x is short",
            "my_first_name_of_a_very_long_field_indeed",
        ] {
            assert_eq!(hushed(text), text);
        }
    }
}
