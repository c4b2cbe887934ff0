//! Projections that refuse an event, or say that their version is another.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use campanile_events::{ids::Position, journal::Recorded};
use campanile_projections::{
    projection::{ApplyError, Projection, TableDefinition},
    rows::RowCache,
};

/// Refuses events so many times each; counts how often it was given each event.
pub struct Fussy {
    inner: Arc<dyn Projection>,
    refusals: Mutex<HashMap<Position, usize>>,
}

impl Fussy {
    pub fn over(inner: Arc<dyn Projection>) -> Arc<Self> {
        Arc::new(Self { inner, refusals: Mutex::default() })
    }

    pub fn refuse(&self, position: Position, times: usize) {
        self.refusals.lock().unwrap().insert(position, times);
    }

    fn refused(&self, event: &Recorded) -> bool {
        let mut refusals = self.refusals.lock().unwrap();
        let Some(left) = refusals.get_mut(&event.position) else { return false };
        let refused = *left > 0;
        *left = left.saturating_sub(1);
        refused
    }
}

#[async_trait]
impl Projection for Fussy {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn version(&self) -> u32 {
        self.inner.version()
    }

    fn tables(&self) -> &'static [&'static TableDefinition] {
        self.inner.tables()
    }

    async fn apply(&self, batch: &[&Recorded], rows: &mut RowCache<'_>) -> Result<(), ApplyError> {
        self.inner.apply(batch, rows).await?;
        match batch.iter().find(|event| self.refused(event)) {
            Some(event) => Err(ApplyError::event(event, "not today")),
            None => Ok(()),
        }
    }

    fn forget(&self) {
        self.inner.forget();
    }
}

/// The same projection at another version.
pub struct Raised(pub Arc<dyn Projection>, pub u32);

#[async_trait]
impl Projection for Raised {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn version(&self) -> u32 {
        self.1
    }

    fn tables(&self) -> &'static [&'static TableDefinition] {
        self.0.tables()
    }

    async fn apply(&self, batch: &[&Recorded], rows: &mut RowCache<'_>) -> Result<(), ApplyError> {
        self.0.apply(batch, rows).await
    }

    fn forget(&self) {
        self.0.forget();
    }
}
