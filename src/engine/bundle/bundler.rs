//! From an engine into a bundle, and from a bundle into an engine.

use std::sync::Arc;

use campanile_events::{
    db::{Database, DbError, Value},
    ids::Position,
    journal::{Journal, ReadError},
    merkle::checkpoint::VerifyingKey,
    seal::{DataKeys, MasterKey, SealError},
};
use campanile_workers::tokens::Tokens;

use super::{
    Bundle,
    tables::{ALL, Kept},
};
use crate::{
    access::{Passwords, Refusals, Usage, Verifiers},
    engine::Store,
};

/// Makes bundles of an engine, and puts them into one.
#[derive(Debug, Clone)]
pub struct Bundler {
    journal: Arc<dyn Journal>,
    side: Arc<dyn Database>,
    data_keys: Arc<DataKeys>,
    master_key: MasterKey,
    verifying_key: VerifyingKey,
}

/// Why there is no bundle, or it was not put in.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The log can't be read.
    #[error(transparent)]
    Journal(#[from] ReadError),
    /// The tables can't be read or written.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The keys don't open.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A value can't be written.
    #[error("a value can't be written: {0}")]
    Json(#[from] serde_json::Error),
    /// A row is not what its table keeps.
    #[error("a row of `{0}` doesn't read")]
    Row(&'static str),
    /// The engine has a history of its own.
    #[error("the log holds {0} events already")]
    Used(Position),
}

impl Bundler {
    /// That of an opened store.
    pub fn of(store: &Store) -> Self {
        Self {
            journal: Arc::clone(&store.journal),
            side: Arc::clone(&store.side),
            data_keys: Arc::clone(&store.data_keys),
            master_key: store.master_key.clone(),
            verifying_key: store.signing_key.verifying_key(),
        }
    }

    /// The bytes of a bundle's file. The engine may go on meanwhile: what an event needs is stored before the event.
    pub async fn seal(&self) -> Result<Vec<u8>, BundleError> {
        self.make_tables().await?;
        let head = self.journal.head().await?;
        let verifying_key = self.verifying_key.to_string();
        let (epoch, position) = (head.epoch, head.position);
        let mut bundle = Bundle { verifying_key, epoch, position, tables: std::collections::BTreeMap::new() };
        for kept in ALL {
            let rows = self.side.query(&kept.select(), vec![]).await?;
            let rows = rows.iter().map(|row| kept.write(row)).collect::<Result<_, _>>()?;
            bundle.tables.insert(kept.table.name.to_owned(), rows);
        }
        Ok(bundle.seal(&self.master_key)?)
    }

    /// Puts a bundle into the engine, whose log must be empty, in place of whatever is in its tables; receipts and
    /// checkpoints up to where the log is about to end. The engine must be opened anew after it.
    pub async fn unpack(&self, bundle: &Bundle, end: Position) -> Result<(), BundleError> {
        let head = self.journal.head().await?.position;
        if head > Position(0) {
            return Err(BundleError::Used(head));
        }
        self.make_tables().await?;
        let read = |kept: &'static Kept| Ok::<_, BundleError>((kept, rows(kept, bundle, end)?));
        let rows: Vec<_> = ALL.iter().map(read).collect::<Result<_, _>>()?;
        let mut transaction = self.side.begin().await?;
        for (kept, rows) in rows {
            transaction.execute(&format!("delete from {}", kept.table.name), vec![]).await?;
            transaction.write_rows(&kept.table, kept.table.name, rows).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Their owners make them when they are first used, which may not have been yet.
    async fn make_tables(&self) -> Result<(), BundleError> {
        Verifiers::make_tables(&self.side).await?;
        Usage::open(Arc::clone(&self.side), Arc::clone(&self.data_keys)).await?;
        Refusals::open(Arc::clone(&self.side), Arc::clone(&self.data_keys)).await?;
        Passwords::open(Arc::clone(&self.side)).await?;
        Tokens::open(Arc::clone(&self.side), self.master_key.clone()).await?;
        Ok(())
    }
}

fn rows(kept: &Kept, bundle: &Bundle, end: Position) -> Result<Vec<Vec<Value>>, BundleError> {
    let name = kept.table.name;
    let position = kept.position();
    let is_kept = |row: &Vec<Value>| match position.and_then(|at| row.get(at)) {
        Some(Value::Integer(position)) => position.unsigned_abs() <= end.0,
        _ => true,
    };
    let rows = bundle.tables.get(name).into_iter().flatten().map(|row| kept.read(row).ok_or(BundleError::Row(name)));
    Ok(rows.collect::<Result<Vec<_>, _>>()?.into_iter().filter(is_kept).collect())
}
