//! What carries jobs to the workers: the one place that names its engines.

use std::sync::Arc;

use campanile_workers::bus::{Bus, InProcess, Nats, Wakes};

use super::{OpenError, Store};
use crate::configuration::Configuration;

/// The bus of this process, and how it is left at the end.
#[derive(Debug, Clone)]
pub(super) enum Carrier {
    /// Within the process.
    InProcess(Arc<InProcess>),
    /// Between nodes.
    Nats(Arc<Nats>),
}

impl Carrier {
    /// Connects, in the name of the store's log. Servers that don't answer are tried again in the background.
    pub(super) async fn open(configuration: &Configuration, store: &Store) -> Result<Self, OpenError> {
        Ok(match &configuration.nats {
            None => Self::InProcess(Arc::default()),
            Some(settings) => Self::Nats(Arc::new(Nats::connect(settings.clone(), &store.log_id()).await?)),
        })
    }

    pub(super) fn bus(&self) -> Arc<dyn Bus> {
        match self {
            Self::InProcess(bus) => Arc::<InProcess>::clone(bus),
            Self::Nats(bus) => Arc::<Nats>::clone(bus),
        }
    }

    /// What tells the nodes how far the read models are; within one process nobody has to be told.
    pub(super) fn wakes(&self) -> Option<Arc<dyn Wakes>> {
        match self {
            Self::InProcess(_) => None,
            Self::Nats(bus) => Some(bus.wakes()),
        }
    }

    /// Lets go of it, once nobody takes jobs here any more.
    pub(super) async fn close(&self) {
        match self {
            Self::InProcess(_) => {}
            Self::Nats(bus) => bus.close().await,
        }
    }
}
