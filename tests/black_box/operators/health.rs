//! `/readyz`: a line for each part.

use campanile_events::db::{Database, Durability, Sqlite};

use crate::support::{Engine, Options};

#[tokio::test(flavor = "multi_thread")]
async fn each_part_has_a_line_and_a_broken_one_is_named() {
    let mut engine = Engine::start(Options::default()).await;
    let ready = engine.anonymous().get("/readyz").await;
    assert_eq!(ready.status, 200, "{}", ready.text);
    for part in ["process", "journal", "projection posts", "scheduler", "workers", "queue", "peppers", "disk"] {
        assert!(ready.text.lines().any(|line| line.starts_with(&format!("{part}: ok "))), "{part}: {}", ready.text);
    }
    if engine.place().servers().is_some() {
        engine.servers().postgres.kill9();
        names_the_journal(&engine).await;
        engine.servers().postgres.start_again();
        engine.ready().await;
    } else {
        // Another has the file's only writer.
        let held = Sqlite::open(&engine.data().join("journal.db"), Durability::Full).expect("the file");
        let writer = held.begin().await.expect("the writer");
        names_the_journal(&engine).await;
        drop(writer);
    }
    engine.terminate();
}

async fn names_the_journal(engine: &Engine) {
    let broken = engine.anonymous().get("/readyz").await;
    assert_eq!(broken.status, 503, "{}", broken.text);
    assert!(broken.text.lines().any(|line| line.starts_with("journal: failing ")), "{}", broken.text);
}
