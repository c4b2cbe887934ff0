//! What every bus must do.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use campanile_test_servers::Nats as Server;
use campanile_workers::bus::{Bus, contract};

use super::rig;

#[tokio::test(flavor = "multi_thread")]
async fn nats_keeps_the_contract() {
    let server = Server::start();
    let buses = AtomicUsize::new(0);
    contract::exercise(|| async {
        // A stream of its own for each case.
        let log = format!("bells-{}", buses.fetch_add(1, Ordering::Relaxed));
        rig::node_of(&log, &server).await as Arc<dyn Bus>
    })
    .await;
}
