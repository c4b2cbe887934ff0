//! What only this engine can show; all else is the seam's to test.

use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::db::{Database, DbError, Row, Table, Transaction, Value};

const THINGS: Table = Table { name: "things", columns: &["workspace", "name", "size"], key: 2 };
const MIB: u64 = 1 << 20;
const DEFINITION: &str = "create table things (
    workspace blob not null, name text not null, size integer, at text, primary key (workspace, name)
) strict";

async fn file() -> (TempDir, Sqlite) {
    let folder = tempfile::tempdir().unwrap();
    let db = Sqlite::open(&folder.path().join("a.db"), Durability::Full).unwrap();
    db.execute(DEFINITION, vec![]).await.unwrap();
    (folder, db)
}

fn thing(name: &str, size: i64) -> Vec<Value> {
    vec![Uuid::from_u128(1).into(), name.into(), size.into()]
}

async fn sizes(db: &Sqlite) -> Vec<i64> {
    let rows = db.query("select size from things order by name", vec![]).await.unwrap();
    rows.iter().map(|row| row.integer("size").unwrap()).collect()
}

/// Lets the file grow to so many pages and no further.
async fn limit(db: &Sqlite, pages: i64) {
    let set = move |connection: &mut rusqlite::Connection| {
        connection.query_row(&format!("pragma max_page_count = {pages}"), [], |row| row.get::<_, i64>(0))
    };
    db.write(set).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_full_disk_is_unavailable_and_passes() {
    let (_folder, db) = file().await;
    limit(&db, 4).await;
    let mut transaction = db.begin().await.unwrap();
    let rows: Vec<_> = (0..4_000).map(|number| thing(&format!("{number:0100}"), number)).collect();
    let full = transaction.write_rows(&THINGS, "things", rows.clone()).await;
    assert!(matches!(full, Err(DbError::Unavailable(_))), "{full:?}");
    assert!(transaction.commit().await.is_err());
    assert_eq!(sizes(&db).await.len(), 0);
    limit(&db, 1_000_000).await;
    let mut transaction = db.begin().await.unwrap();
    transaction.write_rows(&THINGS, "things", rows).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(sizes(&db).await.len(), 4_000);
}

#[tokio::test]
async fn a_job_that_panics_fails_alone() {
    let (_folder, db) = file().await;
    let failed = db
        .write(|connection| {
            connection.execute_batch("begin; insert into things (workspace, name) values (x'00', 'a')").unwrap();
            panic!("on purpose");
        })
        .await;
    assert!(matches!(failed, Err::<(), _>(DbError::Unavailable(_))));
    let rows: Vec<Row> = db.query("select * from things", vec![]).await.unwrap();
    assert!(rows.is_empty());
    let transaction: Box<dyn Transaction> = db.begin().await.unwrap();
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn a_commit_waits_for_what_the_file_was_opened_with() {
    for (durability, synchronous) in [(Durability::Full, 2), (Durability::Normal, 1)] {
        let folder = tempfile::tempdir().unwrap();
        let db = Sqlite::open(&folder.path().join("a.db"), durability).unwrap();
        let read = |name: &'static str| {
            let db = db.clone();
            async move {
                let value = move |connection: &mut rusqlite::Connection| {
                    connection.pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0))
                };
                db.write(value).await.unwrap().unwrap()
            }
        };
        assert_eq!(read("synchronous").await, rusqlite::types::Value::Integer(synchronous));
        assert_eq!(read("foreign_keys").await, rusqlite::types::Value::Integer(1));
        assert_eq!(read("journal_mode").await, rusqlite::types::Value::Text("wal".to_owned()));
    }
}

#[tokio::test]
async fn a_statement_is_prepared_once_whatever_is_bound() {
    fn run(connection: &rusqlite::Connection) -> i32 {
        let mut statement = connection.prepare_cached("select size from things where size > $1 limit $2").unwrap();
        for limit in 1..=5_i64 {
            let mut rows = statement.query((0_i64, limit)).unwrap();
            while rows.next().unwrap().is_some() {}
        }
        statement.get_status(rusqlite::StatementStatus::RePrepare)
    }
    let (_folder, db) = file().await;
    let mut transaction = db.begin().await.unwrap();
    transaction.write_rows(&THINGS, "things", (0..9).map(|it| thing(&it.to_string(), it)).collect()).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(db.read(run).await.unwrap(), 0, "where reading");
    assert_eq!(db.write(|connection| run(connection)).await.unwrap(), 0, "where writing");
}

#[tokio::test]
async fn a_prepared_statement_goes_on_after_another_connection_changed_the_tables() {
    const ALL: &str = "select * from things where size > $1 order by name limit $2";
    let (folder, db) = file().await;
    let write = async |rows: Vec<Vec<Value>>| {
        let mut transaction = db.begin().await.unwrap();
        transaction.write_rows(&THINGS, "things", rows).await.unwrap();
        transaction.commit().await.unwrap();
    };
    let read = async || {
        let mut transaction = db.begin().await.unwrap();
        let key = |name: &str| vec![Uuid::from_u128(1).into(), name.into()];
        let keyed = transaction.read_rows(&THINGS, "things", vec![key("a"), key("b")]).await.unwrap();
        let inside = transaction.query(ALL, vec![0_i64.into(), 9_i64.into()]).await.unwrap();
        let beside = db.query(ALL, vec![0_i64.into(), 9_i64.into()]).await.unwrap();
        drop(transaction);
        let names = |rows: &[Row]| rows.iter().map(|row| row.text("name").unwrap()).collect::<Vec<_>>();
        let has_note = |rows: &[Row]| rows.iter().all(|row| row.optional_text("note").is_ok());
        assert_eq!(names(&inside), names(&beside));
        assert_eq!(has_note(&inside), has_note(&beside));
        (names(&keyed), names(&beside), has_note(&beside))
    };
    let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    write(vec![thing("a", 1), thing("b", 2)]).await;
    assert_eq!(read().await, (texts(&["a", "b"]), texts(&["a", "b"]), false));

    // A column more, and one index: the answer has another shape, the plan is another.
    let other = rusqlite::Connection::open(folder.path().join("a.db")).unwrap();
    other.execute_batch("alter table things add column note text; create index sized on things (size)").unwrap();
    write(vec![thing("b", 3)]).await;
    assert_eq!(read().await, (texts(&["a", "b"]), texts(&["a", "b"]), true));

    // Another table under the same name, with its columns in another order, as a rebuild's takes the place of the live one.
    other
        .execute_batch(
            "begin; create table next (
                size integer, at text, name text not null, workspace blob not null, primary key (workspace, name)
            ) strict;
            insert into next (workspace, name, size) values (x'00000000000000000000000000000001', 'b', 7);
            drop table things; alter table next rename to things; commit",
        )
        .unwrap();
    assert_eq!(read().await, (texts(&["b"]), texts(&["b"]), false));
    write(vec![thing("a", 4), thing("b", 5)]).await;
    assert_eq!(read().await, (texts(&["a", "b"]), texts(&["a", "b"]), false));
    assert_eq!(sizes(&db).await, [4, 5]);
}

#[tokio::test]
async fn what_is_committed_moves_into_the_file_beside_the_writer_and_the_log_stays_bounded() {
    let (folder, db) = file().await;
    let megabyte = async |number: i64| {
        let mut transaction = db.begin().await.unwrap();
        let rows = (0..10).map(|row| thing(&format!("{number} {row} {}", "x".repeat(100_000)), number)).collect();
        transaction.write_rows(&THINGS, "things", rows).await.unwrap();
        transaction.commit().await.unwrap();
    };
    let size = |name: &str| std::fs::metadata(folder.path().join(name)).map_or(0, |file| file.len());
    // Far less than what makes the writer move it.
    for number in 0..8 {
        megabyte(number).await;
    }
    let moved = async {
        while size("a.db") < 3 * MIB {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), moved).await.expect("it moves by itself");
    for number in 8..120 {
        megabyte(number).await;
    }
    assert!(size("a.db-wal") < 64 * MIB, "{} MiB", size("a.db-wal") / MIB);
    assert_eq!(sizes(&db).await.len(), 1_200);
    drop(db);
    let again = Sqlite::open(&folder.path().join("a.db"), Durability::Full).unwrap();
    assert_eq!(sizes(&again).await.len(), 1_200);
}
