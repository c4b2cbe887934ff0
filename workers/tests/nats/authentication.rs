//! As whom the bus speaks to the server; what is secret shows nowhere.

use campanile_test_servers::{Nats as Server, NatsOperator};
use campanile_workers::bus::{Bus, nats::ConnectError};

use super::rig::{becomes, connect, job, put_in_the_end, settings, take};

#[tokio::test(flavor = "multi_thread")]
async fn a_user_or_a_token_opens_it_and_a_wrong_one_is_refused() {
    let by_user = Server::start_with_user("campanile", "right:pass@word%");
    let by_token = Server::start_with_token("right-token");
    for (server, right, wrong) in [
        (&by_user, "campanile:right%3Apass%40word%25", Some("campanile:wr0ng-pass")),
        (&by_token, "right-token", Some("wr0ng-token")),
        (&by_user, "campanile:right%3Apass%40word%25", None),
    ] {
        let bus = connect(settings(&server.url_as(right))).await.expect("the right credentials");
        put_in_the_end(&bus, &job(1)).await;
        assert_eq!(take(&bus).await.job(), &job(1));
        assert!(!format!("{bus:?}").contains("right"), "{bus:?}");
        let url = wrong.map_or_else(|| server.url(), |wrong| server.url_as(wrong));
        let error = connect(settings(&url)).await.expect_err("wrong credentials");
        assert!(matches!(error, ConnectError::Refused { .. }), "{error:?}");
        let said = format!("{error} {error:?}");
        assert!(said.contains(&server.port().to_string()) && !said.contains("wr0ng"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_are_changed_under_it_are_told() {
    let mut server = Server::start_with_token("old-t0ken");
    let bus = connect(settings(&server.url_as("old-t0ken"))).await.expect("a connection");
    server.stop();
    server.configure("authorization { token: \"new-t0ken\" }");
    server.start_again();
    becomes(&bus, "refused", |health| {
        !health.connected && health.trouble.as_deref().is_some_and(|it| it.contains("uthorization"))
    })
    .await;
    let health = format!("{:?} {bus:?}", bus.health());
    assert!(!health.contains("t0ken"), "{health}");
    assert!(bus.put(job(1)).await.is_err(), "nobody takes jobs here, and the server is shut");
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_is_spoken_and_a_stranger_is_not_trusted() {
    let server = Server::start_with_tls();
    let mut trusting = settings(&server.url());
    trusting.ca = Some(server.ca());
    let bus = connect(trusting).await.expect("a certificate that is trusted");
    put_in_the_end(&bus, &job(1)).await;
    assert_eq!(take(&bus).await.job(), &job(1));
    let other = Server::start_with_tls();
    let mut trusting = settings(&server.url());
    trusting.ca = Some(other.ca());
    let error = connect(trusting).await.expect_err("another's certificate");
    assert!(matches!(error, ConnectError::Tls { .. }), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_of_a_file_open_it_and_strangers_are_refused() {
    let (operator, stranger) = (NatsOperator::default(), NatsOperator::default());
    let mut server = Server::start_with(&operator.configuration());
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("campanile.creds");
    let with = |text: &str| {
        std::fs::write(&file, text).expect("a file");
        settings(&server.url()).with_credentials_file(file.clone()).expect("one way to sign in")
    };
    let text = operator.credentials();
    let bus = connect(with(&text)).await.expect("the right credentials");
    put_in_the_end(&bus, &job(1)).await;
    assert_eq!(take(&bus).await.job(), &job(1));
    let seed = text.lines().find(|line| line.starts_with("SU")).expect("a seed");
    assert!(!format!("{bus:?}").contains(seed), "{bus:?}");

    let error = connect(with(&stranger.credentials())).await.expect_err("another operator's");
    assert!(matches!(error, ConnectError::Refused { .. }), "{error:?}");
    let error = connect(settings(&server.url())).await.expect_err("no credentials");
    assert!(matches!(error, ConnectError::Refused { .. }), "{error:?}");
    for broken in ["", "no credentials", &text.replace(seed, "SUA"), &text[..text.len() / 2]] {
        let error = connect(with(broken)).await.expect_err("no credentials in it");
        assert!(matches!(error, ConnectError::CredentialsFile(std::io::ErrorKind::InvalidData)), "{error:?}");
        assert!(!format!("{error} {error:?}").contains(seed), "{error}");
    }
    let missing = settings(&server.url()).with_credentials_file(folder.path().join("missing")).expect("one way");
    let error = connect(missing).await.expect_err("no file");
    assert!(matches!(error, ConnectError::CredentialsFile(std::io::ErrorKind::NotFound)), "{error:?}");

    // The server goes and comes: the credentials are presented again.
    std::fs::write(&file, &text).expect("a file");
    server.kill9();
    becomes(&bus, "away", |health| !health.connected).await;
    server.start_again();
    put_in_the_end(&bus, &job(2)).await;
    assert_eq!(take(&bus).await.job(), &job(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_jetstream_is_said_so() {
    let mut server = Server::start();
    server.stop();
    server.configure("jetstream: disabled");
    server.start_again();
    let error = connect(settings(&server.url())).await.expect_err("no JetStream");
    assert!(matches!(error, ConnectError::NoJetStream { .. }), "{error:?}");
}
