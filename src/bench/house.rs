//! An engine of one's own, initialized and empty.

use std::sync::Arc;

use campanile_events::{clock::SystemClock, ids::WorkspaceId, seal::DataKey};

use super::Place;
use crate::{
    configuration::Configuration,
    engine::{Opening, Owner, Store, initialize},
};

const OWNER: &str = "bench@campanile.example";

/// An engine that nothing runs of yet.
pub(super) struct House {
    /// What it is opened with.
    pub(super) configuration: Configuration,
    /// Its workspace.
    pub(super) workspace: WorkspaceId,
    /// Its workspace's data key.
    pub(super) key: Arc<DataKey>,
    /// Its API key, without a rate limit.
    pub(super) secret: String,
}

impl House {
    /// Builds it. The store that is given back holds its folder.
    pub(super) async fn build(place: &Place, name: &str) -> anyhow::Result<(Self, Store)> {
        let configuration = place.room(name).await?;
        let store = Store::open(&configuration.folder, Opening::New, SystemClock::shared()).await?;
        let made = initialize(&store, Owner { email: OWNER.to_owned(), password: None }).await?;
        let key = store.data_keys.get(made.workspace_id.uuid()).await?;
        let secret = made.secret.expose().to_owned();
        Ok((Self { configuration, workspace: made.workspace_id, key, secret }, store))
    }
}
