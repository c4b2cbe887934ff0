//! Posts: written, planned, sent, called off, settled, listed.

mod deleting;
mod drafts;
mod in_hand;
mod lists;
mod modes;
mod pausing;
mod scheduling;
mod settling;
mod threads;
mod validating;

use serde_json::{Value, json};

use crate::support::{Client, Engine, Options, SandboxServer};

/// An engine, a sandbox, and an account of each delivery class.
struct Town {
    sandbox: SandboxServer,
    engine: Engine,
    keyed: String,
    searchable: String,
    blind: String,
}

impl Town {
    async fn start() -> Self {
        let sandbox = SandboxServer::start().await;
        let engine = Engine::start(Options::default()).await;
        let client = engine.client();
        let keyed = client.connect_sandbox(&sandbox.address, "keyed", "keyed").await;
        let searchable = client.connect_sandbox(&sandbox.address, "searchable", "searchable").await;
        let blind = client.connect_sandbox(&sandbox.address, "blind", "blind").await;
        Self { sandbox, engine, keyed, searchable, blind }
    }

    fn client(&self) -> Client {
        self.engine.client()
    }
}

/// Writes a draft and gives its id.
async fn draft(client: &Client, body: &str, accounts: &[&str]) -> String {
    let made = client.post("/v1/posts", json!({"body": body, "account_ids": accounts})).await.expect(201);
    id(&made)
}

fn id(post: &Value) -> String {
    post["id"].as_str().expect("a post's id").to_owned()
}
