//! PostgreSQL keeps the journal's contract.

use std::{collections::HashSet, sync::Arc};

use async_trait::async_trait;
use campanile_events::{
    clock::SharedClock,
    db::postgres::connect,
    journal::{
        Journal,
        contract::{Engine, exercise},
    },
};
use campanile_test_servers::Postgres;
use chrono::{DateTime, Utc};
use tokio::sync::Mutex;

use crate::given::{open, settings};

/// A database for each log.
struct Databases {
    server: Postgres,
    made: Mutex<HashSet<String>>,
}

#[async_trait]
impl Engine for Databases {
    async fn open(&self, log: &str, _clock: SharedClock) -> Arc<dyn Journal> {
        // Longer names are cut by the server.
        let name = log.get(..60).unwrap_or(log);
        if self.made.lock().await.insert(name.to_owned()) {
            self.server.create_database(name);
        }
        Arc::new(open(&self.server.url(name)).await)
    }

    async fn now(&self, _clock: &SharedClock) -> DateTime<Utc> {
        let client = connect(&settings(&self.server.url("postgres"))).await.expect("a connection");
        client.query_one("select clock_timestamp()", &[]).await.expect("the server's time").get(0)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn databases_keep_the_contract() {
    // Every case has several connections.
    let server = Postgres::start_with(&["fsync=off", "max_connections=400"]);
    exercise(Arc::new(Databases { server, made: Mutex::default() })).await;
}
