//! Whether what is in doubt stands on its server.

use super::*;

#[tokio::test]
async fn a_look_up_pages_back_to_the_baseline() {
    let bench = Bench::start().await;
    bench.on(LISTING, 200, &json!([status("20", "<p>x</p>")]));
    assert_eq!(bench.platform.baseline(&bench.access()).await.unwrap().as_deref(), Some("20"));
    assert_eq!(bench.asked()[0].line, format!("GET {LISTING}?limit=1&exclude_reblogs=true"));

    bench.forget(LISTING);
    bench.on(LISTING, 200, &json!([status("33", "<p>c</p>"), status("32", "<p>b</p>")]));
    bench.on(LISTING, 200, &json!([status("31", "<p>a</p>"), status("20", "<p>x</p>")]));
    let found = bench.look_up(search("a", Some("20"))).await;
    assert_eq!(found, Found::Present(Sent { remote_id: "31".into(), url: Some("https://m.example/@a/31".into()) }));
    assert_eq!(bench.asked()[1].line, format!("GET {LISTING}?limit=40&exclude_reblogs=true&max_id=32"));
    assert_eq!(bench.look_up(search("x", Some("20"))).await, Found::Absent, "the baseline itself is older");
}

#[tokio::test]
async fn what_is_somebody_elses_is_not_found() {
    let bench = Bench::start().await;
    let mut reply = status("33", "<p>a</p>");
    reply["in_reply_to_id"] = json!("5");
    let mut stranger = status("32", "<p>a</p>");
    stranger["account"]["id"] = json!("8");
    bench.on(LISTING, 200, &json!([reply, stranger, status("31", "<p>a</p>"), status("20", "<p>a</p>")]));
    let excluding = Search { exclude: vec!["31".into()], ..search("a", Some("20")) };
    assert_eq!(bench.look_up(excluding.clone()).await, Found::Absent);
    let to = RemoteRef { remote_id: "5".into(), url: None };
    let Found::Present(found) = bench.look_up(Search { reply_to: Some(to), ..excluding }).await else { panic!("33") };
    assert_eq!(found.remote_id, "33");
}

#[tokio::test]
async fn without_a_baseline_time_tells_what_is_older() {
    let bench = Bench::start().await;
    bench.on(LISTING, 200, &json!([status("31", "<p>a</p>")])).on(LISTING, 200, &json!([]));
    let later = Search { since: start() + chrono::Duration::minutes(11), ..search("a", None) };
    assert_eq!(bench.look_up(later).await, Found::Absent);
    bench.forget(LISTING);
    bench.on(LISTING, 200, &json!([status("31", "<p>a</p>")]));
    bench.script.lock().unwrap().behind = chrono::Duration::hours(1);
    let behind = Search { since: start() + chrono::Duration::minutes(69), ..search("a", None) };
    assert!(matches!(bench.look_up(behind).await, Found::Present(_)), "its clock is an hour behind, and says so");
    bench.script.lock().unwrap().behind = chrono::Duration::zero();
    let near = Search { since: start() + chrono::Duration::minutes(9), ..search("a", None) };
    assert!(matches!(bench.look_up(near).await, Found::Present(_)));
}

#[tokio::test]
async fn what_was_not_seen_whole_is_not_absent() {
    let bench = Bench::start().await;
    let code = async |search| match bench.look_up(search).await {
        Found::Incomplete(failure) => (failure.class, failure.code.unwrap_or_default()),
        found => panic!("{found:?}"),
    };
    // The second page fails.
    bench.on(LISTING, 200, &json!([status("33", "<p>c</p>")])).on(LISTING, 429, "");
    assert_eq!(code(search("a", Some("20"))).await, (FailureClass::RateLimited, "rate_limited".to_owned()));
    // The server pays no heed to the place asked for.
    bench.forget(LISTING);
    bench.on(LISTING, 200, &json!([status("33", "<p>c</p>")]));
    assert_eq!(code(search("a", Some("20"))).await, (FailureClass::NotSent, "paging".to_owned()));
    // Something is there that may be it.
    bench.forget(LISTING);
    bench.on(LISTING, 200, &json!([status("33", "<p><b>It\u{2019}s here</b></p>"), status("20", "")]));
    assert_eq!(code(search("**It's here**", Some("20"))).await, (FailureClass::NotSent, "similar_status".to_owned()));
    // Nonsense.
    bench.forget(LISTING);
    bench.on(LISTING, 200, "<html>");
    assert_eq!(code(search("a", None)).await, (FailureClass::NotSent, "unreadable_answer".to_owned()));
}
