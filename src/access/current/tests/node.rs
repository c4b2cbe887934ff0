//! A node: its own connections, its own memory.

use std::{num::NonZeroUsize, sync::Arc};

use campanile_events::{
    clock::{SharedClock, SystemClock},
    commands::{Committed, Executor, Request, Sharing},
    db::{
        Database, Postgres,
        postgres::{Connections, Settings},
    },
    ids::{KeyId, WorkspaceId},
    journal::{Actor, Journal, Metadata, PostgresJournal},
    key::{Grant, Key, KeyAction, KeyCommand, KeyMode, NewKey},
    seal::{DataKeys, MasterKey, Open, fields},
};
use campanile_test_servers::Postgres as Server;
use uuid::Uuid;

use super::journal::Impaired;
use crate::access::{Access, Caller, Denied, Holder, KeySecret, PepperFile, Presented, limits::LimitSettings};

pub(super) struct House {
    server: Server,
    url: String,
    master: MasterKey,
    clock: SharedClock,
    pub(super) workspace: WorkspaceId,
}

#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) access: Access,
    pub(super) journal: Arc<Impaired>,
    keys: Executor<Key>,
    data_keys: Arc<DataKeys>,
    clock: SharedClock,
    workspace: WorkspaceId,
}

impl House {
    pub(super) fn build() -> Self {
        let server = Server::start();
        let url = server.create_database("house");
        let (master, clock) = (MasterKey::generate(), SystemClock::shared());
        let workspace = WorkspaceId::from(Uuid::from_u128(7));
        Self { server, url, master, clock, workspace }
    }

    pub(super) async fn node(&self) -> Node {
        self.impaired_node(false).await
    }

    /// A node that hears nothing of what others commit.
    pub(super) async fn deaf_node(&self) -> Node {
        self.impaired_node(true).await
    }

    async fn impaired_node(&self, is_deaf: bool) -> Node {
        let settings = Settings::parse(&self.url).expect("the server's own address");
        let journal: Arc<dyn Journal> = Arc::new(PostgresJournal::open(&settings).await.expect("a journal"));
        let journal = Impaired::new(journal, is_deaf);
        let side: Arc<dyn Database> =
            Arc::new(Postgres::open(&settings, Connections::default()).await.expect("a database"));
        let data_keys = DataKeys::open(Arc::clone(&side), self.master.clone()).await.expect("data keys");
        let data_keys = Arc::new(data_keys);
        let few = NonZeroUsize::new(2_000).expect("not zero");
        let own: Arc<dyn Journal> = journal.clone();
        let keys = Executor::new(own, self.clock.clone(), (), Sharing::Shared, few);
        let access = Access::open(
            side,
            PepperFile::kept_elsewhere(None, self.master.clone()),
            Arc::clone(&data_keys),
            keys.clone(),
            &[],
            LimitSettings::default(),
            self.clock.clone(),
        )
        .await;
        let access = access.expect("opened");
        Node { access, journal, keys, data_keys, clock: self.clock.clone(), workspace: self.workspace }
    }

    /// How many nodes the table knows of.
    pub(super) fn listed(&self) -> usize {
        let said = self.server.sql("house", "select count(*) from campanile.key_nodes");
        said.trim().parse().expect("a number")
    }

    /// As if all had been silent for too long.
    pub(super) fn forget_nodes(&self) {
        self.server.sql("house", "delete from campanile.key_nodes");
    }

    /// As if a node had died, which was heard of so many seconds ago.
    pub(super) fn bury(&self, seconds: u32) {
        let silent = format!("clock_timestamp() - interval '{seconds} seconds'");
        self.server.sql("house", &format!("insert into campanile.key_nodes values (gen_random_uuid(), 0, {silent})"));
    }

    /// Two nodes, and the workspace's data key.
    pub(super) async fn two(&self, second_is_deaf: bool) -> (Node, Node) {
        let first = self.node().await;
        first.data_keys.create(self.workspace.uuid(), self.clock.now()).await.expect("a data key");
        (first, self.impaired_node(second_is_deaf).await)
    }
}

impl Node {
    pub(super) async fn make_key(&self) -> (KeyId, String) {
        let now = self.clock.now();
        let (secret, id) = (KeySecret::generate(KeyMode::Live), KeyId::fresh(now));
        self.access.verifiers().keep(&secret, Holder { key_id: id, workspace: self.workspace }).await.expect("kept");
        let data_key = self.data_keys.get(self.workspace.uuid()).await.expect("a data key");
        let name = data_key.seal(fields::KEY_NAME, &Open::new("k"));
        let new = NewKey::new(self.workspace, name, secret.prefix(), Grant::everything());
        self.command(id, KeyAction::Create(Box::new(new))).await;
        (id, secret.expose().to_owned())
    }

    /// Revokes a key, and answers when that counts.
    pub(super) async fn revoke(&self, id: KeyId) {
        let revoked = self.command(id, KeyAction::Revoke).await;
        self.access.settled(revoked.position).await;
    }

    /// Revokes a key, and answers at once.
    pub(super) async fn revoke_at_once(&self, id: KeyId) {
        self.command(id, KeyAction::Revoke).await;
    }

    async fn command(&self, id: KeyId, action: KeyAction) -> Committed<Key> {
        let command = KeyCommand { now: self.clock.now(), action };
        let metadata = Metadata::by(Actor::engine());
        let request = Request { workspace: self.workspace, id: id.uuid(), command, metadata, receipt: None };
        self.keys.execute(request).await.expect("carried out")
    }

    pub(super) async fn ask(&self, secret: &str) -> Result<Caller, Denied> {
        self.access.authenticate(secret, Presented::default()).await
    }

    /// Asks until the answer comes from memory.
    pub(super) async fn warm(&self, secret: &str) {
        loop {
            let before = self.journal.streams();
            self.ask(secret).await.expect("it opens");
            if self.journal.streams() == before {
                return;
            }
            tokio::task::yield_now().await;
        }
    }
}
