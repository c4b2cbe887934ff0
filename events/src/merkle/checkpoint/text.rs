//! The text of a checkpoint.

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, SecondsFormat, Utc};

use super::{
    keys::{NoteName, SigningKey, VerifyingKey},
    note,
};
use crate::journal::Hash;

const WORKSPACES: &str = "workspaces ";
const RECORDED_AT: &str = "recorded-at ";

/// What the log was at one size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log, in which epoch: `campanile/<instance>/epoch-<n>`.
    pub origin: NoteName,
    /// How many events it had.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// The root over every workspace's last number, see [`super::workspaces_root`].
    pub workspaces_root: Hash,
    /// When the last event was committed. What is finer than a microsecond is left out of the text.
    pub recorded_at: DateTime<Utc>,
}

/// Why a note is not a checkpoint of the key that was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Longer than any checkpoint.
    #[error("the note is too long")]
    TooLong,
    /// Something below U+0020 that is not a newline.
    #[error("the note has a control character in it")]
    ControlCharacter,
    /// No empty line with signatures after it, or it is cut off.
    #[error("the note carries no signatures")]
    Unsigned,
    /// A line after the text is no signature.
    #[error("a signature's line is malformed")]
    SignatureLine,
    /// Signed, but not by this key.
    #[error("the note isn't signed by this key")]
    OtherKey,
    /// This key's signature isn't over this text.
    #[error("the signature doesn't fit the text")]
    Forged,
    /// Signed by this key, but the line isn't what a checkpoint has there.
    #[error("the checkpoint's {0} is missing or malformed")]
    Line(&'static str),
}

/// The checkpoint as a signed note.
pub fn sign(checkpoint: &Checkpoint, key: &SigningKey) -> String {
    note::sign(&text_of(checkpoint), key)
}

/// The checkpoint in a note that `key` signed. Extension lines after the known ones are passed over.
pub fn open(note: &str, key: &VerifyingKey) -> Result<Checkpoint, CheckpointError> {
    read(note::open(note, key)?)
}

fn text_of(checkpoint: &Checkpoint) -> String {
    let Checkpoint { origin, size, root, workspaces_root, recorded_at } = checkpoint;
    format!(
        "{origin}\n{size}\n{}\n{WORKSPACES}{}\n{RECORDED_AT}{}\n",
        STANDARD.encode(root.0),
        STANDARD.encode(workspaces_root.0),
        time_text(*recorded_at),
    )
}

fn read(text: &str) -> Result<Checkpoint, CheckpointError> {
    let mut lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
    let mut line = |name: &'static str| lines.next().ok_or(CheckpointError::Line(name)).map(|line| (line, name));
    let checkpoint = Checkpoint {
        origin: field(line("origin")?, |line| line.parse().ok())?,
        size: field(line("size")?, size)?,
        root: field(line("root")?, hash)?,
        workspaces_root: field(line("workspaces")?, |line| hash(line.strip_prefix(WORKSPACES)?))?,
        recorded_at: field(line("recorded-at")?, |line| time(line.strip_prefix(RECORDED_AT)?))?,
    };
    if lines.any(str::is_empty) {
        return Err(CheckpointError::Line("extension"));
    }
    Ok(checkpoint)
}

fn field<T>((line, name): (&str, &'static str), read: impl FnOnce(&str) -> Option<T>) -> Result<T, CheckpointError> {
    read(line).ok_or(CheckpointError::Line(name))
}

/// A number has one text: no sign, no leading zero.
fn size(text: &str) -> Option<u64> {
    text.parse().ok().filter(|size: &u64| size.to_string() == text)
}

fn hash(text: &str) -> Option<Hash> {
    Some(Hash(STANDARD.decode(text).ok()?.try_into().ok()?))
}

fn time(text: &str) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(text).ok()?.to_utc();
    Some(time).filter(|time| time_text(*time) == text)
}

fn time_text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_bytes("campanile/01936a3e-0000-7000-8000-000000000001".parse().unwrap(), &[7; 32])
    }

    fn checkpoint() -> Checkpoint {
        Checkpoint {
            origin: "campanile/01936a3e-0000-7000-8000-000000000001/epoch-1".parse().unwrap(),
            size: 104_277,
            root: Hash([1; 32]),
            workspaces_root: Hash([2; 32]),
            recorded_at: "2026-12-01T09:00:00.000001Z".parse().unwrap(),
        }
    }

    #[test]
    fn a_checkpoint_is_this_note() {
        let note = sign(&checkpoint(), &key());
        let (text, signature) = note.split_once("\n\n").unwrap();
        assert_eq!(
            text,
            "campanile/01936a3e-0000-7000-8000-000000000001/epoch-1\n\
             104277\n\
             AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n\
             workspaces AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=\n\
             recorded-at 2026-12-01T09:00:00.000001Z"
        );
        assert!(signature.starts_with("\u{2014} campanile/01936a3e-0000-7000-8000-000000000001 "));
        assert_eq!(open(&note, &key().verifying_key()), Ok(checkpoint()));
    }

    #[test]
    fn signed_text_that_is_no_checkpoint_is_refused_by_its_line() {
        let good = text_of(&checkpoint());
        for (from, to, line) in [
            ("campanile/", "cam panile/", "origin"),
            ("104277", "0104277", "size"),
            ("104277", "+104277", "size"),
            ("104277", "18446744073709551616", "size"),
            ("AQE=", "AQE", "root"),
            ("AQE=", "AQF=", "root"),
            ("AQEBAQEB", "", "root"),
            ("workspaces ", "workspace ", "workspaces"),
            ("AgI=", "AgI=\n", "recorded-at"),
            ("00.000001Z", "00Z", "recorded-at"),
            ("2026-12", "2026-13", "recorded-at"),
            ("01Z\n", "01Z\n\nx\n", "extension"),
        ] {
            let text = good.replacen(from, to, 1);
            assert_ne!(text, good);
            let note = note::sign(&text, &key());
            assert_eq!(open(&note, &key().verifying_key()), Err(CheckpointError::Line(line)), "{text}");
        }
        let short = note::sign("campanile/0\n", &key());
        assert_eq!(open(&short, &key().verifying_key()), Err(CheckpointError::Line("size")));
        let extended = note::sign(&format!("{good}a line of a later build\n"), &key());
        assert_eq!(open(&extended, &key().verifying_key()), Ok(checkpoint()));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn checkpoints_open_as_they_were_signed(
            size in any::<u64>(), root in any::<[u8; 32]>(), workspaces in any::<[u8; 32]>(), micros in 0_i64..1 << 55,
        ) {
            let checkpoint = Checkpoint {
                size,
                root: Hash(root),
                workspaces_root: Hash(workspaces),
                recorded_at: DateTime::from_timestamp_micros(micros).unwrap(),
                ..checkpoint()
            };
            prop_assert_eq!(open(&sign(&checkpoint, &key()), &key().verifying_key()), Ok(checkpoint));
        }

        #[test]
        fn a_changed_note_does_not_open(at in any::<prop::sample::Index>(), letter in any::<char>()) {
            let note = sign(&checkpoint(), &key());
            let mut letters: Vec<char> = note.chars().collect();
            let at = at.index(letters.len());
            prop_assume!(letters[at] != letter);
            letters[at] = letter;
            prop_assert!(open(&letters.iter().collect::<String>(), &key().verifying_key()).is_err());
            letters.remove(at);
            prop_assert!(open(&letters.iter().collect::<String>(), &key().verifying_key()).is_err());
        }

        #[test]
        fn no_text_makes_opening_panic(text in any::<String>(), signed in "[ \n+A-Z0-9=—-]{0,80}") {
            prop_assert!(open(&text, &key().verifying_key()).is_err());
            prop_assert!(open(&signed, &key().verifying_key()).is_err());
            let note = note::sign(&format!("{}\n", signed.trim_end()), &key());
            prop_assert!(matches!(open(&note, &key().verifying_key()), Err(CheckpointError::Line(_))));
        }
    }
}
