//! Statuses that are taken away.

use super::*;

const STATUS: &str = "/api/v1/statuses/114";

#[tokio::test]
async fn a_status_is_deleted_and_gone_is_as_good() {
    let bench = Bench::start().await;
    assert!(bench.platform.describe().can_delete);
    bench.on(STATUS, 200, &status("114", "gone"));
    assert_eq!(bench.platform.remove(&bench.access(), "114").await, Ok(()));
    let asked = bench.asked();
    assert_eq!((asked.len(), asked[0].line.as_str()), (1, "DELETE /api/v1/statuses/114"));
    assert_eq!(asked[0].token.as_deref(), Some("Bearer hush"));
    bench.forget(STATUS);
    assert_eq!(bench.platform.remove(&bench.access(), "114").await, Ok(()), "it was gone already");
    // A name never leaves its place in the path.
    assert_eq!(bench.platform.remove(&bench.access(), "../accounts?x=1").await, Ok(()));
    assert_eq!(bench.asked()[1].line, "DELETE /api/v1/statuses/..%2Faccounts%3Fx=1");
}

#[tokio::test]
async fn a_refusal_is_the_platforms_own() {
    use FailureClass::{AuthExpired, OutdatedAdapter, RateLimited, Rejected, Uncertain};
    let bench = Bench::start().await;
    for (code, body, class) in [
        (401, r#"{"error":"The access token is invalid"}"#, AuthExpired),
        (403, r#"{"error":"This action is outside the authorized scopes"}"#, Rejected),
        (429, r#"{"error":"Too many requests"}"#, RateLimited),
        (404, "<html>nothing here", OutdatedAdapter),
        (503, "", Uncertain),
        (200, "<html>It works!", Uncertain),
    ] {
        bench.forget(STATUS);
        bench.on(STATUS, code, body);
        let failure = bench.platform.remove(&bench.access(), "114").await.unwrap_err();
        assert_eq!((failure.class, failure.status), (class, Some(code)), "{body}");
    }
}
