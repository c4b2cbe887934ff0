//! A stream that is kept on several servers.

use std::{sync::Arc, time::Duration};

use async_nats::jetstream;
use campanile_test_servers::{Nats as Server, free_port};
use campanile_workers::bus::{Bus, Nats, nats::ConnectError};

use super::rig::{PATIENCE, becomes, connect, job, put_in_the_end, settings, take, take_all};

/// Three servers that are one.
struct Cluster(Vec<Server>);

impl Cluster {
    fn start() -> Self {
        let ports = [free_port(), free_port(), free_port()];
        let routes: Vec<_> = ports.iter().map(|port| format!("nats://127.0.0.1:{port}")).collect();
        let routes = routes.join(", ");
        let server = |port: &u16| {
            Server::start_with(&format!(
                "server_name: server-{port}\ncluster {{ name: tower, listen: \"127.0.0.1:{port}\", routes: [{routes}] }}"
            ))
        };
        Self(ports.iter().map(server).collect())
    }

    async fn node(&self, replicas: usize) -> Arc<Nats> {
        let urls: Vec<_> = self.0.iter().map(Server::url).collect();
        let mut settings = settings(&urls.join(","));
        settings.replicas = replicas;
        // It is chosen who leads, and that takes its time.
        settings.patience = Duration::from_secs(3);
        let bus = connect(settings).await.expect("a connection");
        becomes(&bus, "there", |health| health.is_well(Duration::ZERO)).await;
        bus
    }

    /// Waits until the stream is kept on so many servers: each hears of it when it does.
    async fn keeps_on(&self, servers: usize) {
        let waits = async {
            while self.kept().await != servers {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let done = tokio::time::timeout(PATIENCE, waits).await;
        assert!(done.is_ok(), "the newest start counts: {} and not {servers}", self.kept().await);
    }

    /// On how many servers the stream is kept.
    async fn kept(&self) -> usize {
        let stranger = jetstream::new(async_nats::connect(self.0[2].url()).await.expect("a connection"));
        let mut stream = stranger.get_stream("CAMPANILE_JOBS_bells").await.expect("the stream");
        stream.info().await.expect("the stream").config.num_replicas
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_kept_on_as_many_servers_as_are_asked_for() {
    let cluster = Cluster::start();
    let one = cluster.node(1).await;
    assert_eq!(cluster.kept().await, 1);
    for number in 0..20 {
        put_in_the_end(&one, &job(number)).await;
    }
    let other = cluster.node(3).await;
    cluster.keeps_on(3).await;
    assert_eq!(take_all(&other, (0..20).map(job)).await, 0, "what waited is still there");
    // A target waits once there, too.
    put_in_the_end(&one, &job(50)).await;
    let stranger = jetstream::new(async_nats::connect(cluster.0[1].url()).await.expect("a connection"));
    let subject = format!("campanile.jobs.publish.sandbox.bells.{}.{}", job(50).post_id, job(50).account_id);
    let second = stranger.publish(subject, "".into()).await.expect("sent").await.expect_err("a second for a target");
    assert!(second.to_string().contains("maximum messages per subject exceeded"), "{second}");
    assert_eq!(take(&other).await.job(), &job(50));

    let too_many = cluster.node(5).await;
    assert_eq!(cluster.kept().await, 3);
    let told = too_many.health().trouble.unwrap_or_default();
    assert!(told.contains("stays on 3 of 5 servers"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_alone_keeps_a_stream_once() {
    let server = Server::start();
    let stranger = jetstream::new(async_nats::connect(server.url()).await.expect("a connection"));
    let mut wide = settings(&server.url());
    wide.replicas = 3;
    // With a stream to make, and with one that is there.
    for _ in 0..2 {
        let error = connect(wide.clone()).await.expect_err("no cluster");
        assert!(matches!(error, ConnectError::NoCluster { .. }), "{error:?}");
        let narrow = connect(settings(&server.url())).await.expect("a connection");
        becomes(&narrow, "there", |health| health.is_well(Duration::ZERO)).await;
    }
    let mut stream = stranger.get_stream("CAMPANILE_JOBS_bells").await.expect("the stream");
    assert_eq!(stream.info().await.expect("the stream").config.num_replicas, 1);
}
