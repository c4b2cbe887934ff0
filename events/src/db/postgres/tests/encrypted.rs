//! TLS, against a server that speaks it and just enough of PostgreSQL's protocol to let somebody in.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivatePkcs8KeyDer},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc,
};
use tokio_rustls::TlsAcceptor;

use super::{Settings, connect, is_unavailable};

/// For 127.0.0.1, signed by itself.
const CERTIFICATE: &[u8] = include_bytes!("../testdata/loopback.crt.der");
const KEY: &[u8] = include_bytes!("../testdata/loopback.key.der");

/// Lets in whoever comes encrypted; gives what they began with, once it is decrypted.
async fn server() -> (u16, mpsc::UnboundedReceiver<Vec<u8>>) {
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(CERTIFICATE)], PrivatePkcs8KeyDer::from(KEY).into())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (begun, beginnings) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut asked = [0; 8];
            stream.read_exact(&mut asked).await.unwrap();
            assert_eq!(asked, [0, 0, 0, 8, 4, 210, 22, 47], "a request for TLS comes first");
            stream.write_all(b"S").await.unwrap();
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let Ok(length) = stream.read_u32().await else { continue };
            let mut message = vec![0; length as usize - 4];
            stream.read_exact(&mut message).await.unwrap();
            begun.send(message).unwrap();
            // Let in, and ready.
            stream.write_all(b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I").await.unwrap();
        }
    });
    (port, beginnings)
}

fn settings(host: &str, port: u16, query: &str) -> Settings {
    Settings::parse(&format!("postgres://u:secret@{host}:{port}/d?{query}")).unwrap()
}

#[tokio::test]
async fn what_is_sent_is_encrypted_and_who_answers_is_checked_as_asked() {
    let (port, mut beginnings) = server().await;
    for mode in ["prefer", "require"] {
        connect(&settings("127.0.0.1", port, &format!("sslmode={mode}"))).await.unwrap();
        let begun = String::from_utf8_lossy(&beginnings.recv().await.unwrap()).into_owned();
        assert!(begun.contains("search_path=campanile"), "{begun}");
    }
    is_unavailable(&connect(&settings("127.0.0.1", port, "sslmode=verify-full")).await.map(drop));

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("roots.pem");
    let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(CERTIFICATE));
    std::fs::write(&file, pem).unwrap();
    let by = |mode, file: &std::path::Path| {
        format!("sslmode={mode}&sslrootcert={}", file.display().to_string().replace('/', "%2F"))
    };
    let trusting = by("verify-full", &file);
    connect(&settings("127.0.0.1", port, &trusting)).await.unwrap();
    assert!(beginnings.recv().await.is_some());
    is_unavailable(&connect(&settings("127.0.0.2", port, &trusting)).await.map(drop));
    // For whatever name, but of this authority.
    connect(&settings("127.0.0.2", port, &by("verify-ca", &file))).await.unwrap();
    assert!(beginnings.recv().await.is_some());
    let other = folder.path().join("other.pem");
    std::fs::write(&other, include_bytes!("../testdata/other.crt.pem")).unwrap();
    is_unavailable(&connect(&settings("127.0.0.1", port, &by("verify-ca", &other))).await.map(drop));
    assert!(beginnings.try_recv().is_err(), "who is not the server is told nothing");
}
