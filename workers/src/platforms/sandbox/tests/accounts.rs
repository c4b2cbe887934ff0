//! What an account is connected with.

use campanile_events::post::Delivery;
use serde_json::json;

use super::{super::*, Bench, timing};
use crate::platforms::{ConnectError, ConnectRequest, Found, Platform};

#[tokio::test]
async fn an_account_offers_what_it_was_connected_with() {
    for bench in Bench::both().await {
        let keyed = bench.connect("@Demo", "keyed").await.unwrap();
        assert_eq!((keyed.remote_id.as_str(), keyed.handle.as_str()), ("demo", "@demo"));
        assert_eq!(keyed.server, bench.service_url.clone().unwrap_or_default());
        let expected = Delivery::Keyed { window_ms: Some(3_600_000), quiet_ms: 60_000, searchable: true };
        assert_eq!(keyed.offer.delivery, expected);
        assert_eq!(keyed.offer.rules.max_text, 500);
        let access = bench.access("searchable").await;
        assert_eq!(bench.platform.observe(&access).await.unwrap().delivery, Delivery::Searchable);
        assert_eq!(bench.connect("demo", "blind").await.unwrap().offer.delivery, Delivery::Blind);
    }
}

#[tokio::test]
async fn a_wrong_request_to_connect_names_its_field() {
    let bench = Bench::in_process();
    for (body, message) in [
        (json!({}), "`handle`: is required"),
        (json!({"handle": "a b"}), "`handle`: must be 1 to 64 letters, digits, `_`, `-` or `.`"),
        (json!({"handle": "a", "delivery": "x"}), "`delivery`: must be `keyed`, `searchable` or `blind`"),
        (json!({"handle": "a", "token": "x"}), "`token`: is not a field of this request"),
        (
            json!({"handle": "a", "service_url": "http://u@h/"}),
            "`service_url`: must be an address such as http://127.0.0.1:4000",
        ),
        (
            json!({"handle": "a", "service_url": "http://10.0.0.1:9"}),
            "the server's address is not one that outgoing requests may reach",
        ),
    ] {
        let refused = bench.platform.connect(ConnectRequest { body, timing: timing() }).await.unwrap_err();
        assert_eq!(refused.to_string(), message);
    }
    bench.sandbox.add_fault(Fault::next(None, FaultKind::TokenExpired, 1).on(Point::Connect));
    let refused = bench.connect("demo", "keyed").await.unwrap_err();
    assert_eq!(refused, ConnectError::Refused { message: "the token has expired".into(), status: Some(401) });
}

#[tokio::test]
async fn a_blind_account_can_not_be_asked() {
    for bench in Bench::both().await {
        let access = bench.access("blind").await;
        bench.send(&access, "m", "a").await.unwrap();
        bench.send(&access, "m", "a").await.unwrap();
        assert_eq!(bench.texts().len(), 2);
        assert_eq!(bench.platform.baseline(&access).await.unwrap(), None);
        let Found::Incomplete(failure) = bench.look_up(&access, "a", None).await else { panic!("it is blind") };
        assert_eq!(failure.status, Some(403));
    }
}
