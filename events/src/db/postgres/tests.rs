use campanile_test_servers::Postgres;

use super::*;
use crate::db::DbError;

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
    let server = Postgres::start();
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
    let server = Postgres::start();
    let settings = Settings::parse(&server.url("postgres")).unwrap();
    let (client, mut notified) = connect_and_listen(&settings).await.unwrap();
    client.batch_execute("listen wake; notify wake, 'up'").await.unwrap();
    assert_eq!(notified.recv().await.unwrap().payload(), "up");
    drop(client);
    assert!(notified.recv().await.is_none());
}

#[tokio::test]
async fn a_server_that_is_gone_is_unavailable() {
    let mut server = Postgres::start();
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
    let server = Postgres::start();
    let settings = Settings::parse(&server.url("postgres")).unwrap();
    let make = || async {
        let client = connect(&settings).await.unwrap();
        create_schema(&client).await
    };
    for made in futures::future::join_all((0..16).map(|_| make())).await {
        made.unwrap();
    }
    assert_eq!(server.sql("postgres", "select to_regnamespace('campanile')"), "campanile");

    // Who may not make a schema can use the one that the administrator made.
    server.sql("postgres", "create role guest login; grant usage on schema campanile to guest");
    let guest = server.url("postgres").replace("campanile@", "guest@");
    create_schema(&connect(&Settings::parse(&guest).unwrap()).await.unwrap()).await.unwrap();
}
