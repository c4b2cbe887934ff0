//! Traces reach a collector, where one is named.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::mpsc,
    time::Duration,
};

use crate::support::{Engine, Options};

const PATIENCE: Duration = Duration::from_secs(20);

/// One request: its first line and its body.
fn receive(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let mut reader = BufReader::new(stream.try_clone().expect("a connection"));
    let mut first = String::new();
    reader.read_line(&mut first).expect("a request");
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a header");
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().expect("a length");
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").expect("an answer");
    (first, body)
}

/// Takes what is exported to it: the first line of each request, and its body.
pub(crate) fn collector() -> (SocketAddr, mpsc::Receiver<(String, Vec<u8>)>) {
    let collector = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = collector.local_addr().expect("an address");
    let (tell, received) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in collector.incoming() {
            if tell.send(receive(&mut stream.expect("a connection"))).is_err() {
                return;
            }
        }
    });
    (address, received)
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_of_requests_reach_the_collector_that_the_file_names() {
    let (address, received) = collector();
    let mut engine = Engine::start(Options::default()).await;
    engine.terminate();
    let file = format!("[telemetry]\notlp_endpoint = \"http://{address}\"\n");
    fs::write(engine.outputs().join("campanile.toml"), file).expect("written");
    engine.restart().await;
    engine.client().get("/v1/keys").await.expect(200);
    // What is left is sent before the process ends.
    engine.terminate();
    let (first, body) = received.recv_timeout(PATIENCE).expect("an export");
    assert!(first.starts_with("POST /v1/traces "), "{first}");
    let holds = |text: &str| body.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds("campanile") && holds("api.keys.list") && holds("service.version"), "{} bytes", body.len());
    assert!(!holds(engine.secret()), "no secret leaves");
}
