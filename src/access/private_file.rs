//! Files that hold a secret: their owner's alone.

use std::{
    fs::{OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use secrecy::{ExposeSecret, SecretString};

const OWNERS_ALONE: u32 = 0o600;
const OTHERS: u32 = 0o077;

/// Whose file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeper {
    /// It stands in the data folder: a wrong mode is mended.
    Engine,
    /// The operator keeps it elsewhere, maybe where modes mean something else: a wrong one is told.
    Operator,
}

/// Reads one; `what` is how the log calls what it holds.
pub fn read_private(path: &Path, keeper: Keeper, what: &str) -> io::Result<SecretString> {
    let text = SecretString::from(std::fs::read_to_string(path)?);
    if std::fs::metadata(path)?.permissions().mode() & OTHERS == 0 {
        return Ok(text);
    }
    match keeper {
        Keeper::Engine => {
            std::fs::set_permissions(path, Permissions::from_mode(OWNERS_ALONE))?;
            tracing::warn!(path = %path.display(), "others on this machine could read {what}: its mode is 600 again");
        }
        Keeper::Operator => {
            tracing::warn!(path = %path.display(), "others on this machine may read {what}: chmod 600");
        }
    }
    Ok(text)
}

/// Writes one that isn't there yet, and sees it on the disk.
pub fn write_private(path: &Path, text: &SecretString) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(OWNERS_ALONE).open(path)?;
    file.write_all(text.expose_secret().as_bytes())?;
    file.sync_all()
}
