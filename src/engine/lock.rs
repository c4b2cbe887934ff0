//! Who has the folder.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    path::{Path, PathBuf},
};

const FILE: &str = "campanile.lock";

/// The folder is this process's until this is dropped, or the process ends in whatever way: the operating system keeps
/// the lock, the file's text only says whose it is.
#[derive(Debug)]
pub struct FolderLock(#[expect(dead_code, reason = "the lock lives as long as its file is open")] File);

/// Why the folder can't be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("the data folder {} is held by {holder}", folder.display())]
    Held {
        /// Which folder.
        folder: PathBuf,
        /// Who, as far as it is known.
        holder: String,
    },
    /// The file can't be used.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}

impl FolderLock {
    /// Takes the folder, which must be there.
    ///
    /// # Errors
    /// [`LockError::Held`] at once if another process has it.
    pub fn take(folder: &Path) -> Result<Self, LockError> {
        let path = folder.join(FILE);
        let failed = |error| LockError::File { path: path.clone(), error };
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Unreadable or empty: somebody has it all the same.
                let _ = file.read_to_string(&mut holder);
                let holder = Some(holder.trim()).filter(|text| !text.is_empty());
                let holder = holder.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
                return Err(LockError::Held { folder: folder.to_owned(), holder });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        file.set_len(0).map_err(failed)?;
        file.rewind().map_err(failed)?;
        writeln!(file, "{}", std::process::id()).map_err(failed)?;
        Ok(Self(file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_holder_and_says_which() {
        let folder = tempfile::tempdir().expect("a folder");
        let held = FolderLock::take(folder.path()).expect("free");
        let refused = FolderLock::take(folder.path()).unwrap_err().to_string();
        assert!(refused.ends_with(&format!("is held by process {}", std::process::id())), "{refused}");
        drop(held);
        assert!(FolderLock::take(folder.path()).is_ok());
    }
}
