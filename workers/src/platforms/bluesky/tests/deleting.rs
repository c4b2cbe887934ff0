//! Records that are taken away.

use campanile_events::post::FailureClass;

use super::*;

const POST: &str = "at://did:plc:ada/app.bsky.feed.post/3lbk#bafy";

#[tokio::test]
async fn a_record_is_deleted_by_its_key() {
    let bench = Bench::start(60).await;
    assert!(bench.platform.describe().can_delete);
    for body in [r#"{"commit":{"cid":"bafy","rev":"3lbl"}}"#, "{}", ""] {
        bench.forget(DELETE).on(DELETE, 200, body);
        assert_eq!(bench.platform.remove(&bench.access().await, POST).await, Ok(()), "{body}");
        let asked = bench.asked();
        assert_eq!((asked.len(), asked[0].line.clone()), (1, format!("POST {DELETE}")));
        assert_eq!(asked[0].body, json!({"repo": DID, "collection": "app.bsky.feed.post", "rkey": "3lbk"}));
        assert_eq!(asked[0].token, Some(format!("Bearer {}", token("first", 60))));
    }
}

#[tokio::test]
async fn a_session_that_ends_is_renewed_first() {
    let bench = Bench::start(1).await;
    bench.on(REFRESH_SESSION, 200, &session("new")).on(DELETE, 200, "{}");
    assert_eq!(bench.platform.remove(&bench.access().await, POST).await, Ok(()));
    assert_eq!(bench.paths(), [REFRESH_SESSION, DELETE]);
    assert_eq!(bench.kept().await["access_jwt"], json!(token("new", 120)));
}

#[tokio::test]
async fn a_refusal_is_the_servers_own() {
    let bench = Bench::start(60).await;
    for (status, body, class) in [
        (400, refusal("ExpiredToken").to_string(), FailureClass::AuthExpired),
        (400, refusal("InvalidRequest").to_string(), FailureClass::Rejected),
        (429, refusal("RateLimitExceeded").to_string(), FailureClass::RateLimited),
        (502, String::new(), FailureClass::Uncertain),
        (200, "<html>".to_owned(), FailureClass::Uncertain),
    ] {
        bench.forget(DELETE).on(DELETE, status, &body);
        let failure = bench.platform.remove(&bench.access().await, POST).await.unwrap_err();
        assert_eq!((failure.class, failure.status), (class, Some(status)), "{body}");
    }
    bench.asked();
    let failure = bench.platform.remove(&bench.access().await, "114000000000000001").await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_deref()), (FailureClass::Rejected, Some("unreadable_reference")));
    assert!(bench.asked().is_empty(), "nobody is asked to delete what can't be named");
}
