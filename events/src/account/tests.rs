//! Given what happened, when this is asked, then that follows.

use chrono::{DateTime, Duration, Utc};
use cqrs_es::test::TestFramework;

use super::*;
use crate::{
    journal::Claim,
    post::{Delivery, MediaRules, Rules, TextCount},
    seal::Sealed,
    stored::StoredEvent,
};

fn noon() -> DateTime<Utc> {
    "2026-03-01T12:00:00Z".parse().expect("an instant")
}

fn seconds(seconds: i64) -> DateTime<Utc> {
    noon() + Duration::seconds(seconds)
}

fn offer(max_text: u32) -> Offer {
    let count = TextCount { url_as: Some(23), mention_server_free: true, ..TextCount::default() };
    let rules = Rules {
        max_text,
        max_bytes: None,
        count,
        max_parts: 10,
        first_comment: true,
        max_media: 4,
        media: MediaRules::default(),
    };
    Offer { rules, delivery: Delivery::Searchable }
}

fn connect(remote_index: &str, handle: &str) -> AccountAction {
    AccountAction::Connect {
        platform: "mastodon".to_owned(),
        server: "https://mastodon.example".to_owned(),
        remote_id: Sealed::from_stored("s1.cmVtb3Rl"),
        remote_index: remote_index.to_owned(),
        handle: Sealed::from_stored(handle),
        display_name: None,
        offer: offer(500),
    }
}

fn connected() -> AccountEvent {
    AccountEvent::Connected(AccountConnected {
        platform: "mastodon".to_owned(),
        server: "https://mastodon.example".to_owned(),
        remote_id: Sealed::from_stored("s1.cmVtb3Rl"),
        remote_index: "a1".to_owned(),
        handle: Sealed::from_stored("s1.YWxpY2U"),
        display_name: None,
        offer: offer(500),
        at: noon(),
    })
}

fn reconnected(handle: &str) -> AccountEvent {
    let handle = Sealed::from_stored(handle);
    AccountEvent::Reconnected(AccountReconnected {
        server: None,
        handle,
        display_name: None,
        offer: offer(500),
        at: noon(),
    })
}

fn limits(max_text: u32) -> AccountEvent {
    AccountEvent::LimitsObserved(AccountLimitsObserved { offer: offer(max_text), at: noon() })
}

fn limited(until: i64) -> AccountEvent {
    AccountEvent::RateLimited(AccountRateLimited { until: seconds(until), at: noon() })
}

fn broken() -> AccountEvent {
    AccountEvent::NeedsReconnect(AccountNeedsReconnect { code: "invalid_grant".to_owned(), at: noon() })
}

fn disconnected() -> AccountEvent {
    AccountEvent::Disconnected(AccountDisconnected { remote_index: "a1".to_owned(), at: noon() })
}

#[tokio::test]
async fn an_account_is_connected_observed_broken_mended_and_disconnected() {
    use AccountAction::{Disconnect, NeedReconnect, ObserveLimits, RateLimit};
    let observe = |max_text| ObserveLimits { offer: offer(max_text) };
    let rest = |until| RateLimit { until: seconds(until) };
    let need = || NeedReconnect { code: "invalid_grant".to_owned() };
    let cases = [
        (vec![], connect("a1", "s1.YWxpY2U"), Ok(vec![connected()])),
        (vec![connected()], connect("a1", "s1.Ym9i"), Ok(vec![reconnected("s1.Ym9i")])),
        (vec![connected()], connect("b2", "s1.Ym9i"), Err(AccountError::OtherAccount)),
        (vec![connected(), broken()], connect("a1", "s1.Ym9i"), Ok(vec![reconnected("s1.Ym9i")])),
        (vec![connected(), disconnected()], connect("a1", "s1.Ym9i"), Err(AccountError::Disconnected)),
        (vec![], observe(500), Err(AccountError::NotFound)),
        (vec![connected()], observe(500), Ok(vec![])),
        (vec![connected()], observe(5000), Ok(vec![limits(5000)])),
        (vec![connected(), limits(5000)], observe(5000), Ok(vec![])),
        (vec![connected(), disconnected()], observe(5000), Err(AccountError::Disconnected)),
        (vec![], rest(30), Err(AccountError::NotFound)),
        (vec![connected()], rest(30), Ok(vec![limited(30)])),
        (vec![connected()], rest(0), Ok(vec![])),
        (vec![connected(), limited(30)], rest(30), Ok(vec![])),
        (vec![connected(), limited(30)], rest(29), Ok(vec![])),
        (vec![connected(), limited(30)], rest(31), Ok(vec![limited(31)])),
        (vec![], need(), Err(AccountError::NotFound)),
        (vec![connected()], need(), Ok(vec![broken()])),
        (vec![connected(), broken()], need(), Ok(vec![])),
        (vec![connected(), broken(), reconnected("s1.Ym9i")], need(), Ok(vec![broken()])),
        (vec![], Disconnect, Err(AccountError::NotFound)),
        (vec![connected()], Disconnect, Ok(vec![disconnected()])),
        (vec![connected(), broken()], Disconnect, Ok(vec![disconnected()])),
        (vec![connected(), disconnected()], Disconnect, Err(AccountError::Disconnected)),
    ];
    for (before, action, expected) in cases {
        let case = format!("given {before:?}, when {action:?}");
        let command = AccountCommand { now: noon(), action };
        let then = TestFramework::<Account>::with(()).given(before).when_async(command).await.inspect_result();
        assert_eq!(then, expected, "{case}");
    }
}

#[test]
fn its_state_tells_whether_it_can_be_used() {
    let mut account = Account::default();
    for (event, status) in [
        (connected(), AccountStatus::Connected),
        (limited(30), AccountStatus::Connected),
        (broken(), AccountStatus::NeedsReconnect),
        (limits(5000), AccountStatus::NeedsReconnect),
        (reconnected("s1.Ym9i"), AccountStatus::Connected),
        (disconnected(), AccountStatus::Disconnected),
    ] {
        account.fold(event.clone());
        assert_eq!(account.status, status, "after {event:?}");
    }
    assert_eq!(account.handle, Sealed::from_stored("s1.Ym9i"));
    assert_eq!(account.rate_limited_until, None);
    assert_eq!(account.revision, 6);
}

#[test]
fn the_remote_name_is_claimed_while_the_account_is_connected() {
    assert_eq!(connected().claims(), [Claim::take(ACCOUNT_CLAIM, "a1")]);
    assert_eq!(disconnected().claims(), [Claim::release(ACCOUNT_CLAIM, "a1")]);
    for event in [reconnected("s1.Ym9i"), limits(1), limited(1), broken()] {
        assert_eq!(event.claims(), [], "{event:?}");
    }
}

#[test]
fn an_account_that_moved_is_reached_by_its_new_server() {
    let mut account = Account::default();
    account.fold(connected());
    let mut moved = connect("a1", "s1.YWxpY2U");
    if let AccountAction::Connect { server, .. } = &mut moved {
        *server = "https://other.example".to_owned();
    }
    for (action, server) in
        [(connect("a1", "s1.YWxpY2U"), "https://mastodon.example"), (moved, "https://other.example")]
    {
        let events = account.decide(AccountCommand { now: noon(), action }).expect("it is the same account");
        for event in events {
            account.fold(event);
        }
        assert_eq!(account.server, server);
    }
    let old = r#"{"handle":"s1.Ym9i","offer":{"rules":{"max_text":500,"count":{"mention_server_free":true},"max_parts":1,
        "first_comment":true,"max_media":4},"delivery":{"class":"blind"}},"at":"2026-03-01T12:00:00Z"}"#;
    account.fold(AccountEvent::read("account.reconnected", 1, old).expect("version 1"));
    assert_eq!(account.server, "https://other.example", "version 1 told no server");
}
