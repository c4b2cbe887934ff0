//! The peppers that a process has: the first follows from the master key, later ones stand in a file, a line for each.

use std::{
    collections::BTreeMap,
    fmt::Write,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use campanile_events::{random, seal::MasterKey};
use secrecy::{ExposeSecret, SecretString};

use super::PepperError;
use crate::access::{
    private_file::{Keeper, read_private, write_private},
    token::Pepper,
};

/// The purpose that the first pepper is derived for. It is for ever: all verifiers before there was a file hang on it.
const FIRST: &str = "key-verifiers";
/// What leads the file, for who finds it.
const HEAD: &str = "# The peppers of keys, sealed with the master key: a number and a pepper on each line. Keep every line as long\n\
                    # as `campanile peppers list` counts keys under its number. The first has no line: the master key holds it.\n";
const WHAT: &str = "the peppers' file";

/// Peppers by their version.
pub(in crate::access) type Peppers = BTreeMap<u64, Pepper>;

/// Each pepper, and what its line holds.
type Parsed = BTreeMap<u64, (Pepper, Option<String>)>;

/// Where a process finds its peppers.
#[derive(Debug, Clone)]
pub struct PepperFile {
    path: Option<PathBuf>,
    keeper: Keeper,
    master: MasterKey,
}

impl PepperFile {
    /// The one in the data folder.
    pub fn in_folder(folder: &Path, master: MasterKey) -> Self {
        Self { path: Some(folder.join("peppers")), keeper: Keeper::Engine, master }
    }

    /// One that the operator keeps where it says, or none.
    pub fn kept_elsewhere(path: Option<PathBuf>, master: MasterKey) -> Self {
        Self { path, keeper: Keeper::Operator, master }
    }

    /// Where it is, for a message.
    pub fn place(&self) -> String {
        match &self.path {
            Some(path) => format!("the peppers' file {}", path.display()),
            None => "a peppers' file, since none is named (`--pepper-file`)".to_owned(),
        }
    }

    /// The peppers that there are: a file that isn't there has none.
    ///
    /// # Errors
    /// If the file can't be read, or a line of it.
    pub(in crate::access) fn read(&self) -> Result<Peppers, PepperError> {
        Ok(self.parse(&self.text()?)?.into_iter().map(|(version, (pepper, _))| (version, pepper)).collect())
    }

    /// Adds a new one with the next number, which it gives.
    ///
    /// # Errors
    /// If the file can't be read or written.
    pub(in crate::access) fn add(&self) -> Result<u64, PepperError> {
        let path = self.path.as_ref().ok_or(PepperError::Unnamed)?;
        let known = self.parse(&self.text()?)?;
        let version = known.keys().next_back().map_or(2, |newest| newest + 1);
        let pepper = self.master.wrap(&place_of(version), random::bytes::<32>().as_slice());
        let mut lines = lines(known);
        lines.push((version, hex::encode(pepper)));
        write(path, &lines)?;
        Ok(version)
    }

    /// Takes one away, if it is there.
    ///
    /// # Errors
    /// If the file can't be read or written.
    pub(in crate::access) fn remove(&self, version: u64) -> Result<(), PepperError> {
        let Some(path) = &self.path else { return Ok(()) };
        let (gone, stays): (Vec<_>, Vec<_>) =
            lines(self.parse(&self.text()?)?).into_iter().partition(|(own, _)| *own == version);
        if gone.is_empty() { Ok(()) } else { write(path, &stays) }
    }

    fn text(&self) -> Result<SecretString, PepperError> {
        let Some(path) = &self.path else { return Ok(SecretString::default()) };
        match read_private(path, self.keeper, WHAT) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(SecretString::default()),
            read => read.map_err(|error| PepperError::File { path: path.clone(), error }),
        }
    }

    fn parse(&self, text: &SecretString) -> Result<Parsed, PepperError> {
        let mut peppers = BTreeMap::from([(1, (Pepper::of(&self.master, FIRST), None))]);
        for (at, line) in text.expose_secret().lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong =
                |reason| PepperError::Line { path: self.path.clone().unwrap_or_default(), line: at + 1, reason };
            let (number, sealed) = line.split_once(' ').ok_or(wrong("it needs a number and a pepper"))?;
            let version: u64 = number.parse().map_err(|_| wrong("it doesn't begin with a number"))?;
            let bytes = hex::decode(sealed.trim()).map_err(|_| wrong("its pepper doesn't read"))?;
            let bytes = self.master.unwrap(&place_of(version), &bytes);
            let bytes =
                bytes.map_err(|_| wrong("the master key doesn't open it, or it was made under another number"))?;
            let pepper = (Pepper::of_bytes(&bytes), Some(sealed.trim().to_owned()));
            if peppers.insert(version, pepper).is_some() {
                return Err(wrong("its number was there before"));
            }
        }
        Ok(peppers)
    }
}

/// The lines that there are; the first pepper has none.
fn lines(known: Parsed) -> Vec<(u64, String)> {
    known.into_iter().filter_map(|(version, (_, line))| Some((version, line?))).collect()
}

fn write(path: &Path, lines: &[(u64, String)]) -> Result<(), PepperError> {
    let mut text = HEAD.to_owned();
    for (version, line) in lines {
        writeln!(text, "{version} {line}").expect("a string takes every text");
    }
    replace(path, &text.into()).map_err(|error| PepperError::File { path: path.to_owned(), error })
}

/// So that no pepper can be put under another number.
fn place_of(version: u64) -> Vec<u8> {
    format!("campanile/key-pepper/{version}").into_bytes()
}

/// Whoever reads meanwhile reads the old one or the new one, whole.
fn replace(path: &Path, text: &SecretString) -> std::io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    // Of somebody who was killed here; the data folder has one process, and only an operator adds.
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    write_private(Path::new(&new), text)?;
    std::fs::rename(&new, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).expect("there").permissions().mode() & 0o777
    }

    #[test]
    fn each_added_pepper_is_another_and_stays() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = PepperFile::in_folder(dir.path(), MasterKey::generate());
        let digests = |file: &PepperFile| -> Vec<_> {
            file.read().expect("read").into_iter().map(|(version, pepper)| (version, pepper.digest("x"))).collect()
        };
        let mut before = digests(&file);
        assert_eq!(before.len(), 1, "the first follows from the master key");
        for version in 2..5 {
            assert_eq!(file.add().expect("added"), version);
            let after = digests(&file);
            assert_eq!(after[..before.len()], before[..]);
            assert!(!before.iter().any(|(_, digest)| *digest == after[before.len()].1));
            before = after;
        }
        let path = dir.path().join("peppers");
        assert_eq!(mode(&path), 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("opened");
        assert_eq!(digests(&file), before);
        assert_eq!(mode(&path), 0o600, "its own file is mended");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("opened");
        let kept = PepperFile::kept_elsewhere(Some(path.clone()), file.master.clone());
        assert_eq!(digests(&kept), before);
        assert_eq!(mode(&path), 0o640, "an operator's is as the operator wants it");
    }

    #[test]
    fn what_does_not_read_is_named_by_its_line_and_never_shown() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("peppers");
        let file = PepperFile::in_folder(dir.path(), MasterKey::generate());
        file.add().expect("added");
        let good = std::fs::read_to_string(&path).expect("read");
        let sealed = good.lines().last().and_then(|line| line.split_once(' ')).expect("a line").1.to_owned();
        for (text, reason) in [
            (format!("{good}2 {sealed}\n"), "line 4: its number was there before"),
            (format!("3 {sealed}\n"), "line 1: the master key doesn't open it, or it was made under another number"),
            (format!("two {sealed}\n"), "line 1: it doesn't begin with a number"),
            ("2 x\n".to_owned(), "line 1: its pepper doesn't read"),
            (format!("\n{sealed}\n"), "line 2: it needs a number and a pepper"),
        ] {
            std::fs::write(&path, &text).expect("written");
            let error = file.read().expect_err("it doesn't read");
            let shown = format!("{error} {error:?} {file:?}");
            assert!(error.to_string().ends_with(reason), "{error}");
            assert!(!shown.contains(&sealed[..16]), "{shown}");
        }
        std::fs::write(&path, &good).expect("written");
        let foreign = PepperFile::in_folder(dir.path(), MasterKey::generate());
        assert!(matches!(foreign.read(), Err(PepperError::Line { line: 3, .. })));
        assert!(matches!(PepperFile::kept_elsewhere(None, MasterKey::generate()).add(), Err(PepperError::Unnamed)));
    }
}
