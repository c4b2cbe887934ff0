//! One workspace at a time: what reads all of them is out of the reach of clients' requests.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::json;

use super::fixture::Api;
use crate::api::routes;

/// What gives, or takes, more than one workspace's.
const UNBOUND: [&str; 5] = ["everywhere()", "dyn Journal", "dyn Database", ".store.list(", "operator::"];

/// Where each of those may stand outside `operator/` and the tests, how often, and why.
const ALLOWED: [(&str, &str, usize, &str); 7] = [
    ("health/parts.rs", "everywhere()", 1, "whether the database writes"),
    ("invitations/accept.rs", "everywhere()", 1, "what the receipt of this very request names"),
    ("media/announcer.rs", "everywhere()", 1, "what the signature of this very address names"),
    ("posts/duplicates.rs", "dyn Database", 1, "hands on what turns are kept in"),
    ("posts/turns.rs", "dyn Database", 1, "hands it on"),
    ("posts/turns/rows.rs", "dyn Database", 2, "its own rows, by account and content"),
    ("routes.rs", "operator::", 25, "the operators' own routes"),
];

/// Each file of the API below a folder that answers clients, and what stands in it besides tests and comments.
fn sources(folder: &Path, below: &str, all: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).expect("the source") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        let name = if below.is_empty() { name } else { format!("{below}/{name}") };
        if path.is_dir() && !["operator", "tests"].contains(&name.as_str()) {
            sources(&path, &name, all);
        } else if path.extension().is_some_and(|it| it == "rs") {
            let text = fs::read_to_string(&path).expect("text");
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            let code = code.lines().filter(|line| !line.trim_start().starts_with("//"));
            all.insert(name, code.flat_map(|line| [line, "\n"]).collect());
        }
    }
}

#[test]
fn no_request_of_a_client_reaches_a_query_without_a_workspace() {
    let mut found = BTreeMap::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api"), "", &mut found);
    assert!(found.len() > 100 && found.contains_key("posts/list.rs"), "{} files", found.len());
    let mut met = 0;
    for (name, code) in &found {
        for unbound in UNBOUND {
            let allowed = ALLOWED.iter().find(|(file, what, ..)| (*file, *what) == (name.as_str(), unbound));
            let (allowed, why) = allowed.map_or((0, ""), |(_, _, most, why)| (*most, *why));
            let times = code.matches(unbound).count();
            assert!(times <= allowed, "`{unbound}` {times} times in src/api/{name}, of {allowed} that may be: {why}");
            met += times;
        }
    }
    assert!(met > 5, "what is looked for is written otherwise by now");
}

#[tokio::test]
async fn the_operators_routes_are_nowhere_for_clients() {
    let api = Api::start().await;
    let operators = routes::operators();
    assert!(operators.len() > 10);
    for route in operators {
        let path = route.path.replace("{id}", "x").replace("{name}", "posts");
        let refused = api.call(route.method.as_str(), &path, json!({})).await;
        assert_eq!((refused.status(), refused.code()), (404, "not_found"), "{route:?}: {}", refused.body);
    }
}
