//! What the server keeps of what is deleted.

use campanile_events::post::Step;
use campanile_test_servers::Pds;
use campanile_workers::platforms::{Message, Platform};
use serde_json::{Value, json};

use crate::resident::{Resident, message, remote};

fn texts(posts: &[Value]) -> Vec<&str> {
    posts.iter().map(|post| post["value"]["text"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_record_goes_and_the_others_stay() {
    let Some(server) = Pds::shared() else { return };
    let ada = Resident::move_in(server, "deletes-ada").await;
    let kept = ada.send(message("kept", "This stays")).await.unwrap();
    let first = ada.send(message("first", "This goes")).await.unwrap();
    let root = remote(&first);
    let second = Message {
        step: Step::Part(1),
        reply_to: Some(root.clone()),
        root: Some(root),
        ..message("second", "And this")
    };
    let second = ada.send(second).await.unwrap();
    assert_eq!(ada.posts().await.len(), 3);
    for sent in [&second, &first] {
        assert_eq!(ada.platform.remove(&ada.access().await, &sent.remote_id).await, Ok(()));
    }
    assert_eq!(texts(&ada.posts().await), ["This stays"]);
    assert_eq!(ada.platform.remove(&ada.access().await, &first.remote_id).await, Ok(()), "gone already is as good");
    assert_eq!(texts(&ada.posts().await), ["This stays"]);
    // Nobody deletes with another's session, nor in another's name.
    let bob = Resident::move_in(server, "deletes-bob").await;
    let refused = bob.platform.remove(&bob.access().await, &kept.remote_id).await.unwrap_err();
    assert_eq!(refused.code.as_deref(), Some("unreadable_reference"));
    assert_eq!(ada.posts().await.len(), 1);
}

#[tokio::test]
async fn an_expired_session_is_renewed_for_it() {
    let Some(server) = Pds::shared() else { return };
    let ada = Resident::move_in(server, "deletes-late").await;
    let sent = ada.send(message("late", "This goes, too")).await.unwrap();
    ada.replace("access_jwt", &ada.expired_token()).await;
    let before = ada.kept().await;
    assert_eq!(ada.platform.remove(&ada.access().await, &sent.remote_id).await, Ok(()));
    assert_eq!(ada.posts().await, Vec::<Value>::new());
    assert_ne!(ada.kept().await["access_jwt"], before["access_jwt"]);
    assert_ne!(ada.kept().await["access_jwt"], json!(null));
}
