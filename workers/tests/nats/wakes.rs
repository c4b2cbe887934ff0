//! Wake-ups between nodes.

use std::time::Duration;

use campanile_events::ids::Position;
use campanile_test_servers::Nats as Server;
use campanile_workers::bus::{Moved, Wakes};

use super::rig::{PATIENCE, becomes, node};

#[tokio::test(flavor = "multi_thread")]
async fn what_moves_on_one_node_wakes_the_other() {
    let mut server = Server::start();
    let (one, other) = (node(&server).await, node(&server).await);
    let (mut journal, projected) = (other.wakes().listen(Moved::Journal), other.wakes().listen(Moved::Projected));
    one.wakes().tell(Moved::Journal, Position(4));
    // Of later ones an echo from the server may come in between.
    assert_eq!(*one.wakes().listen(Moved::Journal).borrow(), Position(4), "here, at once");
    for position in [5, 6, 3] {
        one.wakes().tell(Moved::Journal, Position(position));
        let heard = tokio::time::timeout(PATIENCE, journal.wait_for(|last| *last == Position(position))).await;
        heard.expect("a wake-up in time").expect("a bus that works");
    }
    assert_eq!(*projected.borrow(), Position(0), "only what moved");
    server.stop();
    server.start_again();
    becomes(&one, "there", |health| health.is_well(Duration::ZERO)).await;
    becomes(&other, "there", |health| health.is_well(Duration::ZERO)).await;
    let heard = async {
        for position in 10.. {
            // One may be lost while the server comes back; the next one isn't.
            one.wakes().tell(Moved::Journal, Position(position));
            if tokio::time::timeout(Duration::from_millis(200), journal.wait_for(|it| it.0 >= 10)).await.is_ok() {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, heard).await.expect("wake-ups come back with the server");
}
