//! Against real sockets on loopback.

use std::{sync::Arc, time::Duration};

use http::header::HeaderName;
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivatePkcs8KeyDer},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;
use url::Url;

use super::*;

fn egress() -> Egress {
    let limits = EgressLimits { connect: Duration::from_secs(5), request: Duration::from_millis(300), body: 1024 };
    Egress::new(EgressPolicy { allow: vec!["127.0.0.0/8".parse().unwrap()] }, limits)
}

async fn listener() -> (Url, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/a?b=c", listener.local_addr().unwrap())).unwrap();
    (url, listener)
}

async fn read_head(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") {
        read.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(read).unwrap()
}

/// Answers one request with these bytes, then holds the connection until its client goes. Gives the request's head.
fn answering(listener: TcpListener, answer: Vec<u8>) -> JoinHandle<String> {
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let head = read_head(&mut stream).await;
        stream.write_all(&answer).await.unwrap();
        let _ = stream.read_to_end(&mut Vec::new()).await;
        head
    })
}

#[tokio::test]
async fn a_request_says_what_it_should_and_brings_the_answer() {
    let (url, listener) = listener().await;
    let server =
        answering(listener, b"HTTP/1.1 201 Created\r\nx-it: 1\r\ncontent-length: 8\r\n\r\n{\"a\": 1}".to_vec());
    let request = Request::get(url.clone()).bearer("hush").unwrap();
    let shown = format!("{request:?}");
    assert!(!shown.contains("hush"), "{shown}");
    let answer = egress().request(request).await.unwrap();
    assert_eq!((answer.status(), answer.header("x-it"), answer.is_success()), (201, Some("1"), true));
    assert_eq!(answer.json::<serde_json::Value>().unwrap()["a"], 1);
    let head = server.await.unwrap().to_lowercase();
    assert!(head.starts_with("get /a?b=c http/1.1\r\n"), "{head}");
    assert!(head.contains("authorization: bearer hush\r\n"), "{head}");
    assert!(head.contains(&format!("host: {}\r\n", url.authority())), "{head}");
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let (elsewhere, trap) = listener().await;
    let (url, listener) = listener().await;
    let answer = format!("HTTP/1.1 302 Found\r\nlocation: {elsewhere}\r\ncontent-length: 0\r\n\r\n");
    answering(listener, answer.into_bytes());
    let answer = egress().request(Request::get(url)).await.unwrap();
    assert_eq!((answer.status(), answer.header("location")), (302, Some(elsewhere.as_str())));
    let followed = tokio::time::timeout(Duration::from_millis(50), trap.accept()).await;
    assert!(followed.is_err(), "somebody came to {elsewhere}");
}

#[tokio::test]
async fn what_goes_wrong_after_the_request_may_have_been_sent() {
    let large = [&b"HTTP/1.1 200 OK\r\ncontent-length: 1025\r\n\r\n"[..], &[b'x'; 1025]].concat();
    let headers = [&b"HTTP/1.1 200 OK\r\n"[..], &b"a: b\r\n".repeat(101), b"\r\n"].concat();
    let cases = [
        (large, EgressError::TooLarge),
        (headers, EgressError::Unreadable),
        (b"220 mail.example ESMTP\r\n\r\n".to_vec(), EgressError::Unreadable),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc".to_vec(), EgressError::Timeout),
        (Vec::new(), EgressError::Timeout),
    ];
    for (answer, expected) in cases {
        let (url, listener) = listener().await;
        answering(listener, answer.clone());
        let failed = egress().request(Request::post_json(url, b"{}".to_vec())).await.unwrap_err();
        assert_eq!(failed, expected, "{}", String::from_utf8_lossy(&answer));
        assert!(failed.may_have_been_sent(), "{failed}");
    }
}

#[tokio::test]
async fn a_connection_that_ends_in_mid_request_may_have_carried_it() {
    for (reset, expected) in [(true, EgressError::Reset), (false, EgressError::Closed)] {
        let (url, listener) = listener().await;
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            read_head(&mut stream).await;
            if reset {
                stream.set_zero_linger().unwrap();
            }
        });
        let failed = egress().request(Request::get(url)).await.unwrap_err();
        assert_eq!(failed, expected);
        assert!(failed.may_have_been_sent());
    }
}

#[tokio::test]
async fn a_connection_that_was_closed_before_carries_nothing() {
    let (url, listener) = listener().await;
    let connection = egress().connect(&url).await.unwrap();
    assert!(connection.is_open());
    drop(listener.accept().await.unwrap());
    while connection.is_open() {
        tokio::task::yield_now().await;
    }
    let failed = connection.send(Request::get(url)).await.unwrap_err();
    assert_eq!(failed, EgressError::ClosedBefore);
    assert!(!failed.may_have_been_sent());
}

#[tokio::test]
async fn what_may_not_be_reached_is_not_connected_to() {
    let (url, listener) = listener().await;
    let limits = EgressLimits { connect: Duration::from_secs(5), request: Duration::from_secs(5), body: 1 };
    let strict = Egress::new(EgressPolicy::default(), limits);
    let port = url.port().unwrap();
    for host in ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "0.0.0.0", "[::1]"] {
        let url = Url::parse(&format!("http://{host}:{port}/")).unwrap();
        let refused = strict.connect(&url).await.unwrap_err();
        assert_eq!(refused, EgressError::Forbidden, "{host}");
        assert!(!refused.may_have_been_sent());
    }
    for text in ["ftp://example.com/", "file:///etc/passwd", "http://user@example.com/", "http://a:b@example.com/"] {
        let refused = strict.connect(&Url::parse(text).unwrap()).await.unwrap_err();
        assert!(matches!(refused, EgressError::InvalidUrl(_)), "{text}: {refused}");
    }
    let reached = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
    assert!(reached.is_err());
    assert!(egress().names(&url).await);
    assert!(!strict.names(&url).await);
}

#[tokio::test]
async fn a_connection_leads_to_one_place() {
    let (url, _listener) = listener().await;
    let connection = egress().connect(&url).await.unwrap();
    let other = Request::get("http://127.0.0.1:1/".parse().unwrap());
    assert!(matches!(connection.send(other).await, Err(EgressError::InvalidUrl(_))));
}

#[tokio::test]
async fn a_port_that_nobody_listens_on_and_a_peer_without_tls_were_not_sent_to() {
    let (url, gone) = listener().await;
    drop(gone);
    let failed = egress().request(Request::get(url)).await.unwrap_err();
    assert_eq!(failed, EgressError::Connect(std::io::ErrorKind::ConnectionRefused));
    assert!(!failed.may_have_been_sent());

    let (mut url, listener) = listener().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        let _ = stream.read_to_end(&mut Vec::new()).await;
    });
    url.set_scheme("https").unwrap();
    assert_eq!(egress().connect(&url).await.unwrap_err(), EgressError::Tls);
}

#[test]
fn a_header_takes_no_line_break() {
    let name = HeaderName::from_static("idempotency-key");
    let refused = Request::get("http://a.example/".parse().unwrap()).header(name, "a\r\nb: c").unwrap_err();
    assert!(matches!(refused, EgressError::InvalidUrl(_)));
}

/// A certificate for 127.0.0.1 and its key, for these tests alone.
const CERTIFICATE: &[u8] = include_bytes!("testdata/loopback.crt.der");
const KEY: &[u8] = include_bytes!("testdata/loopback.key.der");

#[tokio::test]
async fn tls_is_spoken_with_whom_the_certificate_names() {
    let certificate = CertificateDer::from(CERTIFICATE);
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], PrivatePkcs8KeyDer::from(KEY).into())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    // On every address, so that the other name, too, is answered with this certificate.
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let mut url = Url::parse(&format!("https://127.0.0.1:{}/", listener.local_addr().unwrap().port())).unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
        }
    });
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let limits = EgressLimits { connect: Duration::from_secs(5), request: Duration::from_secs(5), body: 1024 };
    let policy = EgressPolicy { allow: vec!["127.0.0.0/8".parse().unwrap()] };
    let trusting = Egress::trusting(roots, policy, limits);
    assert_eq!(trusting.request(Request::get(url.clone())).await.unwrap().body(), b"ok");
    assert_eq!(egress().connect(&url).await.unwrap_err(), EgressError::Tls, "a certificate that nobody vouches for");
    url.set_host(Some("127.0.0.2")).unwrap();
    assert_eq!(trusting.connect(&url).await.unwrap_err(), EgressError::Tls, "a name that it doesn't hold");
    assert!(!EgressError::Tls.may_have_been_sent());
}
