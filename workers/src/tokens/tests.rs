use std::sync::Arc;

use campanile_events::{
    clock::{ManualClock, SharedClock},
    db::{Database, Sqlite},
    ids::{AccountId, WorkspaceId},
    seal::MasterKey,
};
use secrecy::SecretString;
use uuid::Uuid;

use super::*;
use crate::platforms::Credentials;

const WORKSPACE: WorkspaceId = WorkspaceId::from_uuid(Uuid::from_u128(1));
const ALICE: AccountId = AccountId::from_uuid(Uuid::from_u128(2));
const BOB: AccountId = AccountId::from_uuid(Uuid::from_u128(3));
const SECRET: &str = r#"{"access_token":"canary-7c1f"}"#;

fn clock() -> SharedClock {
    ManualClock::starting_at("2026-12-01T09:00:00Z".parse().expect("a time"))
}

async fn opened() -> (Arc<dyn Database>, Tokens) {
    let db: Arc<dyn Database> = Arc::new(Sqlite::open_in_memory().expect("a database"));
    let tokens = Tokens::open(Arc::clone(&db), MasterKey::generate(), clock()).await.expect("opened");
    tokens.store(WORKSPACE, ALICE, &Credentials::from_json(SecretString::from(SECRET))).await.expect("stored");
    (db, tokens)
}

#[tokio::test]
async fn credentials_come_back_until_they_are_replaced_or_deleted() {
    let (_, tokens) = opened().await;
    let load = async || tokens.load(WORKSPACE, ALICE).await.expect("opens").map(|it| it.to_json().to_string());
    assert_eq!(load().await.as_deref(), Some(SECRET));
    tokens.store(WORKSPACE, ALICE, &Credentials::from_json(SecretString::from("{}"))).await.expect("stored");
    assert_eq!(load().await.as_deref(), Some("{}"));
    tokens.delete(ALICE).await.expect("deleted");
    assert_eq!(load().await, None);
}

#[tokio::test]
async fn a_row_of_another_account_does_not_open() {
    let (db, tokens) = opened().await;
    let copy = "insert into platform_tokens select $1, workspace_id, wrapped_key, sealed, updated_at
        from platform_tokens where account_id = $2";
    db.execute(copy, vec![BOB.uuid().into(), ALICE.uuid().into()]).await.expect("copied");
    assert!(matches!(tokens.load(WORKSPACE, BOB).await, Err(TokenError::Seal(_))));
    let other = WorkspaceId::from_uuid(Uuid::from_u128(9));
    assert!(tokens.load(other, ALICE).await.expect("read").is_none(), "not there for another workspace");
    db.execute("update platform_tokens set workspace_id = $1", vec![other.uuid().into()]).await.expect("moved");
    assert!(matches!(tokens.load(other, ALICE).await, Err(TokenError::Seal(_))));
}

#[tokio::test]
async fn the_secret_shows_nowhere() {
    let (db, tokens) = opened().await;
    let rows = db.query("select * from platform_tokens", Vec::new()).await.expect("read");
    let shown = format!("{rows:?} {tokens:?} {:?}", tokens.load(WORKSPACE, ALICE).await.expect("opens"));
    assert!(!shown.contains("canary"), "{shown}");
    let foreign = Tokens::open(db, MasterKey::generate(), clock()).await.expect("opened");
    let refused = foreign.load(WORKSPACE, ALICE).await.expect_err("another master key");
    assert!(!format!("{refused:?} {refused}").contains("canary"));
}
