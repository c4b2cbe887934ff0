//! What outlives a request: the file, and the server's word.

use campanile_events::{clock::ManualClock, post::FailureClass};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{super::*, Bench, class, start};

#[tokio::test]
async fn what_a_file_holds_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.jsonl");
    let clock = ManualClock::starting_at(start());
    let post =
        Submission { text: "a".into(), reply_to: None, root: None, media_ids: Vec::new(), marker: Some("m".into()) };
    let late = Submission { text: "b".into(), marker: Some("n".into()), ..post.clone() };
    let (account, before) = {
        let sandbox = Sandbox::open(clock.clone(), &path).unwrap();
        let account = sandbox.account("demo", AccountClass::Keyed).unwrap();
        sandbox.receive(&account.token, &post);
        sandbox.add_fault(Fault::next(None, FaultKind::EffectLate { seconds: 5.0 }, 1));
        sandbox.receive(&account.token, &late);
        (account, sandbox.journal())
    };
    // The process died in the middle of a line.
    std::fs::OpenOptions::new()
        .append(true)
        .open(&path)
        .and_then(|mut file| std::io::Write::write_all(&mut file, br#"{"record":"vis"#))
        .unwrap();
    for _ in 0..2 {
        let sandbox = Sandbox::open(clock.clone(), &path).unwrap();
        assert_eq!(sandbox.account("demo", AccountClass::Keyed).unwrap(), account);
        assert_eq!(sandbox.journal(), before);
    }
    clock.advance(chrono::Duration::seconds(5));
    let sandbox = Sandbox::open(clock.clone(), &path).unwrap();
    assert_eq!(sandbox.receive(&account.token, &post).status(), Some(200));
    let texts: Vec<_> = sandbox.visible().into_iter().map(|post| post.text).collect();
    assert_eq!(texts, ["a", "b"]);
}

#[tokio::test]
async fn the_server_tells_the_truth_and_takes_faults() {
    let bench = Bench::over_http().await;
    let access = bench.access("keyed").await;
    let address = bench.service_url.clone().unwrap().replace("http://", "");
    let ask = async |request: String| {
        let mut stream = tokio::net::TcpSocket::new_v4().unwrap().connect(address.parse().unwrap()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let post = |body: &str| {
        format!(
            "POST /faults HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let head = "HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    assert!(ask(post(r#"{"account":"demo","kind":"lose_answer","times":2}"#)).await.starts_with("HTTP/1.1 204"));
    assert!(ask(post(r#"{"kind":"fire"}"#)).await.contains("unknown kind `fire`"));
    assert_eq!(class(bench.send(&access, "m", "a").await), FailureClass::Uncertain);
    assert!(ask(format!("DELETE /faults {head}")).await.starts_with("HTTP/1.1 204"));
    assert_eq!(bench.send(&access, "m", "a").await.unwrap().remote_id, "1");

    let answer = ask(format!("GET /journal {head}")).await;
    let journal: SandboxJournal = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(journal, bench.sandbox.journal());
    assert_eq!((journal.visible.len(), journal.requests.len()), (1, 2));
    assert_eq!((journal.requests[0].answered, journal.requests[1].answered), (None, Some(200)));
    assert!(ask(format!("GET / {head}")).await.contains("What became visible: 1"));
}
