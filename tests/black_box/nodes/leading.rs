//! Who leads, and what each node does, as its figures tell.

use crate::support::{API, Client, Cluster, Options, SCHEDULERS, SOON, WORKERS, eventually};

/// A figure of a node; `None` if it doesn't answer.
async fn figure(client: &Client, series: &str) -> Option<f64> {
    let answer = client.try_send(client.request(reqwest::Method::GET, "/metrics")).await.ok()?;
    answer.text.lines().find_map(|line| line.strip_prefix(series)?.trim().parse().ok())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_scheduler_leads_and_another_takes_over() {
    let mut cluster = Cluster::start(Options::default()).await;
    let of = |cluster: &Cluster, node: usize| cluster[node].client(None);
    for (node, role) in
        [(API[0], "api"), (WORKERS[0], "worker"), (SCHEDULERS[0], "scheduler"), (SCHEDULERS[1], "projector")]
    {
        for other in ["api", "projector", "scheduler", "worker"] {
            let does = other == role || (node >= SCHEDULERS[0] && ["projector", "scheduler"].contains(&other));
            let told = figure(&of(&cluster, node), &format!("campanile_role{{role=\"{other}\"}}")).await;
            assert_eq!(told, Some(f64::from(u8::from(does))), "{other} on `{}`", cluster[node].name());
        }
    }
    let mut leads = Vec::new();
    for node in SCHEDULERS {
        leads.push(figure(&of(&cluster, node), "campanile_leader").await.expect("a figure"));
    }
    assert!((leads.iter().sum::<f64>() - 1.0).abs() < 0.5, "{leads:?}");
    for node in API.into_iter().chain(WORKERS) {
        assert_eq!(figure(&of(&cluster, node), "campanile_leader").await, Some(0.0));
    }
    let leader = usize::from(leads[1] > 0.5);
    cluster[SCHEDULERS[leader]].kill9();
    let next = of(&cluster, SCHEDULERS[1 - leader]);
    eventually("the other one leads", SOON, async || match figure(&next, "campanile_leader").await {
        Some(leads) if leads > 0.5 => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
    cluster.restart(SCHEDULERS[leader]).await;
    cluster.end().await;
}
