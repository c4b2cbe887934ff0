//! What only this engine can show; all else is the seam's to test.

use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::db::{Database, DbError, Row, Table, Transaction, Value};

const THINGS: Table = Table { name: "things", columns: &["workspace", "name", "size"], key: 2 };
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
