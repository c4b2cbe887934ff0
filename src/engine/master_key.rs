//! Where the master key comes from.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

use campanile_events::seal::{InvalidMasterKey, MasterKey};
use secrecy::ExposeSecret;

use super::Opening;
use crate::{
    access::{Keeper, read_private, write_private},
    configuration::Folder,
};

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
        return read(path, Keeper::Operator);
    }
    if folder.database.is_some() {
        return Err(MasterKeyError::Unnamed);
    }
    let path = folder.path.join(FILE);
    match (read(&path, Keeper::Engine), opening) {
        (Err(MasterKeyError::File { error, .. }), Opening::New) if error.kind() == ErrorKind::NotFound => create(&path),
        (read, _) => read,
    }
}

fn read(path: &Path, keeper: Keeper) -> Result<MasterKey, MasterKeyError> {
    let text = read_private(path, keeper, "the master key");
    let text = text.map_err(|error| MasterKeyError::File { path: path.to_owned(), error })?;
    MasterKey::from_hex(text.expose_secret()).map_err(|error| MasterKeyError::Invalid { path: path.to_owned(), error })
}

fn create(path: &Path) -> Result<MasterKey, MasterKeyError> {
    let key = MasterKey::generate();
    let line = format!("{}\n", key.to_hex().expose_secret()).into();
    write_private(path, &line).map_err(|error| MasterKeyError::File { path: path.to_owned(), error })?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_in_the_folder_is_made_once_and_for_its_owner_alone() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = Folder::embedded(dir.path().to_owned());
        assert!(matches!(master_key(&folder, Opening::Existing), Err(MasterKeyError::File { .. })));
        let made = master_key(&folder, Opening::New).expect("made");
        let again = master_key(&folder, Opening::New).expect("read");
        assert_eq!(made.to_hex().expose_secret(), again.to_hex().expose_secret());
        let file = dir.path().join(FILE);
        let bits = || std::fs::metadata(&file).expect("there").permissions().mode() & 0o777;
        assert_eq!(bits(), 0o600);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).expect("opened");
        master_key(&folder, Opening::Existing).expect("read");
        assert_eq!(bits(), 0o600, "its own file is mended");
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
