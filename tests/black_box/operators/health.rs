//! `/readyz`: a line for each part.

use crate::support::{Engine, Options};

#[tokio::test(flavor = "multi_thread")]
async fn each_part_has_a_line_and_a_broken_one_is_named() {
    let mut engine = Engine::start(Options::default()).await;
    let ready = engine.anonymous().get("/readyz").await;
    assert_eq!(ready.status, 200, "{}", ready.text);
    for part in ["process", "journal", "projection posts", "scheduler", "workers", "queue", "disk"] {
        assert!(ready.text.lines().any(|line| line.starts_with(&format!("{part}: ok "))), "{part}: {}", ready.text);
    }
    // Another has the file's only writer.
    let journal = engine.data().join("journal.db");
    let held = campanile_events::db::Sqlite::open(&journal, campanile_events::db::Durability::Full).expect("the file");
    let writer = campanile_events::db::Database::begin(&held).await.expect("the writer");
    let broken = engine.anonymous().get("/readyz").await;
    assert_eq!(broken.status, 503, "{}", broken.text);
    assert!(broken.text.lines().any(|line| line.starts_with("journal: failing ")), "{}", broken.text);
    drop(writer);
    drop(held);
    engine.terminate();
}
