//! An engine of one's own, initialized and empty.

use std::sync::Arc;

use anyhow::Context;
use axum::body::Body;
use campanile_events::{
    clock::SystemClock,
    ids::{AccountId, WorkspaceId},
    seal::DataKey,
};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{Place, place};
use crate::{
    api,
    configuration::Configuration,
    engine::{Core, Opening, Owner, Store, initialize},
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
        let opened = Store::open(&configuration.folder, Opening::New, SystemClock::shared()).await;
        let store = match &configuration.folder.database {
            Some(database) => opened.with_context(|| place::at(database))?,
            None => opened?,
        };
        let made = initialize(&store, Owner { email: OWNER.to_owned(), password: None }).await?;
        let key = store.data_keys.get(made.workspace_id.uuid()).await?;
        let secret = made.secret.expose().to_owned();
        Ok((Self { configuration, workspace: made.workspace_id, key, secret }, store))
    }

    /// Asks the API to do something, as a client would.
    pub(super) async fn ask(&self, core: &Arc<Core>, path: &str, body: &Value) -> anyhow::Result<Value> {
        let request = http::Request::post(path)
            .header(AUTHORIZATION, format!("Bearer {}", self.secret))
            .header(CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()))?;
        let response = api::router(core).oneshot(request).await?;
        let status = response.status();
        let answer: Value = serde_json::from_slice(&response.into_body().collect().await?.to_bytes())?;
        anyhow::ensure!(status.is_success(), "{path} answered {status}: {answer}");
        Ok(answer)
    }

    /// Connects an account of the sandbox within the engine.
    pub(super) async fn connect(&self, core: &Arc<Core>, handle: &str) -> anyhow::Result<AccountId> {
        self.connect_at(core, handle, None).await
    }

    /// Connects an account of the sandbox that answers at an address, or of the one within the engine.
    pub(super) async fn connect_at(
        &self,
        core: &Arc<Core>,
        handle: &str,
        address: Option<&str>,
    ) -> anyhow::Result<AccountId> {
        let mut body = json!({"handle": handle, "delivery": "keyed"});
        if let Some(address) = address {
            body["service_url"] = address.into();
        }
        let account = self.ask(core, "/v1/connect/sandbox", &body).await?;
        Ok(account["id"].as_str().context("an account has an id")?.parse()?)
    }
}
