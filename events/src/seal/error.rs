//! Why something was not sealed or opened. Nothing of the secret, of the text or of the field stands in it.

use crate::db::DbError;

/// Why a value doesn't open, or a key isn't there.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SealError {
    /// There is no data key: the scope was erased, or never had one. What it sealed can't be read any more.
    #[error("the text was erased with its key")]
    Erased,
    /// Not of the form in which sealed values are stored.
    #[error("not a sealed value")]
    Malformed,
    /// Of the right form, but of another key, scope or field, or changed.
    #[error("the sealed value doesn't belong to this key and field, or was changed")]
    Mismatch,
    /// A wrapped key that this master key doesn't open: it is another's, or the row was changed.
    #[error("the master key doesn't open the keys in this database")]
    WrongMasterKey,
    /// The keys' table can't be read or written.
    #[error(transparent)]
    Db(#[from] DbError),
}
