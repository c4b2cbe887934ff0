//! C2SP `signed-note`: text, an empty line, signatures.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    keys::{NoteName, SigningKey, VerifyingKey},
    text::CheckpointError,
};

/// Room for what witnesses add: their signatures have at most some 5 kB each.
const LONGEST: usize = 1 << 20;

const DASH: &str = "\u{2014} ";

/// Signs `text`, which ends in a newline.
pub(super) fn sign(text: &str, key: &SigningKey) -> String {
    let signature = [key.verifying_key().id().as_slice(), &key.sign(text)].concat();
    format!("{text}\n{DASH}{} {}\n", key.name(), STANDARD.encode(signature))
}

/// The text of `note`, if `key` signed it. Other keys' signatures are passed over, as long as they are well-formed.
pub(super) fn open<'a>(note: &'a str, key: &VerifyingKey) -> Result<&'a str, CheckpointError> {
    if note.len() > LONGEST {
        return Err(CheckpointError::TooLong);
    }
    if note.bytes().any(|byte| byte < b' ' && byte != b'\n') {
        return Err(CheckpointError::ControlCharacter);
    }
    // The text may have empty lines of its own: the last one is what parts it from the signatures.
    let end = note.rfind("\n\n").ok_or(CheckpointError::Unsigned)?;
    let text = &note[..=end];
    let signatures = note[end + 2..].strip_suffix('\n').ok_or(CheckpointError::Unsigned)?;
    let mut signed = false;
    for line in signatures.split('\n') {
        let (name, id, signature) = signature_line(line).ok_or(CheckpointError::SignatureLine)?;
        if name != *key.name() || id != key.id() {
            continue;
        }
        let signature = signature.as_slice().try_into().map_err(|_| CheckpointError::Forged)?;
        if !key.verifies(text, signature) {
            return Err(CheckpointError::Forged);
        }
        signed = true;
    }
    if signed { Ok(text) } else { Err(CheckpointError::OtherKey) }
}

fn signature_line(line: &str) -> Option<(NoteName, [u8; 4], Vec<u8>)> {
    let (name, signature) = line.strip_prefix(DASH)?.split_once(' ')?;
    let bytes = STANDARD.decode(signature).ok()?;
    let (id, signature) = bytes.split_first_chunk()?;
    if signature.is_empty() {
        return None;
    }
    Some((name.parse().ok()?, *id, signature.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\n\
        — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const SECRET: &str = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";

    #[test]
    fn notes_of_the_format_s_authors_are_opened_and_made() {
        let key: VerifyingKey = KEY.parse().unwrap();
        assert_eq!(open(NOTE, &key), Ok(TEXT));

        let secret = STANDARD.decode(SECRET).unwrap();
        let signer = SigningKey::from_bytes("PeterNeumann".parse().unwrap(), secret[1..].try_into().unwrap());
        assert_eq!(signer.verifying_key().to_string(), KEY);
        assert_eq!(sign(TEXT, &signer), NOTE);
    }

    #[test]
    fn other_signatures_are_passed_over_and_forged_ones_are_not() {
        let key: VerifyingKey = KEY.parse().unwrap();
        let other = SigningKey::from_bytes("witness.example".parse().unwrap(), &[3; 32]);
        let other_line = sign(TEXT, &other)[TEXT.len() + 1..].to_owned();
        assert_eq!(open(&format!("{NOTE}{other_line}"), &key), Ok(TEXT));
        assert_eq!(open(&sign(TEXT, &other), &key), Err(CheckpointError::OtherKey));

        let namesake = SigningKey::from_bytes("PeterNeumann".parse().unwrap(), &[3; 32]);
        assert_eq!(open(&sign(TEXT, &namesake), &key), Err(CheckpointError::OtherKey));

        let moved = NOTE.replace("cryptography", "photography");
        assert_eq!(open(&moved, &key), Err(CheckpointError::Forged));
        let both = format!("{NOTE}{}", NOTE[TEXT.len() + 1..].replace("JnAM=", "JnAE="));
        assert_eq!(open(&both, &key), Err(CheckpointError::Forged));
    }

    #[test]
    fn what_is_no_note_is_refused() {
        let key: VerifyingKey = KEY.parse().unwrap();
        let long = format!("{}{NOTE}", "x".repeat(LONGEST));
        for (note, error) in [
            ("", CheckpointError::Unsigned),
            (TEXT, CheckpointError::Unsigned),
            (&NOTE[..NOTE.len() - 1], CheckpointError::Unsigned),
            (&format!("{TEXT}\n"), CheckpointError::Unsigned),
            (&format!("{NOTE}\r\n"), CheckpointError::ControlCharacter),
            (&NOTE.replace('\u{2014}', "-"), CheckpointError::SignatureLine),
            (&format!("{NOTE}\u{2014} a AAAAAA==\n"), CheckpointError::SignatureLine),
            (&format!("{NOTE}\u{2014} a\n"), CheckpointError::SignatureLine),
            (&long, CheckpointError::TooLong),
        ] {
            assert_eq!(open(note, &key), Err(error), "{note:.200}");
        }
    }
}
