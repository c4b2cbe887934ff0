//! Several processes append to one log, each with many writers, and one follows.

use std::{
    collections::{HashMap, HashSet},
    env,
    process::{Child, Command},
    time::Duration,
};

use campanile_events::{
    ids::{Position, Version},
    journal::{AppendError, Claim, Journal, PostgresJournal, Recorded, StreamId, owned},
};
use campanile_test_servers::Postgres;

use crate::given::{SOON, all, append, open, post, within};

const NODES: u128 = 4;
const WRITERS: u128 = 16;
const APPENDS: u64 = 20;
const EVENTS: usize = 2;
/// How often each node appends to a stream that all want, and asks for a name that all want.
const CONTESTED: u64 = 25;
/// What a node is told by: the database's address and its own number.
const ADDRESS: &str = "CAMPANILE_TEST_NODE_DATABASE";
const NUMBER: &str = "CAMPANILE_TEST_NODE_NUMBER";

/// Ends with the process that started it.
struct Node(Child);

impl Node {
    fn start(address: &str, number: u128) -> Self {
        let mut command = Command::new(env::current_exe().expect("this program's own file"));
        command.args(["--exact", "nodes::a_node", "--nocapture"]);
        command.env(ADDRESS, address).env(NUMBER, number.to_string());
        Self(command.spawn().expect("another process of this program"))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It has ended by itself, unless the test failed.
        let _ended = self.0.kill();
        let _gone = self.0.wait();
    }
}

/// The body of another process; by itself it has nothing to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node() {
    let (Ok(address), Ok(number)) = (env::var(ADDRESS), env::var(NUMBER)) else { return };
    let number: u128 = number.parse().expect("the node's number");
    let journal = open(&address).await;
    let mut announced = journal.watch();
    journal.append(append(ready(number), 0, 1)).await.expect("the node is ready");
    // The last that is ready wakes all others, over the database.
    announced.wait_for(|position| position.0 >= NODES as u64).await.expect("the journal lives");
    let following = journal.clone();
    let following = tokio::spawn(async move { follow(&following, Asks::End, total()).await });
    let writers = (0..WRITERS).map(|writer| tokio::spawn(write(journal.clone(), post(number * 1_000 + writer))));
    let writers: Vec<_> = writers.collect();
    contend(&journal, post(2_000_000 + number)).await;
    for writer in writers {
        writer.await.expect("the writer ends");
    }
    let seen = within(SOON, following).await.expect("the follower ends");
    assert_eq!(seen, all(&journal).await);
}

/// How many events the nodes append together.
const fn total() -> usize {
    CONTESTED as usize + NODES as usize * (1 + CONTESTED as usize + WRITERS as usize * APPENDS as usize * EVENTS)
}

fn ready(number: u128) -> StreamId {
    post(1_000_000 + number)
}

/// The stream that all nodes append to.
fn contested() -> StreamId {
    post(3_000_000)
}

/// Appends to the contested stream until it gets through, and takes the names that are still free for one of its own.
async fn contend(journal: &PostgresJournal, own: StreamId) {
    let (mut decided, mut version) = (0, 0);
    for round in 0..CONTESTED {
        loop {
            match journal.append(append(contested(), decided, 1)).await {
                Ok(_) => break,
                Err(AppendError::VersionConflict { actual, .. }) => decided = actual.0,
                Err(other) => panic!("no conflict: {other:?}"),
            }
        }
        let mut naming = append(own, version, 1);
        naming.workspace = append(contested(), 0, 1).workspace;
        naming.events[0].claims = vec![Claim::take("slug", round.to_string())];
        match journal.append(naming).await {
            Ok(_) => version += 1,
            Err(AppendError::ClaimTaken { holder, .. }) => assert_ne!(holder, own),
            Err(other) => panic!("neither had nor taken: {other:?}"),
        }
    }
}

async fn write(journal: PostgresJournal, stream: StreamId) {
    for version in 0..APPENDS {
        let recorded = journal.append(append(stream, version * EVENTS as u64, EVENTS)).await.expect("it goes in");
        assert_eq!(recorded.len(), EVENTS);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_of_four_nodes_misses_nothing_and_none_of_them_starves() {
    let server = Postgres::start();
    let address = server.create_database("log");
    // Opened by all at once, also for the first time.
    let nodes: Vec<_> = (0..NODES).map(|number| Node::start(&address, number)).collect();
    let journal = open(&address).await;
    let seen = within(SOON, follow(&journal, Asks::Stored, total())).await;
    for mut node in nodes {
        assert!(node.0.wait().expect("the node ends").success());
    }
    assert_eq!(seen, all(&journal).await);
    assert_eq!(seen.len(), total());

    let (mut versions, mut numbers, mut names) = (HashMap::new(), HashMap::new(), HashSet::new());
    for event in &seen {
        let number = numbers.entry(event.workspace).or_insert(0);
        *number += 1;
        assert_eq!(event.workspace_number, *number, "dense within its workspace");
        for claim in &event.claims {
            assert!(names.insert(&claim.value), "`{}` is taken once", claim.value);
        }
        let version = versions.entry(event.stream).or_insert(Version(0));
        *version = version.next();
        assert_eq!(event.version, *version);
    }
    assert_eq!(versions[&contested()].0, NODES as u64 * CONTESTED);
    assert_eq!(names.len() as u64, CONTESTED);
    assert_fair(&seen);
}

/// When the first node is through, every other has had a good part of the turns.
fn assert_fair(seen: &[Recorded]) {
    let mut counts = HashMap::<u128, u64>::new();
    let mut counted = seen.iter().map(|event| event.stream.id.as_u128() / 1_000).filter(|node| *node < NODES);
    let share = WRITERS as u64 * APPENDS * EVENTS as u64;
    let first = counted.find(|node| {
        let count = counts.entry(*node).or_default();
        *count += 1;
        *count == share
    });
    assert!(first.is_some(), "a node is through");
    for node in 0..NODES {
        let count = counts.get(&node).copied().unwrap_or_default();
        assert!(count * 3 >= share, "node {node} had {count} of {share} when {first:?} was through: {counts:?}");
    }
}

/// What a follower asks.
#[derive(Clone, Copy)]
enum Asks {
    /// For what is stored.
    Stored,
    /// For the log's end, as a read model does on a node that appends.
    End,
}

/// Reads on after every announcement until it has seen so many events.
async fn follow(journal: &PostgresJournal, asks: Asks, until: usize) -> Vec<Recorded> {
    let mut announced = journal.watch();
    let mut seen: Vec<Recorded> = Vec::new();
    while seen.len() < until {
        let after = Position(seen.len() as u64);
        announced.wait_for(|position| *position > after).await.expect("the journal lives");
        let next = match asks {
            Asks::Stored => journal.read(after, 37).await,
            Asks::End => journal.tail(after, 37).await.map(owned),
        };
        seen.extend(next.expect("the log has no hole"));
    }
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_nodes_are_woken_by_the_commit_and_not_by_their_poll() {
    let server = Postgres::start();
    let address = server.create_database("log");
    let (here, there) = (open(&address).await, open(&address).await);
    let mut announced = there.watch();
    // A node that has only just opened may still be about to listen.
    here.append(append(post(1), 0, 1)).await.expect("it goes in");
    within(SOON, announced.wait_for(|position| position.0 == 1)).await.expect("the journal lives");
    // Whoever only polls hears of none of these sooner than a poll after the one before.
    let (mut quick, mut version) = (0, 1);
    while quick < 5 && version < 60 {
        let began = std::time::Instant::now();
        here.append(append(post(1), version, 1)).await.expect("it goes in");
        within(SOON, announced.wait_for(|position| position.0 > version)).await.expect("the journal lives");
        quick += u32::from(began.elapsed() < Duration::from_millis(400));
        version += 1;
    }
    assert!(quick >= 5, "{quick} of {version} came before the poll");
}
