//! What only this engine can show; all else is the seam's to test.

mod encrypted;

use std::time::Duration;

use campanile_test_servers::Postgres as Server;

use super::*;
use crate::db::{Database, DbError};

fn refused(url: &str) -> SettingsError {
    let error = Settings::parse(url).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    error
}

#[test]
fn a_bad_url_is_told_without_its_password() {
    let not_a_url = SettingsError::NotAUrl;
    for url in ["", "postgres://", "mysql://u:secret@h/d", "u:secret@h", "postgres://u:secret@h/d?%"] {
        assert_eq!(refused(url), not_a_url, "{url}");
    }
    for url in ["postgres://u:se?secret@h/d", "postgres://u:secret@h/d?secret"] {
        assert_eq!(refused(url), not_a_url, "{url}");
    }
    assert_eq!(refused("postgres://u:secret@h/d?secret=secret"), SettingsError::UnknownParameter);
    assert_eq!(refused("postgres://u:se@secret:port/d"), SettingsError::Parameter("port"));
    assert_eq!(refused("postgres://u:secret@h/d?connect_timeout=secret"), SettingsError::Parameter("connect_timeout"));
    assert_eq!(refused("postgres://u:secret@/d"), SettingsError::NoHost);
    assert_eq!(refused("postgres://u:secret@h/d?sslmode=secret"), SettingsError::SslMode);
    assert_eq!(refused("postgres://u:secret@h/d?sslmode=verify-ca"), SettingsError::NoAuthority);
    let nowhere = refused("postgres://u:secret@h/d?sslmode=verify-full&sslrootcert=%2Fnowhere%2Fsecret.pem");
    assert_eq!(nowhere, SettingsError::RootCertificates("can't be read"));
}

#[test]
fn settings_never_show_a_password() {
    for url in ["postgres://u:secret@h:5433,i/d", "postgres://u@h:5433,i/d?password=secret"] {
        let settings = Settings::parse(url).unwrap();
        let shown = format!("{settings:?} {settings}");
        assert!(!shown.contains("secret"), "{shown}");
        assert!(shown.contains("h:5433"), "{shown}");
    }
}

async fn shown(client: &tokio_postgres::Client, name: &str) -> String {
    client.query_one(&format!("show {name}"), &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn every_session_keeps_to_its_settings() {
    let server = Server::start();
    let settings = Settings::parse(&server.url("postgres")).unwrap().named("journal");
    let client = connect(&settings).await.unwrap();
    for (name, value) in [
        ("search_path", "campanile"),
        ("application_name", "campanile journal"),
        ("idle_in_transaction_session_timeout", "1s"),
        ("lock_timeout", "3s"),
        ("statement_timeout", "5s"),
        ("timezone", "UTC"),
        ("default_transaction_isolation", "read committed"),
        ("default_transaction_read_only", "off"),
        ("tcp_keepalives_idle", "10"),
        ("tcp_keepalives_interval", "5"),
        ("tcp_keepalives_count", "3"),
    ] {
        assert_eq!(shown(&client, name).await, value, "{name}");
    }
    let unlimited = connect(&settings.limited(Limits::NONE)).await.unwrap();
    assert_eq!(shown(&unlimited, "statement_timeout").await, "0");

    let url = format!("{}?application_name=tower&options=-c%20work_mem%3D8MB", server.url("postgres"));
    let client = connect(&Settings::parse(&url).unwrap().named("journal")).await.unwrap();
    assert_eq!(shown(&client, "application_name").await, "tower journal");
    assert_eq!(shown(&client, "work_mem").await, "8MB");
    assert_eq!(shown(&client, "search_path").await, "campanile");
}

#[tokio::test]
async fn notifications_arrive_and_end_with_the_connection() {
    let server = Server::start();
    let settings = Settings::parse(&server.url("postgres")).unwrap();
    let (client, mut notified) = connect_and_listen(&settings).await.unwrap();
    client.batch_execute("listen wake; notify wake, 'up'").await.unwrap();
    assert_eq!(notified.recv().await.unwrap().payload(), "up");
    drop(client);
    assert!(notified.recv().await.is_none());
}

#[tokio::test]
async fn a_server_that_is_gone_is_unavailable() {
    let mut server = Server::start();
    let settings = Settings::parse(&server.url("postgres")).unwrap();
    let client = connect(&settings).await.unwrap();
    server.kill9();
    let lost = client.query_one("select 1", &[]).await.map_err(DbError::from).unwrap_err();
    assert!(matches!(lost, DbError::Unavailable(_)), "{lost:?}");
    let away = connect(&settings).await.unwrap_err();
    assert!(matches!(away, DbError::Unavailable(_)), "{away:?}");
    server.start_again();
    connect(&settings).await.unwrap();
    for mode in ["require", "verify-full"] {
        let url = format!("{}?sslmode={mode}", server.url("postgres"));
        let without_tls = connect(&Settings::parse(&url).unwrap()).await.unwrap_err();
        assert!(matches!(without_tls, DbError::Unavailable(_)), "{without_tls:?}");
    }
}

#[tokio::test]
async fn many_nodes_make_the_schema_at_once() {
    let server = Server::start();
    let settings = Settings::parse(&server.url("postgres")).unwrap();
    let clients = futures::future::join_all((0..4).map(|_| connect(&settings))).await;
    let clients: Vec<_> = clients.into_iter().map(Result::unwrap).collect();
    let [first, observer, others @ ..] = &clients[..] else { panic!("four clients") };
    // The first has made it and not yet committed: nobody else can see it.
    first.batch_execute(&format!("begin; {}", schema::make())).await.unwrap();
    let made = futures::future::join_all(others.iter().map(create_schema));
    let committed = async {
        let waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'";
        while observer.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) < 2 {}
        first.batch_execute("commit").await.unwrap();
    };
    for made in futures::join!(made, committed).0 {
        made.unwrap();
    }
    assert_eq!(server.sql("postgres", "select to_regnamespace('campanile')"), "campanile");

    // Who may not make a schema can use the one that the administrator made.
    server.sql("postgres", "create role guest login; grant usage on schema campanile to guest");
    let guest = server.url("postgres").replace("campanile@", "guest@");
    create_schema(&connect(&Settings::parse(&guest).unwrap()).await.unwrap()).await.unwrap();
}

async fn opened(server: &Server, reads: usize, writes: usize) -> Postgres {
    let settings = Settings::parse(&server.url("postgres")).unwrap();
    let db = Postgres::open(&settings, Connections { reads, writes }).await.unwrap();
    db.execute("create table if not exists a (n int not null)", vec![]).await.unwrap();
    db
}

async fn numbers(db: &Postgres) -> Vec<i64> {
    let rows = db.query("select n from a order by n", vec![]).await.unwrap();
    rows.iter().map(|row| row.integer("n").unwrap()).collect()
}

fn is_unavailable<T: std::fmt::Debug>(answer: &Result<T, DbError>) {
    assert!(matches!(answer, Err(DbError::Unavailable(_))), "{answer:?}");
}

#[tokio::test]
async fn a_server_that_comes_back_is_used_again() {
    let mut server = Server::start();
    let db = opened(&server, 2, 2).await;
    db.execute("insert into a values (1)", vec![]).await.unwrap();
    let mut cut = db.begin().await.unwrap();
    cut.execute("insert into a values (2)", vec![]).await.unwrap();
    assert_eq!(numbers(&db).await, [1]);
    server.kill9();
    is_unavailable(&cut.commit().await);
    for _ in 0..3 {
        is_unavailable(&db.query("select n from a", vec![]).await);
        is_unavailable(&db.begin().await.map(drop));
    }
    server.start_again();
    // It rests before it tries again; each of these waits for the next answer that isn't a refusal.
    let again = async {
        while db.begin().await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        while db.query("select 1", vec![]).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), again).await.unwrap();
    assert_eq!(numbers(&db).await, [1]);
    // A restart that nobody waited for is not noticed by who reads or begins.
    server.stop();
    server.start_again();
    assert_eq!(numbers(&db).await, [1]);
    db.begin().await.unwrap().commit().await.unwrap();
}

#[tokio::test]
async fn who_stands_still_in_a_transaction_loses_it() {
    let server = Server::start();
    let db = opened(&server, 1, 2).await;
    let mut frozen = db.begin().await.unwrap();
    frozen.execute("insert into a values (1)", vec![]).await.unwrap();
    frozen.execute("lock table a in access exclusive mode", vec![]).await.unwrap();
    // Waits until the server takes the lock from it, after one second.
    assert_eq!(db.execute("insert into a values (2)", vec![]).await.unwrap(), 1);
    is_unavailable(&frozen.commit().await);
    assert_eq!(numbers(&db).await, [2]);
}

#[tokio::test]
async fn a_lock_that_is_not_given_back_is_unavailable_and_the_session_goes_on() {
    let server = Server::start();
    let limits = Limits { idle_in_transaction: None, lock: Some(Duration::from_millis(50)), statement: None };
    let settings = Settings::parse(&server.url("postgres")).unwrap().limited(limits);
    let db = Postgres::open(&settings, Connections { reads: 1, writes: 2 }).await.unwrap();
    db.execute("create table a (n int not null)", vec![]).await.unwrap();
    let mut holder = db.begin().await.unwrap();
    holder.execute("lock table a in exclusive mode", vec![]).await.unwrap();
    is_unavailable(&db.execute("insert into a values (1)", vec![]).await);
    holder.commit().await.unwrap();
    assert_eq!(db.execute("insert into a values (1)", vec![]).await.unwrap(), 1);
    let sessions = "select count(*) as n from pg_stat_activity where application_name = 'campanile'";
    assert_eq!(db.query(sessions, vec![]).await.unwrap()[0].number("n").unwrap(), 3, "two that write, one that reads");
}

#[tokio::test]
async fn sessions_are_bounded_and_shared() {
    let server = Server::start();
    let db = opened(&server, 2, 1).await;
    let one = |_| db.query("select pg_backend_pid() as pid, pg_sleep(0.01)", vec![]);
    let answers = futures::future::join_all((0..20).map(one)).await;
    let pids: std::collections::BTreeSet<_> =
        answers.into_iter().map(|rows| rows.unwrap()[0].integer("pid").unwrap()).collect();
    assert_eq!(pids.len(), 2, "{pids:?}");
    // Dropped in mid-statement, a session is not given to the next, who would wait for it.
    for _ in 0..3 {
        let slow = db.query("select pg_sleep(4.5)", vec![]);
        assert!(tokio::time::timeout(Duration::from_millis(200), slow).await.is_err());
    }
    let quick = db.query("select 1 as n", vec![]);
    let rows = tokio::time::timeout(Duration::from_secs(3), quick).await.unwrap().unwrap();
    assert_eq!(rows[0].integer("n").unwrap(), 1);
}

/// After a rebuild each session still has what it prepared for the table that was there before.
#[tokio::test]
async fn who_waits_for_a_session_after_a_rebuild_is_not_given_a_stale_answer() {
    let server = Server::start();
    let db = opened(&server, 2, 1).await;
    db.execute("create table words (word json)", vec![]).await.unwrap();
    let ask = |sql: &'static str| db.query(sql, vec![]);
    let words = || ask("select * from words");
    let (one, other) = tokio::join!(words(), words());
    one.and(other).unwrap();
    db.execute("alter table words alter column word type text", vec![]).await.unwrap();
    // One session is kept from it. The other finds out, and a third one takes it from who asked: who is left gets the first.
    let (short, word, long) =
        tokio::join!(ask("select pg_sleep(0.3)::text"), words(), ask("select pg_sleep(0.9)::text"));
    assert!(short.is_ok() && long.is_ok(), "{short:?} {long:?}");
    assert_eq!(word.unwrap().len(), 0);
}
