//! Requests whose clients go away, or never finish them.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::support::{Client, Engine, Options, SOON, SandboxServer, eventually};

/// A connection of the test's own, to the engine that a client speaks to.
fn connect(client: &Client) -> TcpStream {
    let url = client.request(reqwest::Method::GET, "/").build().expect("a request").url().clone();
    let address = (url.host_str().expect("a host").to_owned(), url.port().expect("a port"));
    TcpStream::connect(address).expect("the engine listens")
}

fn head(engine: &Engine, path: &str, length: usize) -> String {
    let key = engine.secret();
    format!(
        "POST {path} HTTP/1.1\r\nHost: campanile\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_runs_to_its_end_though_its_client_hangs_up() {
    const POSTS: usize = 20;
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let account = client.own_account().await;
    for number in 0..POSTS {
        let body = json!({"body": format!("hung up {number}"), "account_ids": [account]}).to_string();
        let mut stream = connect(&client);
        stream.write_all((head(&engine, "/v1/posts", body.len()) + &body).as_bytes()).expect("the engine reads");
        // Closed here, with nothing read.
        drop(stream);
    }
    let posts = eventually("every post is written", SOON, async || {
        let posts = client.all("/v1/posts").await;
        if posts.len() == POSTS { Ok(posts) } else { Err(format!("{} posts", posts.len())) }
    })
    .await;
    for post in &posts {
        let path = format!("/v1/posts/{}/schedule", post["id"].as_str().expect("an id"));
        let body = json!({"at": "2126-12-01T09:00:00Z"}).to_string();
        let mut stream = connect(&client);
        stream.write_all((head(&engine, &path, body.len()) + &body).as_bytes()).expect("the engine reads");
        drop(stream);
    }
    eventually("every post is scheduled", SOON, async || {
        let scheduled = client.all("/v1/posts?status=scheduled").await.len();
        if scheduled == POSTS { Ok(()) } else { Err(format!("{scheduled} are")) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_sent_request_holds_up_no_drain() {
    let mut engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let half_a_head = "POST /v1/posts HTTP/1.1\r\nHost: campan";
    let half_a_body = head(&engine, "/v1/posts", 100) + "{\"body\":";
    let mut streams: Vec<_> = [half_a_head, half_a_body.as_str(), ""]
        .iter()
        .map(|said| {
            let mut stream = connect(&client);
            stream.write_all(said.as_bytes()).expect("the engine reads");
            stream
        })
        .collect();
    // Answered on a connection that stays open after it.
    client.get("/v1/posts").await.expect(200);
    let begun = Instant::now();
    engine.terminate();
    assert!(begun.elapsed() < Duration::from_secs(20), "the drain took {:?}", begun.elapsed());
    for stream in &mut streams {
        let mut rest = Vec::new();
        // A reset says the same as an end.
        let _ = stream.read_to_end(&mut rest);
        let said = String::from_utf8_lossy(&rest).into_owned();
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 4"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_while_it_stops_is_told() {
    let sandbox = SandboxServer::start().await;
    let timing = Some("lease=30,settle=2.4,lookup_gap=1.2,quiet=1.2,sweep=5");
    let mut engine = Engine::start(Options { timing, ..Options::default() }).await;
    let (client, anonymous) = (engine.client(), engine.anonymous());
    let account = client.connect_sandbox(&sandbox.address, "held", "blind").await;
    sandbox.fault(json!({"kind": "answer_late", "seconds": 4, "account": "held"})).await;
    let body = json!({"body": "in hand", "account_ids": [account], "publish": true});
    let post = client.post("/v1/posts", body).await.expect(201);
    eventually("it is on its way", SOON, async || {
        if sandbox.truth().await.requests.is_empty() { Err("no request yet".to_owned()) } else { Ok(()) }
    })
    .await;
    engine.process().ask_to_stop();
    eventually("it says that it is not ready", SOON, async || {
        // A connection that was kept open may end while it is asked on.
        match anonymous.try_send(anonymous.request(reqwest::Method::GET, "/readyz")).await {
            Ok(ready) if ready.status == 503 => Ok(()),
            Ok(ready) => Err(ready.text),
            Err(error) => Err(error.to_string()),
        }
    })
    .await;
    let refused = client.get("/v1/posts").await;
    assert_eq!(refused.header("retry-after"), "1");
    refused.refused(503, "unavailable");
    assert_eq!(anonymous.get("/healthz").await.status, 200);
    engine.stopped();
    engine.restart().await;
    let post = engine.client().get(&format!("/v1/posts/{}", post["id"].as_str().expect("an id"))).await.expect(200);
    assert_eq!(post["status"], "published", "what was in hand was finished: {post}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_tells_what_it_takes() {
    let engine = Engine::start(Options::default()).await;
    let anonymous = engine.anonymous();
    let options = anonymous.send(anonymous.request(reqwest::Method::OPTIONS, "/v1/posts")).await;
    assert_eq!((options.status, options.text.as_str()), (204, ""));
    let mut allowed: Vec<_> = options.header("allow").split(',').map(str::trim).collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
    let client = engine.client();
    let full = client.get("/v1/posts").await;
    let head = client.send(client.request(reqwest::Method::HEAD, "/v1/posts")).await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    assert_eq!(head.header("content-length"), full.header("content-length"));
    assert_eq!(anonymous.send(anonymous.request(reqwest::Method::HEAD, "/v1/posts")).await.status, 401);
    let unknown = anonymous.send(anonymous.request(reqwest::Method::OPTIONS, "/v1/nothing")).await;
    unknown.refused(404, "not_found");
}
