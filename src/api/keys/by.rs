//! Who gives commands to keys: a key, within its own rights, or an operator at the machine.

use std::sync::Arc;

use campanile_events::{
    commands::{CommandError, Committed, Request},
    ids::{KeyId, Version, WorkspaceId},
    journal::{Actor, Metadata},
    key::{Grant, Key, KeyCommand, KeyError},
    post::Post,
    seal::Sealed,
};

use crate::api::{
    Api,
    http::{ApiError, Asker},
};

/// Who gives a command, and what they may hand on.
#[derive(Debug, Clone)]
pub(in crate::api) struct By {
    /// The workspace whose keys it is about.
    pub(super) workspace: WorkspaceId,
    /// What they are allowed themselves.
    pub(super) grant: Arc<Grant>,
    metadata: Metadata,
    asker: Option<Asker>,
}

impl By {
    /// The key that asks.
    pub(in crate::api) fn key(asker: Asker) -> Self {
        Self {
            workspace: asker.caller.workspace,
            grant: Arc::clone(&asker.caller.grant),
            metadata: asker.metadata(),
            asker: Some(asker),
        }
    }

    /// An operator, in one workspace.
    pub(in crate::api) fn operator(workspace: WorkspaceId, metadata: Metadata) -> Self {
        Self { workspace, grant: Arc::new(Grant::everything()), metadata, asker: None }
    }

    /// What events say of them.
    pub(super) fn metadata(&self) -> Metadata {
        self.metadata.clone()
    }

    pub(super) fn actor(&self) -> &Actor {
        &self.metadata.actor
    }

    /// Refuses a key that lacks a scope beyond the one of its route.
    pub(super) fn require(&self, scope: campanile_events::key::Scope) -> Result<(), ApiError> {
        self.asker.as_ref().map_or(Ok(()), |asker| asker.require(scope))
    }

    /// Whether they may give this post commands.
    pub(super) fn reaches_post(&self, post: &Post) -> bool {
        self.asker.as_ref().is_none_or(|asker| asker.caller.reaches_post(post).is_ok())
    }

    /// Gives a key a command, and waits until it counts on every node. A client's idempotency key gets its receipt, with
    /// what its answer shows once.
    pub(super) async fn execute(
        &self,
        api: &Api,
        id: KeyId,
        command: KeyCommand,
        shown_once: Option<Sealed>,
    ) -> Result<Committed<Key>, CommandError<KeyError>> {
        let done = match (self.asker.clone(), shown_once) {
            (Some(asker), Some(secret)) => asker.showing_once(secret).execute(&api.0.keys, id.uuid(), command).await,
            (Some(asker), None) => asker.execute(&api.0.keys, id.uuid(), command).await,
            (None, _) => self.aside(api, id, command).await,
        }?;
        api.settled(&done).await;
        Ok(done)
    }

    /// Gives a key a command that is only a part of what was asked, and leaves no receipt.
    pub(super) async fn aside(
        &self,
        api: &Api,
        id: KeyId,
        command: KeyCommand,
    ) -> Result<Committed<Key>, CommandError<KeyError>> {
        let (workspace, metadata) = (self.workspace, self.metadata());
        api.0.keys.execute(Request { workspace, id: id.uuid(), command, metadata, receipt: None }).await
    }

    /// A key of the workspace that they may change, as it is.
    pub(super) async fn load(&self, api: &Api, id: KeyId) -> Result<Arc<Key>, ApiError> {
        let loaded = api.0.keys.load(self.workspace, id.uuid()).await?;
        let key = loaded.ok_or_else(|| ApiError::not_found("key"))?.state;
        self.asker.as_ref().map_or(Ok(()), |asker| asker.caller.reaches_key(&key))?;
        Ok(key)
    }
}

impl Api {
    /// Waits until what a command did to a key counts on every node; where nothing had to change, what did it before. A key
    /// that was just made has no rights that anybody could still go by.
    pub(super) async fn settled(&self, done: &Committed<Key>) {
        if done.version > Version(1) {
            self.0.access.settled(done.position).await;
        }
    }
}
