//! What a node answers that doesn't have the role `api`.

use crate::support::{API, Cluster, Options, SCHEDULERS, WORKERS};

#[tokio::test(flavor = "multi_thread")]
async fn every_node_says_over_the_network_how_it_is() {
    let cluster = Cluster::start(Options::default()).await;
    for (node, roles) in [(WORKERS[0], "worker"), (SCHEDULERS[0], "projector,scheduler")] {
        let visitor = cluster[node].visitor();
        assert_eq!(visitor.get("/healthz").await.text, "ok\n");
        let ready = visitor.get("/readyz").await;
        let own = format!("process: ok running as {roles}\n");
        assert!(ready.status == 200 && ready.text.starts_with(&own), "{}", ready.text);
        let figures = visitor.get("/metrics").await.text;
        for role in roles.split(',') {
            assert!(figures.contains(&format!("campanile_role{{role=\"{role}\"}} 1")), "{figures}");
        }
        for path in ["/v1/me", "/v1/posts", "/v1/no/such/thing", "/operator/log", "/join"] {
            let refused = visitor.get(path).await;
            refused.refused(404, "not_found");
            assert_eq!(refused.json()["error"]["reason"], "no_api_role", "{path}: {}", refused.text);
        }
        visitor.post("/v1/posts", serde_json::json!({})).await.refused(404, "not_found");
    }
    cluster[API[0]].visitor().get("/v1/me").await.refused(401, "unauthorized");
    cluster.end().await;
}
