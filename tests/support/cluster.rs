//! Many nodes on one PostgreSQL and one NATS.

use std::{
    collections::BTreeMap,
    ops::{Index, IndexMut},
    process::Command,
};

use futures::future::join_all;

use super::{Client, Environment, Node, Options, Place, Ran, Servers};

/// The nodes that answer requests.
pub const API: [usize; 2] = [0, 1];
/// The nodes that publish.
pub const WORKERS: [usize; 2] = [2, 3];
/// The nodes that put on the bus what is due, and keep the read models current.
pub const SCHEDULERS: [usize; 2] = [4, 5];

const NODES: [(&str, &str); 6] = [
    ("api-1", "api"),
    ("api-2", "api"),
    ("worker-1", "worker"),
    ("worker-2", "worker"),
    ("scheduler-1", "scheduler,projector"),
    ("scheduler-2", "scheduler,projector"),
];

/// Three nodes that answer requests and keep the read models current, and nothing else.
pub const THREE: [(&str, &str); 3] = [("one", "api,projector"), ("two", "api,projector"), ("three", "api,projector")];

/// Two nodes for each thing that nodes do, each a process with a data folder of its own.
///
/// A test ends it with [`Cluster::end`], which holds it to what must hold whatever a test did.
#[derive(Debug)]
pub struct Cluster {
    secret: String,
    nodes: Vec<Node>,
    /// How those find the servers that don't find them as all do.
    ways: BTreeMap<usize, Environment>,
    ended: bool,
    /// Dropped last: until then what the programs said can be read.
    place: Place,
}

impl Cluster {
    /// Makes a place, an owner and a key, and starts every node.
    pub async fn start(options: Options) -> Self {
        let mut cluster = Self::stopped(&options);
        cluster.start_all().await;
        cluster
    }

    /// Starts every node, none of which runs, and waits until they are ready.
    pub async fn start_all(&mut self) {
        let programs: Vec<_> = (0..self.size()).map(|node| self.program(node)).collect();
        join_all(self.nodes.iter_mut().zip(programs).map(|(node, program)| node.start(program))).await;
    }

    /// Another way for a node to PostgreSQL and NATS, from its next start on.
    pub fn reach_by(&mut self, node: usize, way: Environment) {
        self.ways.insert(node, way);
    }

    /// The same, with no node running yet.
    pub fn stopped(options: &Options) -> Self {
        Self::stopped_of(&NODES, options)
    }

    /// The same of other nodes, by their names and roles.
    pub fn stopped_of(nodes: &[(&str, &'static str)], options: &Options) -> Self {
        let place = Place::of_many_nodes();
        let secret = place.init()["secret"].as_str().expect("a secret").to_owned();
        let nodes = nodes.iter().map(|(name, roles)| {
            let data = place.outputs().join(name);
            std::fs::create_dir(&data).expect("a data folder");
            Node::new(name, Some(roles), options.clone(), &data, place.outputs())
        });
        Self { secret, nodes: nodes.collect(), ways: BTreeMap::new(), ended: false, place }
    }

    /// How many nodes there are; each has a number below that.
    pub fn size(&self) -> usize {
        self.nodes.len()
    }

    /// A client of a node that answers requests, with the key that `init` printed.
    pub fn client(&self, node: usize) -> Client {
        self.client_of(node, &self.secret)
    }

    /// A client of such a node with another key.
    pub fn client_of(&self, node: usize, secret: &str) -> Client {
        self[node].client(Some(secret))
    }

    /// Starts a node that was killed or stopped, and doesn't wait until it is ready.
    pub async fn launch(&mut self, node: usize) {
        let program = self.program(node);
        self[node].launch(program).await;
    }

    /// Starts a node that was killed or stopped, and waits until it is ready.
    pub async fn restart(&mut self, node: usize) {
        let program = self.program(node);
        self[node].start(program).await;
    }

    fn program(&self, node: usize) -> Command {
        let mut program = self.place.program_in(self[node].data());
        if let Some(way) = self.ways.get(&node) {
            way.tell(&mut program);
        }
        program
    }

    /// The secret of the key that `init` printed.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// Runs a command beside the nodes.
    pub fn command(&self, arguments: &[&str]) -> Ran {
        self.place.command(arguments)
    }

    /// Runs a command on a node's own data folder.
    pub fn command_at(&self, node: usize, arguments: &[&str]) -> Ran {
        Ran::of(self.program(node).args(arguments))
    }

    /// Serves a node, which is refused; gives what it said.
    pub fn refused_to_serve(&self, node: usize) -> Ran {
        Ran::refused_to_serve(self.program(node), self.place.outputs())
    }

    /// PostgreSQL and NATS.
    pub fn servers(&mut self) -> &mut Servers {
        self.place.servers_mut()
    }

    /// The whole log, an event each, as an operator reads it beside the nodes.
    pub fn log(&self) -> Vec<serde_json::Value> {
        let text = self.place.command(&["log", "tail"]).ok();
        text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    }

    /// Every node must live and become ready, stop in order, and leave a log that verifies.
    pub async fn end(mut self) {
        for node in &mut self.nodes {
            if node.runs() {
                assert!(node.process().runs(), "`{}` ended by itself and said:\n{}", node.name(), node.said());
                node.ready().await;
                node.terminate();
            }
        }
        self.place.command(&["log", "verify"]).ok();
        self.ended = true;
    }
}

impl Index<usize> for Cluster {
    type Output = Node;

    fn index(&self, node: usize) -> &Node {
        &self.nodes[node]
    }
}

impl IndexMut<usize> for Cluster {
    fn index_mut(&mut self, node: usize) -> &mut Node {
        &mut self.nodes[node]
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        assert!(
            self.ended || std::thread::panicking(),
            "a test ends its cluster: only then is it held to its promises"
        );
    }
}
