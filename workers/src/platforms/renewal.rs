//! Renewing an account's credentials, one writer at a time: many platforms take a refresh token once.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use campanile_events::post::FailureClass;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{Credentials, SendFailure};

/// Where an account's credentials are kept.
#[async_trait]
pub trait CredentialKeeper: Send + Sync + fmt::Debug {
    /// Waits until nobody else renews these credentials, and reads them as they are then: perhaps renewed already.
    async fn claim(&self) -> Result<Box<dyn Renewal>, NotKept>;
}

/// The right to renew an account's credentials; dropped, it is given back.
#[async_trait]
pub trait Renewal: Send {
    /// The credentials as they are kept.
    fn current(&self) -> &Credentials;

    /// Keeps new ones. They may be used once this has answered, so that what was spent for them is never lost.
    async fn replace(&mut self, new: Credentials) -> Result<(), NotKept>;
}

/// Credentials that could not be read or kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the credentials could not be kept")]
pub struct NotKept;

impl From<NotKept> for SendFailure {
    fn from(_: NotKept) -> Self {
        Self::of(FailureClass::NotSent, "credentials_not_kept")
    }
}

/// Credentials in memory alone: for an account that is only tried, and for tests. Clones share them.
#[derive(Debug, Clone)]
pub struct InMemory(Arc<Mutex<Credentials>>);

struct Held(OwnedMutexGuard<Credentials>);

impl InMemory {
    /// Keeps these.
    pub fn of(credentials: Credentials) -> Self {
        Self(Arc::new(Mutex::new(credentials)))
    }
}

#[async_trait]
impl CredentialKeeper for InMemory {
    async fn claim(&self) -> Result<Box<dyn Renewal>, NotKept> {
        Ok(Box::new(Held(Arc::clone(&self.0).lock_owned().await)))
    }
}

#[async_trait]
impl Renewal for Held {
    fn current(&self) -> &Credentials {
        &self.0
    }

    async fn replace(&mut self, new: Credentials) -> Result<(), NotKept> {
        *self.0 = new;
        Ok(())
    }
}
