use chrono::DateTime;
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

#[tokio::test]
async fn values_are_bound_by_their_number_and_read_back() {
    let (_folder, db) = file().await;
    let at = DateTime::from_timestamp_micros(1_796_115_600_000_001).unwrap();
    let touched = db
        .execute(
            "insert into things (size, name, workspace, at) values ($3, $2, $1, $4)",
            vec![Uuid::from_u128(7).into(), "a".into(), 5_i64.into(), at.into()],
        )
        .await
        .unwrap();
    assert_eq!(touched, 1);
    let rows = db
        .query(
            "select *, null as absent from things where size = $1 and name = $2 or size = $1",
            vec![5_i64.into(), "a".into()],
        )
        .await
        .unwrap();
    let [row] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!(row.uuid("workspace").unwrap(), Uuid::from_u128(7));
    assert_eq!(row.text("name").unwrap(), "a");
    assert_eq!(row.time("at").unwrap(), at);
    assert_eq!(row.optional_text("absent").unwrap(), None);
}

#[tokio::test]
async fn a_number_of_values_that_does_not_fit_is_refused() {
    let (_folder, db) = file().await;
    for values in [vec![], vec![1_i64.into(), 2_i64.into()]] {
        let refused = db.query("select * from things where size = $1", values).await;
        assert!(matches!(refused, Err(DbError::Statement(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn rows_are_inserted_replaced_and_deleted_by_key() {
    let (_folder, db) = file().await;
    let mut transaction = db.begin().await.unwrap();
    transaction.write_rows(&THINGS, "things", vec![thing("a", 1), thing("b", 2), thing("c", 3)]).await.unwrap();
    transaction.write_rows(&THINGS, "things", vec![thing("b", 20)]).await.unwrap();
    let key = vec![Uuid::from_u128(1).into(), "a".into()];
    transaction.delete_rows(&THINGS, "things", vec![key]).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(sizes(&db).await, [20, 3]);
}

#[tokio::test]
async fn a_dropped_transaction_leaves_nothing_and_lets_the_next_one_in() {
    let (_folder, db) = file().await;
    let mut dropped = db.begin().await.unwrap();
    dropped.write_rows(&THINGS, "things", vec![thing("a", 1)]).await.unwrap();
    assert_eq!(dropped.query("select * from things", vec![]).await.unwrap().len(), 1);
    assert_eq!(sizes(&db).await, [0_i64; 0], "what is not committed is not read outside");
    drop(dropped);
    db.execute("insert into things (workspace, name, size) values ($1, $2, $3)", thing("b", 2)).await.unwrap();
    assert_eq!(sizes(&db).await, [2]);
}

#[tokio::test]
async fn a_transaction_with_a_failed_statement_keeps_nothing() {
    let (_folder, db) = file().await;
    let mut transaction = db.begin().await.unwrap();
    transaction.write_rows(&THINGS, "things", vec![thing("a", 1)]).await.unwrap();
    assert!(transaction.execute("insert into nowhere values (1)", vec![]).await.is_err());
    assert!(matches!(transaction.commit().await, Err(DbError::Statement(_))));
    assert_eq!(sizes(&db).await, [0_i64; 0]);
}

#[tokio::test]
async fn a_strict_table_refuses_another_type() {
    let (_folder, db) = file().await;
    let text = vec![Uuid::from_u128(1).into(), "a".into(), "many".into()];
    let refused = db.execute("insert into things (workspace, name, size) values ($1, $2, $3)", text).await;
    assert!(matches!(refused, Err(DbError::Statement(_))), "{refused:?}");
}

#[tokio::test]
async fn reads_cannot_write() {
    let (_folder, db) = file().await;
    assert!(db.query("delete from things returning name", vec![]).await.is_err());
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
async fn a_file_opened_again_holds_what_was_committed() {
    let (folder, db) = file().await;
    db.execute("insert into things (workspace, name, size) values ($1, $2, $3)", thing("a", 1)).await.unwrap();
    drop(db);
    let again = Sqlite::open(&folder.path().join("a.db"), Durability::Normal).unwrap();
    assert_eq!(sizes(&again).await, [1]);
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
async fn who_stops_waiting_for_a_turn_does_not_keep_it() {
    let (_folder, db) = file().await;
    let mut first = db.begin().await.unwrap();
    let mut second = db.begin();
    assert!(futures::poll!(second.as_mut()).is_pending());
    first.write_rows(&THINGS, "things", vec![thing("a", 1)]).await.unwrap();
    first.commit().await.unwrap();
    // Its turn has come. Whether it has been answered by now or not, it is dropped.
    drop(futures::poll!(second.as_mut()));
    drop(second);
    let mut third = db.begin().await.unwrap();
    third.write_rows(&THINGS, "things", vec![thing("b", 2)]).await.unwrap();
    third.commit().await.unwrap();
    assert_eq!(sizes(&db).await, [1, 2]);
}
