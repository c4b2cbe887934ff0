//! What stands in a bundle, and how it is sealed: the line `campanile-bundle 1`, then what the master key wraps.

use std::collections::BTreeMap;

use campanile_events::{
    ids::{Epoch, Position},
    seal::MasterKey,
};
use secrecy::zeroize::Zeroizing;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

const FIRST_LINE: &[u8] = b"campanile-bundle 1\n";
const AAD: &[u8] = b"campanile.bundle.1";

/// A bundle in the open. Its text never leaves the process.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// What the log's checkpoints are checked with.
    pub verifying_key: String,
    /// The log's epoch.
    pub epoch: Epoch,
    /// Where the log ended before anything of this was read: all that the events up to there need is in it.
    pub position: Position,
    /// Rows, by table.
    pub(super) tables: BTreeMap<String, Vec<Json>>,
}

/// A file that is no bundle, or not for this master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableBundle {
    /// It begins otherwise.
    #[error("this is no bundle, or one of a newer build")]
    Form,
    /// The key doesn't open it.
    #[error("the master key doesn't open this bundle, or it was changed")]
    Sealed,
}

impl std::fmt::Debug for Bundle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bundle").field("epoch", &self.epoch).field("position", &self.position).finish_non_exhaustive()
    }
}

impl Bundle {
    /// The bytes of its file.
    ///
    /// # Errors
    /// If a value can't be written as JSON.
    pub(super) fn seal(&self, master: &MasterKey) -> Result<Vec<u8>, serde_json::Error> {
        let text = Zeroizing::new(serde_json::to_vec(self)?);
        Ok([FIRST_LINE, &master.wrap(AAD, &text)].concat())
    }

    /// The last checkpoint that was signed when it was made.
    pub fn last_checkpoint(&self) -> Option<&str> {
        self.tables.get("log_checkpoints")?.iter().max_by_key(|row| (row[0].as_u64(), row[1].as_u64()))?[2].as_str()
    }

    /// Opens the bytes of a file.
    pub fn open(bytes: &[u8], master: &MasterKey) -> Result<Self, UnreadableBundle> {
        let sealed = bytes.strip_prefix(FIRST_LINE).ok_or(UnreadableBundle::Form)?;
        let text = master.unwrap(AAD, sealed).map_err(|_| UnreadableBundle::Sealed)?;
        serde_json::from_slice(&text).map_err(|_| UnreadableBundle::Form)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_bundle_opens_with_its_master_key_alone_and_shows_nothing() {
        let tables = BTreeMap::from([("platform_tokens".to_owned(), vec![json!(["loud-secret"])])]);
        let verifying_key = "campanile/1+00000000+AAAA".to_owned();
        let bundle = Bundle { verifying_key, epoch: Epoch(1), position: Position(7), tables };
        let master = MasterKey::generate();
        let bytes = bundle.seal(&master).expect("JSON");
        let shown = String::from_utf8_lossy(&bytes).into_owned() + &format!("{bundle:?}");
        assert!(!shown.contains("loud-secret") && !shown.contains("platform_tokens"), "{shown}");

        assert_eq!(Bundle::open(&bytes, &master).expect("it opens").tables, bundle.tables);
        assert_eq!(Bundle::open(&bytes, &MasterKey::generate()).unwrap_err(), UnreadableBundle::Sealed);
        assert_eq!(Bundle::open(b"campanile-bundle 2\n", &master).unwrap_err(), UnreadableBundle::Form);
        for at in [FIRST_LINE.len(), bytes.len() / 2, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_eq!(Bundle::open(&changed, &master).unwrap_err(), UnreadableBundle::Sealed, "byte {at}");
        }
        assert!(Bundle::open(&bytes[..bytes.len() - 1], &master).is_err());
    }
}
