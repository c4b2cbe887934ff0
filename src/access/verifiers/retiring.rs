//! The end of a pepper.

use std::{collections::BTreeSet, sync::Arc};

use campanile_events::{db::Database, ids::KeyId};

use super::Verifiers;
use crate::access::peppers::{InUse, PepperError, PepperFile};

/// What became of a version that was to be retired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retirement {
    /// It is gone, with what was kept of so many secrets.
    Done(u64),
    /// So many keys that open something stand under it.
    Needed(u64),
    /// New keys stand under it.
    Newest,
    /// There is none, or keys stand under none of that number.
    Unknown,
}

impl Verifiers {
    /// Takes a version away that no key needs: none stands under it but those that are `over`, whose secrets are forgotten.
    ///
    /// # Errors
    /// If the file can't be written, or the database doesn't answer.
    pub async fn retire(&self, version: u64, over: &BTreeSet<KeyId>) -> Result<Retirement, PepperError> {
        self.look().await?;
        let versions = self.versions().await?;
        let Some(shown) = versions.into_iter().find(|it| it.version == version) else { return Ok(Retirement::Unknown) };
        if shown.is_newest || shown.is_waiting {
            return Ok(Retirement::Newest);
        }
        let needed = shown.keys.iter().filter(|key| !over.contains(key)).count() as u64;
        if needed > 0 {
            return Ok(Retirement::Needed(needed));
        }
        let mut transaction = self.db.begin().await?;
        let mut forgotten = 0;
        for key in &shown.keys {
            let delete = "delete from key_verifiers where key_id = $1 and pepper = $2";
            forgotten += transaction.execute(delete, vec![key.uuid().into(), version.into()]).await?;
        }
        transaction.commit().await?;
        self.known().clear();
        // Whoever was faster, and used or made a key under it, is found by this.
        if !self.in_use.end(version).await? {
            let left = self.versions().await?.into_iter().find(|it| it.version == version);
            let left = left.map_or(0, |it| it.keys.len() as u64);
            return Ok(if left > 0 { Retirement::Needed(left) } else { Retirement::Done(forgotten) });
        }
        self.file.remove(version)?;
        self.drop_pepper(version);
        Ok(Retirement::Done(forgotten))
    }

    /// Gives a version up that is lost, and with it the keys under it: nothing of an engine need run, which without it doesn't.
    ///
    /// # Errors
    /// If the file can't be read, or the database doesn't answer.
    pub async fn give_up(db: &Arc<dyn Database>, file: &PepperFile, version: u64) -> Result<Retirement, PepperError> {
        if file.read()?.contains_key(&version) {
            return Ok(Retirement::Newest);
        }
        Self::make_tables(db).await?;
        let keys = db.execute("delete from key_verifiers where pepper = $1", vec![version.into()]).await?;
        let was_used = InUse::open(Arc::clone(db), None).await?.end(version).await?;
        Ok(if was_used || keys > 0 { Retirement::Done(keys) } else { Retirement::Unknown })
    }
}
