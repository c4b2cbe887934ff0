//! Why peppers can't be used.

use std::path::PathBuf;

use campanile_events::db::DbError;

use super::PepperFile;

/// Why peppers can't be used. None of these shows one.
#[derive(Debug, thiserror::Error)]
pub enum PepperError {
    /// The file can't be read or written.
    #[error("the peppers' file {}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A line of the file doesn't read.
    #[error("the peppers' file {}: line {line}: {reason}", path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line.
        line: usize,
        /// Why.
        reason: &'static str,
    },
    /// There is no file to write to.
    #[error("with `--database-url`, name the peppers' file that all nodes share by `--pepper-file`")]
    Unnamed,
    /// Keys stand under a version that isn't there.
    #[error(
        "version {version} of the pepper is missing (keys under it: {keys}): their secrets could not be told. It is not in {place}: \
         put back the file that holds it, or give those keys up with `campanile peppers retire {version} --lost`"
    )]
    Missing {
        /// Which; the least of them.
        version: u64,
        /// How many keys stand under it.
        keys: u64,
        /// Where it was looked for.
        place: String,
    },
    /// Keys stand under another one of the same number.
    #[error(
        "version {version} of the pepper in {place} is another than the one that keys stand under: put back the file that \
         holds theirs"
    )]
    Another {
        /// Which.
        version: u64,
        /// Where it was found.
        place: String,
    },
    /// This process lacks a version that another one uses.
    #[error("this node lacks version {0} of the pepper")]
    Lacking(u64),
    /// The database doesn't answer.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl PepperError {
    pub(super) fn missing(version: u64, keys: u64, file: &PepperFile) -> Self {
        Self::Missing { version, keys, place: file.place() }
    }

    pub(in crate::access) fn another(version: u64, file: &PepperFile) -> Self {
        Self::Another { version, place: file.place() }
    }
}
