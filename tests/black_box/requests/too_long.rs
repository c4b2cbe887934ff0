//! What is too long is told so, even to who listens only after everything is said.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::Value;

use crate::support::{Client, Engine, Options, png};

const MIB: usize = 1024 * 1024;

/// Says it all, then listens to the connection's end.
fn answer(engine: &Engine, head: &str, body: &[u8]) -> (String, Value) {
    let base = engine.base();
    let mut stream = TcpStream::connect(base.trim_start_matches("http://")).expect("the engine listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time limit");
    stream.write_all(head.as_bytes()).expect("the engine reads");
    stream.write_all(body).unwrap_or_else(|error| panic!("{error}, of {head}"));
    let mut read = Vec::new();
    stream.read_to_end(&mut read).unwrap_or_else(|error| panic!("{error}, of {head}"));
    let read = String::from_utf8(read).expect("text");
    let (head, body) = read.split_once("\r\n\r\n").expect("a head");
    (head.to_owned(), serde_json::from_str(body).expect("an envelope"))
}

/// In pieces whose number nobody has announced.
fn chunked(body: &[u8]) -> Vec<u8> {
    let mut said = Vec::new();
    for piece in body.chunks(50_000) {
        said.extend(format!("{:x}\r\n", piece.len()).into_bytes());
        said.extend(piece);
        said.extend(b"\r\n");
    }
    said.extend(b"0\r\n\r\n");
    said
}

async fn upload_path(client: &Client) -> String {
    let announced = client.announce("image/png", png(3, 2, 0).len(), None).await.expect(201);
    let url = announced["upload_url"].as_str().expect("an address");
    url[url.find("/v1/").expect("a path")..].to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_too_much_before_it_listens_reads_the_answer() {
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let upload = format!("PUT {}", upload_path(&client).await);
    let key = format!("Authorization: Bearer {}\r\n", engine.secret());
    let wrong_key = "Authorization: Bearer sk_live_none\r\n".to_owned();
    let body = vec![b' '; 2 * MIB];
    for (asked, key, status, code) in [
        ("POST /v1/posts", &key, 413, "payload_too_large"),
        ("POST /v1/media/upload-url", &key, 413, "payload_too_large"),
        (&upload, &key, 413, "payload_too_large"),
        (&upload.replace("signature=", "signature=0"), &key, 404, "not_found"),
        ("POST /v1/posts", &wrong_key, 401, "unauthorized"),
    ] {
        let start = format!("{asked} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{key}");
        let whole = (format!("{start}Content-Length: {}\r\n\r\n", body.len()), body.clone());
        let pieces = (format!("{start}Transfer-Encoding: chunked\r\n\r\n"), chunked(&body));
        for (said, body) in [whole, pieces] {
            for _ in 0..3 {
                let (head, told) = answer(&engine, &said, &body);
                assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{said}: {head}");
                assert_eq!(told["error"]["code"], code, "{told}");
                assert!(status != 413 || head.to_ascii_lowercase().contains("\r\nconnection: close"), "{head}");
            }
        }
    }
    client.get("/v1/posts").await.expect(200);
}
