//! What the seam promises, on every engine.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{engines::Databases, *};

const THINGS: Table = Table { name: "things", columns: &["workspace", "name", "size", "at", "told", "is_new"], key: 2 };
const NAMES: Table = Table { name: "names", columns: &["name"], key: 1 };

const INSERT: &str = "insert into things (workspace, name, size, at, told, is_new) values ($1, $2, $3, $4, $5, $6)";

crate::on_every_engine!(
    values_are_bound_by_their_number_and_read_back,
    a_number_of_values_that_does_not_fit_is_refused,
    a_value_of_another_type_is_refused,
    rows_are_inserted_replaced_and_deleted_by_key,
    a_dropped_transaction_leaves_nothing_and_lets_the_next_one_in,
    a_transaction_with_a_failed_statement_keeps_nothing,
    changes_of_several_tables_and_queries_go_together,
    of_changes_that_go_together_the_first_failure_is_told,
    reads_cannot_write,
    what_was_committed_is_there_when_opened_again,
    who_stops_waiting_for_a_transaction_does_not_keep_it,
    statements_follow_their_tables,
);

async fn things(engine: Engine) -> (Databases, Arc<dyn Database>) {
    let databases = Databases::of(engine);
    let db = databases.open("a").await;
    let definition = match engine {
        Engine::Sqlite => {
            "create table things (
                workspace blob not null, name text not null, size integer, at text, told text,
                is_new integer not null, primary key (workspace, name)
            ) strict;
            create table names (name text primary key) strict"
        }
        Engine::Postgres => {
            "create table things (
                workspace uuid not null, name text not null, size bigint, at timestamptz, told jsonb,
                is_new boolean not null, primary key (workspace, name)
            );
            create table names (name text primary key)"
        }
    };
    migrate(db.as_ref(), "things", &[definition]).await.unwrap();
    (databases, db)
}

fn at() -> DateTime<Utc> {
    DateTime::from_timestamp_micros(1_796_115_600_000_001).unwrap()
}

fn thing(name: &str, size: i64) -> Vec<Value> {
    let told = r#"{"a": [1, "é"]}"#;
    vec![Uuid::from_u128(1).into(), name.into(), size.into(), at().into(), told.into(), true.into()]
}

async fn sizes(db: &dyn Database) -> Vec<i64> {
    let rows = db.query("select size from things order by name", vec![]).await.unwrap();
    rows.iter().map(|row| row.integer("size").unwrap()).collect()
}

async fn values_are_bound_by_their_number_and_read_back(engine: Engine) {
    let (_databases, db) = things(engine).await;
    let insert = "insert into things (size, name, workspace, at, told, is_new) values ($3, $2, $1, $4, $5, $6)";
    assert_eq!(db.execute(insert, thing("a", 5)).await.unwrap(), 1);
    let nothing = vec![Uuid::nil().into(), "".into(), Value::Null, Value::Null, Value::Null, false.into()];
    assert_eq!(db.execute(insert, nothing).await.unwrap(), 1);
    let sql = "select *, null as absent from things where size = $1 and name = $2 or size = $1";
    let rows = db.query(sql, vec![5_i64.into(), "a".into()]).await.unwrap();
    let [row] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!(row.uuid("workspace").unwrap(), Uuid::from_u128(1));
    assert_eq!(row.text("name").unwrap(), "a");
    assert_eq!(row.time("at").unwrap(), at());
    assert_eq!(row.text("told").unwrap(), r#"{"a": [1, "é"]}"#);
    assert!(row.boolean("is_new").unwrap());
    assert_eq!(row.optional_text("absent").unwrap(), None);
    let sql = "select * from things where workspace = $1 and at is null and not is_new";
    let rows = db.query(sql, vec![Uuid::nil().into()]).await.unwrap();
    let [row] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!(row.optional_integer("size").unwrap(), None);
    assert_eq!(row.optional_time("at").unwrap(), None);
    assert!(!row.boolean("is_new").unwrap());
    let counted = db.query("select count(*) as n, max(size) as most from things", vec![]).await.unwrap();
    assert_eq!((counted[0].number("n").unwrap(), counted[0].number("most").unwrap()), (2, 5));
}

async fn a_number_of_values_that_does_not_fit_is_refused(engine: Engine) {
    let (_databases, db) = things(engine).await;
    for values in [vec![], vec![1_i64.into(), 2_i64.into()]] {
        let refused = db.query("select * from things where size = $1", values).await;
        assert!(matches!(refused, Err(DbError::Statement(_))), "{refused:?}");
    }
}

async fn a_value_of_another_type_is_refused(engine: Engine) {
    let (_databases, db) = things(engine).await;
    let mut text = thing("a", 1);
    text[2] = "many".into();
    let refused = db.execute(INSERT, text).await;
    assert!(matches!(refused, Err(DbError::Statement(_))), "{refused:?}");
    assert_eq!(db.execute(INSERT, thing("b", 2)).await.unwrap(), 1, "the connection goes on");
}

async fn rows_are_inserted_replaced_and_deleted_by_key(engine: Engine) {
    let (_databases, db) = things(engine).await;
    let mut transaction = db.begin().await.unwrap();
    transaction.write_rows(&THINGS, "things", vec![thing("a", 1), thing("b", 2), thing("c", 3)]).await.unwrap();
    let mut changed = thing("b", 20);
    changed[3..].clone_from_slice(&[Value::Null, Value::Null, false.into()]);
    transaction.write_rows(&THINGS, "things", vec![changed, thing("d", 4)]).await.unwrap();
    let key = |name: &str| vec![Uuid::from_u128(1).into(), name.into()];
    transaction.delete_rows(&THINGS, "things", vec![key("a"), key("d"), key("nobody")]).await.unwrap();
    for _ in 0..2 {
        transaction.write_rows(&NAMES, "names", vec![vec!["a".into()], vec!["b".into()]]).await.unwrap();
    }
    transaction.write_rows(&NAMES, "names", vec![]).await.unwrap();
    let mut read = transaction.read_rows(&THINGS, "things", vec![key("c"), key("nobody"), key("b")]).await.unwrap();
    read.sort_by_key(|row| row.text("name").unwrap());
    let read: Vec<_> = read.iter().map(|row| (row.text("name").unwrap(), row.integer("size").unwrap())).collect();
    assert_eq!(read, [("b".to_owned(), 20), ("c".to_owned(), 3)]);
    assert!(transaction.read_rows(&THINGS, "things", vec![]).await.unwrap().is_empty());
    transaction.delete_rows(&NAMES, "names", vec![]).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(sizes(db.as_ref()).await, [20, 3]);
    let row = db.query("select * from things where name = 'b'", vec![]).await.unwrap().remove(0);
    assert_eq!((row.optional_time("at").unwrap(), row.optional_text("told").unwrap()), (None, None));
    assert!(!row.boolean("is_new").unwrap());
    assert_eq!(db.query("select name from names", vec![]).await.unwrap().len(), 2);
}

async fn a_dropped_transaction_leaves_nothing_and_lets_the_next_one_in(engine: Engine) {
    let (_databases, db) = things(engine).await;
    let mut dropped = db.begin().await.unwrap();
    dropped.write_rows(&THINGS, "things", vec![thing("a", 1)]).await.unwrap();
    assert_eq!(dropped.query("select * from things", vec![]).await.unwrap().len(), 1);
    assert_eq!(sizes(db.as_ref()).await, [0_i64; 0], "what is not committed is not read outside");
    drop(dropped);
    db.execute(INSERT, thing("a", 2)).await.unwrap();
    assert_eq!(sizes(db.as_ref()).await, [2]);
}

async fn a_transaction_with_a_failed_statement_keeps_nothing(engine: Engine) {
    let (_databases, db) = things(engine).await;
    let mut transaction = db.begin().await.unwrap();
    transaction.write_rows(&THINGS, "things", vec![thing("a", 1)]).await.unwrap();
    assert!(transaction.execute("insert into nowhere values (1)", vec![]).await.is_err());
    assert!(matches!(transaction.commit().await, Err(DbError::Statement(_))));
    assert_eq!(sizes(db.as_ref()).await, [0_i64; 0]);
    db.begin().await.unwrap().commit().await.unwrap();
}

fn put(table: Table, rows: Vec<Vec<Value>>) -> Write {
    Write { table, name: table.name.to_owned(), change: Change::Put(rows) }
}

async fn changes_of_several_tables_and_queries_go_together(engine: Engine) {
    let (_databases, db) = things(engine).await;
    for number in 0..3 {
        db.execute(INSERT, thing(&format!("{number}"), number)).await.unwrap();
    }
    let mut transaction = db.begin().await.unwrap();
    let gone = Change::Delete(vec![vec![Uuid::from_u128(1).into(), "1".into()]]);
    let writes = vec![
        Write { table: THINGS, name: "things".to_owned(), change: gone },
        put(THINGS, vec![thing("2", 22), thing("3", 33)]),
        put(NAMES, vec![vec!["a".into()], vec!["b".into()]]),
    ];
    transaction.write_all(writes).await.unwrap();
    transaction.write_all(Vec::new()).await.unwrap();
    let queries =
        ["select size from things order by name", "select name from names where name > 'a'", "select 1 as one"];
    let answers = transaction.query_all(&queries).await.unwrap();
    let sizes_seen: Vec<_> = answers[0].iter().map(|row| row.integer("size").unwrap()).collect();
    assert_eq!(sizes_seen, [0, 22, 33], "what the transaction wrote, in the order of the queries");
    assert_eq!(answers[1].iter().map(|row| row.text("name").unwrap()).collect::<Vec<_>>(), ["b"]);
    assert_eq!((answers.len(), answers[2][0].integer("one").unwrap()), (3, 1));
    assert_eq!(sizes(db.as_ref()).await, [0, 1, 2]);
    transaction.commit().await.unwrap();
    assert_eq!(sizes(db.as_ref()).await, [0, 22, 33]);
}

async fn of_changes_that_go_together_the_first_failure_is_told(engine: Engine) {
    let (_databases, db) = things(engine).await;
    let mut nameless = thing("a", 1);
    nameless[1] = Value::Null;
    let writes = || {
        vec![
            put(NAMES, vec![vec!["a".into()]]),
            put(THINGS, vec![nameless.clone()]),
            put(NAMES, vec![vec!["b".into()]]),
        ]
    };
    let mut transaction = db.begin().await.unwrap();
    let error = transaction.write_all(writes()).await.unwrap_err();
    assert!(matches!(&error, DbError::Statement(reason) if reason.to_lowercase().contains("null")), "{error}");
    assert!(transaction.commit().await.is_err());
    let mut transaction = db.begin().await.unwrap();
    assert!(transaction.query_all(&["select name from names", "select 1 from nowhere"]).await.is_err());
    drop(transaction);
    let left = db.query("select name from names", vec![]).await.unwrap();
    assert!(left.is_empty(), "{left:?}");
}

async fn reads_cannot_write(engine: Engine) {
    let (_databases, db) = things(engine).await;
    db.execute(INSERT, thing("a", 1)).await.unwrap();
    assert!(db.query("delete from things returning name", vec![]).await.is_err());
    assert_eq!(sizes(db.as_ref()).await, [1]);
}

async fn what_was_committed_is_there_when_opened_again(engine: Engine) {
    let (databases, db) = things(engine).await;
    db.execute(INSERT, thing("a", 1)).await.unwrap();
    drop(db);
    assert_eq!(sizes(databases.open("a").await.as_ref()).await, [1]);
}

async fn who_stops_waiting_for_a_transaction_does_not_keep_it(engine: Engine) {
    let (_databases, db) = things(engine).await;
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
    assert_eq!(sizes(db.as_ref()).await, [1, 2]);
}

/// As after a rebuild: another table has taken the name.
async fn statements_follow_their_tables(engine: Engine) {
    let (_databases, db) = things(engine).await;
    db.execute("insert into names values ('a')", vec![]).await.unwrap();
    let read = || db.query("select * from names", vec![]);
    assert_eq!(read().await.unwrap()[0].text("name").unwrap(), "a");
    let mut transaction = db.begin().await.unwrap();
    transaction.write_rows(&NAMES, "names", vec![vec!["b".into()]]).await.unwrap();
    let swap = "create table names__next (number integer not null, name text primary key);
        insert into names__next values (7, 'c'); drop table names; alter table names__next rename to names";
    transaction.execute_script(swap).await.unwrap();
    transaction.commit().await.unwrap();
    for row in [read().await.unwrap().remove(0), db.query("select * from names", vec![]).await.unwrap().remove(0)] {
        assert_eq!((row.text("name").unwrap(), row.number("number").unwrap()), ("c".to_owned(), 7));
    }
}
