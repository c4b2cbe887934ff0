//! `/metrics`: what the docs tell, and figures that are right.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::json;

use crate::support::{Engine, Options, SOON, eventually, published};

/// What the table of figures in the docs names, with its kind.
fn documented() -> BTreeSet<(String, String)> {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("OPERATIONS.md")).expect("the page");
    let rows = page.lines().filter(|line| line.starts_with("| `campanile_"));
    rows.map(|row| {
        let mut cells = row.split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).skip(1);
        (cells.next().expect("a name"), cells.next().expect("a kind"))
    })
    .collect()
}

/// What is shown, under the names that queries use.
fn shown(text: &str) -> BTreeSet<(String, String)> {
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    types
        .map(|(name, kind)| {
            let ending = match kind {
                "counter" => "_total",
                "info" => "_info",
                _ => "",
            };
            (format!("{name}{ending}"), kind.to_owned())
        })
        .collect()
}

fn value(text: &str, series: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(series)?.trim().parse().ok())
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_those_of_the_docs_and_count_what_happened() {
    let engine = Engine::start(Options { plans: Some("free.posts_per_month=9"), ..Options::default() }).await;
    let client = engine.client();
    engine.command(&["plans", "set", "free"]).ok();
    let account = client.own_account().await;
    let body = json!({"body": "counted", "account_ids": [account], "publish": true});
    let post = client.post("/v1/posts", body).await.expect(201);
    published(&client, post["id"].as_str().expect("an id"), SOON).await;
    client.get("/v1/nowhere/at/all").await.refused(404, "not_found");

    let answer = client.get("/metrics").await;
    assert!(answer.header("content-type").starts_with("application/openmetrics-text"), "{:?}", answer.headers);
    let text = answer.text;
    assert_eq!(documented(), shown(&text), "OPERATIONS.md and /metrics");
    for (series, wanted) in [
        ("campanile_attempts_total{platform=\"sandbox\",class=\"published\"}", 1.0),
        ("campanile_publish_lateness_seconds_count{platform=\"sandbox\"}", 1.0),
        ("campanile_http_requests_total{method=\"POST\",route=\"/v1/posts\",status=\"201\"}", 1.0),
        ("campanile_http_requests_total{method=\"GET\",route=\"none\",status=\"404\"}", 1.0),
        ("campanile_leader", 1.0),
        ("campanile_role{role=\"worker\"}", 1.0),
        ("campanile_build_outdated", 0.0),
        ("campanile_http_request_duration_seconds_count{method=\"POST\",route=\"/v1/posts\"}", 1.0),
    ] {
        assert_eq!(value(&text, series), Some(wanted), "{series}\n{text}");
    }
    let of = client.get("/v1/me").await.expect(200)["workspace_id"].as_str().expect("an id").to_owned();
    for (name, wanted) in [("used", 1.0), ("limit", 9.0)] {
        let series = format!("campanile_quota_{name}{{workspace=\"{of}\",plan=\"free\",quota=\"posts_per_month\"}}");
        assert_eq!(value(&text, &series), Some(wanted), "{series}\n{text}");
    }
    let unheard = value(&text, "campanile_leader_unheard_seconds");
    assert!(unheard.is_some_and(|unheard| unheard < 5.0), "{unheard:?}: it leads itself");
    let position = value(&text, "campanile_log_position").expect("a position");
    let events = value(&text, "campanile_append_batch_events_sum").expect("events");
    assert!(events >= 6.0 && events < position, "what `init` appended is not this process's: {events} of {position}");
    assert!(value(&text, "campanile_append_duration_seconds_count") >= Some(3.0), "{text}");
    eventually("the read models have no lag", SOON, async || {
        let text = client.get("/metrics").await.text;
        let lag = value(&text, "campanile_projection_lag_events{projection=\"posts\"}");
        if lag == Some(0.0) { Ok(()) } else { Err(format!("{lag:?}")) }
    })
    .await;
}
