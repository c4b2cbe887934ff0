//! What is no request, or one that no route is asked for: refused in the one form, too.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use reqwest::{
    Method,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};
use serde_json::{Value, json};

use crate::support::{Engine, Options};

/// What the engine answers to these bytes, up to the connection's end.
fn answer(engine: &Engine, said: &[u8]) -> String {
    let base = engine.base();
    let mut stream = TcpStream::connect(base.trim_start_matches("http://")).expect("the engine listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time limit");
    // It may have answered, and closed, before the last byte.
    let _ = stream.write_all(said);
    let mut read = Vec::new();
    let _ = stream.read_to_end(&mut read);
    String::from_utf8_lossy(&read).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_read_as_a_request_is_refused_in_the_one_form() {
    let engine = Engine::start(Options::default()).await;
    let long_address = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(70_000));
    let many = "X: a\r\n".repeat(120);
    let many = format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{many}\r\n");
    let long_header = format!("GET /healthz HTTP/1.1\r\nX: {}\r\n\r\n", "a".repeat(600_000));
    let after_another = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET\r\n\r\n";
    let two_lengths = "POST /v1/posts HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab";
    for (said, status) in [
        ("good morning\r\n\r\n", 400),
        ("\u{16}\u{3}\u{1}\u{2}", 400),
        ("GET /healthz HTTP/3.0\r\nHost: x\r\n\r\n", 400),
        (two_lengths, 400),
        (after_another, 400),
        (&long_address, 414),
        (&many, 431),
        (&long_header, 431),
    ] {
        let answered = answer(&engine, said.as_bytes());
        let begun = answered.rfind("HTTP/1.1 ").expect(&answered);
        let (head, body) = answered[begun..].split_once("\r\n\r\n").expect(&answered);
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{answered}");
        let body: Value = serde_json::from_str(body).expect(&answered);
        assert_eq!((&body["error"]["code"], &body["error"]["details"]), (&json!("invalid_request"), &json!([])));
        let id = body["error"]["request_id"].as_str().expect("an id");
        assert!(id.starts_with("req_") && head.contains(&format!("\r\nx-request-id: {id}")), "{answered}");
        assert!(head.contains(&format!("\r\ncontent-length: {}", body.to_string().len())), "{answered}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_wrong_is_named_in_one_answer() {
    let engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let named = |error: &Value| -> Vec<String> {
        let all = error["details"].as_array().expect("details").iter();
        all.map(|it| format!("{} {}", it["field"], it["code"]).replace('"', "")).collect()
    };
    let wrong = json!({
        "body": 7, "bodyy": "x", "tags": {}, "account_ids": "all", "schedule": {"at": 1, "att": 2},
        "overrides": {"acct_01k00000000000000000000000": {"bod": ""}}, "late_limit_seconds": "soon",
    });
    let refused = client.post("/v1/posts", wrong).await.refused(400, "invalid_request");
    let mut fields = named(&refused);
    fields.sort();
    assert_eq!(
        fields,
        [
            "account_ids invalid",
            "body invalid",
            "bodyy unknown_field",
            "late_limit_seconds invalid",
            "overrides.acct_01k00000000000000000000000.bod unknown_field",
            "schedule.at invalid",
            "schedule.att unknown_field",
            "tags invalid",
        ]
    );
    for message in refused["details"].as_array().expect("details") {
        let message = message["message"].as_str().expect("a message");
        assert!(!message.contains("u32") && !message.contains("expected"), "{message}");
    }

    let refused = client.get("/v1/posts?limit=5&limit=6&colour=1&color=2").await.refused(400, "invalid_request");
    assert_eq!(named(&refused), ["limit repeated", "color unknown_parameter", "colour unknown_parameter"]);

    for path in ["/v1/me", "/v1/platforms", "/v1/posts/post_01k00000000000000000000000"] {
        let refused = client.get(&format!("{path}?as_of=1-1")).await.refused(400, "invalid_request");
        assert_eq!(named(&refused), ["as_of unknown_parameter"], "what nobody reads is not passed over");
    }

    let send = async |content_type: &str, encoding: &str, body: &str| {
        let request = client.request(Method::POST, "/v1/posts").header(CONTENT_TYPE, content_type);
        client.send(request.header(CONTENT_ENCODING, encoding).body(body.to_owned())).await
    };
    for broken in ["{\"body\": ", "\u{feff}{}", "{\"body\": \"\\ud800\"}", "[]"] {
        let refused = send("application/json", "identity", broken).await.refused(400, "invalid_request");
        assert_eq!(refused["details"], json!([]), "no field of a post is wrong: {refused}");
    }
    send("application/json", "gzip", "{}").await.refused(415, "unsupported_media_type");
    send("application/json; charset=latin1", "identity", "{}").await.refused(415, "unsupported_media_type");
    let read = send("application/json; charset=utf-8", "identity", "{}").await.refused(400, "invalid_request");
    assert_eq!(named(&read), ["body missing", "account_ids missing"]);
}
