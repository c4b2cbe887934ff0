//! Sessions that end, and what takes their place.

use campanile_events::post::FailureClass;
use campanile_test_servers::Pds;
use campanile_workers::platforms::{ConnectError, Platform};
use serde_json::json;

use crate::resident::{Resident, call, connect, later, message};

#[tokio::test]
async fn an_account_is_connected_or_the_server_is_quoted() {
    let Some(server) = Pds::shared() else { return };
    let ada = Resident::move_in(server, "connect-ada").await;
    assert_eq!(
        (ada.connected.remote_id.as_str(), ada.connected.handle.as_str()),
        (ada.did.as_str(), "@connect-ada.test")
    );
    assert_eq!(ada.connected.display_name, None);
    assert_eq!(ada.connected.offer.delivery.class(), "keyed");
    assert!(!format!("{:?}", ada.connected).contains(&ada.app_password));

    let refused = connect(&ada.platform, server, &ada.handle, "wrong").await.unwrap_err();
    let expected = ConnectError::Refused { message: "Invalid identifier or password".to_owned(), status: Some(401) };
    assert_eq!(refused, expected);

    let profile = json!({"repo": ada.did, "collection": "app.bsky.actor.profile", "rkey": "self",
                         "record": {"$type": "app.bsky.actor.profile", "displayName": "Ada"}});
    assert_eq!(ada.call("com.atproto.repo.putRecord", &profile).await.0, 200);
    let again = connect(&ada.platform, server, "@connect-ada.test", &ada.app_password).await.unwrap();
    assert_eq!((again.display_name.as_deref(), again.remote_id), (Some("Ada"), ada.did.clone()));
}

#[tokio::test]
async fn a_token_that_is_about_to_end_is_renewed_before_it_is_used() {
    let Some(server) = Pds::shared() else { return };
    let ada = Resident::move_in(server, "ageing-ada").await;
    ada.send(message("a", "with the first token")).await.unwrap();
    ada.replace("access_jwt", &ada.expired_token()).await;
    let before = ada.kept().await;
    ada.send(message("b", "with the second")).await.unwrap();
    let after = ada.kept().await;
    assert_ne!(after["access_jwt"], before["access_jwt"]);
    assert_ne!(after["refresh_jwt"], before["refresh_jwt"]);
    assert_eq!((&after["did"], &after["app_password"]), (&before["did"], &before["app_password"]));
    // A token is good for two hours: one that is fresh is left alone, and later it isn't fresh.
    ada.send(message("c", "with the second")).await.unwrap();
    assert_eq!(ada.kept().await, after);
    ada.send_by(&later(3), message("d", "with the third")).await.unwrap();
    assert_ne!(ada.kept().await["refresh_jwt"], after["refresh_jwt"]);
    assert_eq!(ada.posts().await.len(), 4);
}

#[tokio::test]
async fn a_token_that_the_server_does_not_take_is_replaced_when_asked_about() {
    let Some(server) = Pds::shared() else { return };
    let ada = Resident::move_in(server, "refused-ada").await;
    // By our clock the expired one still holds, so that the server is the first to say it.
    for (token, platform, code) in
        [(ada.expired_token(), later(-4), "ExpiredToken"), ("not.a.token".to_owned(), later(0), "InvalidToken")]
    {
        ada.replace("access_jwt", &token).await;
        let failure = ada.send_by(&platform, message(code, code)).await.unwrap_err();
        let seen = (failure.class, failure.status, failure.code.as_deref());
        assert_eq!(seen, (FailureClass::AuthExpired, Some(400), Some(code)));
        platform.observe(&ada.access().await).await.unwrap();
        assert_ne!(ada.kept().await["access_jwt"], json!(token));
        ada.send_by(&platform, message(code, code)).await.unwrap();
    }
    assert_eq!(ada.posts().await.len(), 2);
}

#[tokio::test]
async fn a_spent_refresh_token_costs_a_new_login_and_a_revoked_password_the_account() {
    let Some(server) = Pds::shared() else { return };
    let ada = Resident::move_in(server, "spent-ada").await;
    let before = ada.kept().await;
    let (status, _) =
        call(server, "com.atproto.server.deleteSession", before["refresh_jwt"].as_str(), &json!(null)).await;
    assert_eq!(status, 200);
    ada.send_by(&later(3), message("a", "after a new login")).await.unwrap();
    let after = ada.kept().await;
    assert_ne!(after["refresh_jwt"], before["refresh_jwt"]);

    let revoke = json!({"name": "campanile"});
    assert_eq!(ada.call("com.atproto.server.revokeAppPassword", &revoke).await.0, 200);
    let failure = ada.send_by(&later(6), message("b", "never")).await.unwrap_err();
    assert_eq!((failure.class, failure.code.as_deref()), (FailureClass::AuthExpired, Some("AuthenticationRequired")));
    let failure = later(6).observe(&ada.access().await).await.unwrap_err();
    assert_eq!(failure.class, FailureClass::AuthExpired);
    assert_eq!(ada.kept().await, after, "what the server did not replace is kept");
    assert_eq!(ada.posts().await.len(), 1);
}
