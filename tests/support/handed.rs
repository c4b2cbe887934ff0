//! What this test process was handed in confidence, or handed on: keys, tokens, passwords, signatures. None of it may stand
//! in anything that an engine writes, as it is or in another writing.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::{LazyLock, Mutex, PoisonError},
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use serde_json::Value;

/// The fields of answers and of requests that hold secrets.
const TOLD: [&str; 3] = ["secret", "token", "upload_url"];
const SENT: [&str; 8] =
    ["secret", "token", "password", "current_password", "new_password", "access_token", "app_password", "code"];
/// What is shorter may stand somewhere by chance.
const SHORTEST: usize = 16;
/// So much of a secret is shown that leaked.
const SHOWN: usize = 12;
/// A database that is larger was filled by a test of size, and would be read for long.
const LARGEST: u64 = 32 * 1024 * 1024;

static HANDED: LazyLock<Mutex<BTreeSet<String>>> = LazyLock::new(Mutex::default);

/// Remembers a secret.
pub fn keep(secret: &str) {
    // An upload's address is open but for its signature.
    let secret = secret.split_once("signature=").map_or(secret, |(_, signature)| signature);
    if secret.len() >= SHORTEST {
        HANDED.lock().unwrap_or_else(PoisonError::into_inner).insert(secret.to_owned());
    }
}

/// Remembers the secrets that an answer tells.
pub(super) fn keep_told(body: &str) {
    keep_fields(body, &TOLD);
}

/// Remembers the secrets that a request sends.
pub(super) fn keep_sent(body: &[u8]) {
    keep_fields(std::str::from_utf8(body).unwrap_or_default(), &SENT);
}

fn keep_fields(body: &str, names: &[&str]) {
    // Most bodies hold none, and needn't be read.
    if !names.iter().any(|name| body.contains(name)) {
        return;
    }
    let Ok(Value::Object(fields)) = serde_json::from_str::<Value>(body) else { return };
    for name in names {
        if let Some(secret) = fields.get(*name).and_then(Value::as_str) {
            keep(secret);
        }
    }
}

/// All that was handed out or on so far.
pub fn all() -> Vec<String> {
    HANDED.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
}

/// What an engine has said and written below a folder must hold nothing of that.
pub(super) fn check(folder: &Path) {
    let written = files(folder).into_iter().filter(|path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_log = [".out", ".err"].iter().any(|end| name.ends_with(end));
        let is_small = fs::metadata(path).is_ok_and(|it| it.len() <= LARGEST);
        is_small && (is_log || name.contains(".db"))
    });
    let needles = Needles::of(&all());
    for path in written {
        let found = needles.found_in(&fs::read(&path).unwrap_or_default());
        assert!(found.is_empty(), "{} holds {found:?}", path.display());
    }
}

/// Every file below a folder; a server at work may take one away meanwhile.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_folder = |path: &Path| fs::symlink_metadata(path).is_ok_and(|it| it.is_dir());
    entries.flat_map(|path| if is_folder(&path) { files(&path) } else { vec![path] }).collect()
}

/// Texts to be looked for all at once, in every writing in which they could stand.
#[derive(Debug)]
pub struct Needles {
    /// A name to show, and bytes to find.
    writings: Vec<(String, Vec<u8>)>,
    /// Which of them begin with these two bytes.
    beginning: Vec<Vec<usize>>,
}

impl Needles {
    /// Of these secrets, which it never shows whole.
    pub fn of<T: AsRef<[u8]>>(secrets: &[T]) -> Self {
        let mut all = Self { writings: Vec::new(), beginning: vec![Vec::new(); 1 << 16] };
        for secret in secrets.iter().map(AsRef::as_ref) {
            let shown = String::from_utf8_lossy(&secret[..secret.len().min(SHOWN)]).into_owned();
            for (form, bytes) in writings(secret) {
                all.beginning[beginning(&bytes)].push(all.writings.len());
                all.writings.push((format!("`{shown}…` {form}"), bytes));
            }
        }
        all
    }

    /// Which stand in a text, and how they are written there.
    pub fn found_in(&self, text: &[u8]) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        for at in 0..text.len().saturating_sub(1) {
            for candidate in &self.beginning[beginning(&text[at..])] {
                let (name, bytes) = &self.writings[*candidate];
                if text[at..].starts_with(bytes) {
                    found.insert(name.as_str());
                }
            }
        }
        found
    }
}

fn beginning(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}

/// A text as it is, in hexadecimal digits, and in base64 wherever in a longer text it may stand.
fn writings(secret: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let hex = |digits: &[u8; 16]| -> Vec<u8> {
        secret.iter().flat_map(|it| [digits[usize::from(it >> 4)], digits[usize::from(it & 15)]]).collect()
    };
    let mut all = vec![
        ("as it is", secret.to_vec()),
        ("in hexadecimal digits", hex(b"0123456789abcdef")),
        ("in hexadecimal digits", hex(b"0123456789ABCDEF")),
    ];
    for before in 0..3 {
        let padded = [&b"\0\0"[..before], secret].concat();
        // The first and the last characters also tell of what stands beside it.
        let (first, whole) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
        for encoded in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
            all.push(("in base64", encoded.as_bytes()[first..whole].to_vec()));
        }
    }
    all
}

#[test]
fn a_text_is_found_however_it_is_written() {
    let secret = "sk_live_0123456789abcdef~~??";
    let needles = Needles::of(&[secret, "another-of-some-length"]);
    for before in ["", "a", "ab", "abc", "the key "] {
        for after in ["", "x", "xy", " and more"] {
            let text = format!("{before}{secret}{after}");
            for written in [text.clone(), STANDARD_NO_PAD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
                let found = needles.found_in(format!("{{\"a\":\"{written}\"}}").as_bytes());
                assert!(found.iter().any(|name| name.starts_with("`sk_live_0123…`")), "{written}: {found:?}");
            }
        }
    }
    let hexed = secret.bytes().flat_map(|byte| format!("{byte:02X}").into_bytes()).collect::<Vec<_>>();
    assert_eq!(needles.found_in(&hexed).len(), 1);
    assert!(needles.found_in(b"sk_live_0123456789abcde and nothing else").is_empty());
    assert!(needles.found_in(b"").is_empty() && needles.found_in(b"s").is_empty());
}

#[test]
#[should_panic(expected = "`quiet-canary…` in base64")]
fn an_engine_that_tells_is_found_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let secret = "quiet-canary-of-handed-3b51";
    check(folder.path());
    keep_told(&serde_json::json!({ "token": secret }).to_string());
    fs::write(folder.path().join("unread.txt"), secret).expect("written");
    check(folder.path());
    let line = format!("INFO who asks: {}", STANDARD_NO_PAD.encode(secret));
    fs::write(folder.path().join("serve-1.err"), line).expect("written");
    check(folder.path());
}
