//! Where the master key comes from.

use std::{
    fs::OpenOptions,
    io::{ErrorKind, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use campanile_events::seal::{InvalidMasterKey, MasterKey};
use secrecy::{ExposeSecret, SecretString};

use super::Opening;
use crate::configuration::Folder;

const FILE: &str = "master.key";

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// The file can't be read or made.
    #[error("the master key's file {}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// None is named, and several nodes need the same.
    #[error(
        "with `--database-url`, name the master key that all nodes share by `--master-key-file` \
         (`campanile master-key` prints a new one)"
    )]
    Unnamed,
    /// The file holds something else.
    #[error("the master key's file {}: {error}", path.display())]
    Invalid {
        /// Which.
        path: PathBuf,
        /// Why.
        error: InvalidMasterKey,
    },
}

/// The folder's master key. One in the folder itself is made if there is none yet; one that the operator keeps elsewhere
/// never is, since a mistyped path would make a second key.
pub fn master_key(folder: &Folder, opening: Opening) -> Result<MasterKey, MasterKeyError> {
    if let Some(path) = &folder.master_key_file {
        return read(path);
    }
    if folder.database.is_some() {
        return Err(MasterKeyError::Unnamed);
    }
    let path = folder.path.join(FILE);
    match (read(&path), opening) {
        (Err(MasterKeyError::File { error, .. }), Opening::New) if error.kind() == ErrorKind::NotFound => create(&path),
        (read, _) => read,
    }
}

fn read(path: &Path) -> Result<MasterKey, MasterKeyError> {
    let failed = |error| MasterKeyError::File { path: path.to_owned(), error };
    let text = SecretString::from(std::fs::read_to_string(path).map_err(failed)?);
    let mode = std::fs::metadata(path).map_err(failed)?.permissions().mode();
    if mode & 0o077 != 0 {
        tracing::warn!(path = %path.display(), "others on this machine may read the master key: chmod 600");
    }
    MasterKey::from_hex(text.expose_secret()).map_err(|error| MasterKeyError::Invalid { path: path.to_owned(), error })
}

fn create(path: &Path) -> Result<MasterKey, MasterKeyError> {
    let key = MasterKey::generate();
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        writeln!(file, "{}", key.to_hex().expose_secret())?;
        file.sync_all()
    };
    write().map_err(|error| MasterKeyError::File { path: path.to_owned(), error })?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_in_the_folder_is_made_once_and_for_its_owner_alone() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = Folder::embedded(dir.path().to_owned());
        assert!(matches!(master_key(&folder, Opening::Existing), Err(MasterKeyError::File { .. })));
        let made = master_key(&folder, Opening::New).expect("made");
        let again = master_key(&folder, Opening::New).expect("read");
        assert_eq!(made.to_hex().expose_secret(), again.to_hex().expose_secret());
        let bits = std::fs::metadata(dir.path().join(FILE)).expect("there").permissions().mode();
        assert_eq!(bits & 0o777, 0o600);
    }

    #[test]
    fn a_named_file_is_never_made() {
        let dir = tempfile::tempdir().expect("a folder");
        let named = dir.path().join("elsewhere.key");
        let folder = Folder { master_key_file: Some(named.clone()), ..Folder::embedded(dir.path().to_owned()) };
        assert!(master_key(&folder, Opening::New).is_err());
        std::fs::write(&named, "no key").expect("written");
        let refused = master_key(&folder, Opening::New).unwrap_err().to_string();
        assert!(refused.ends_with("a master key is 64 hexadecimal characters"), "{refused}");
    }
}
