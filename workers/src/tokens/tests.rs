use std::sync::Arc;

use campanile_events::{
    clock::ManualClock,
    db::{Database, Engine, engines::Databases},
    ids::{AccountId, WorkspaceId},
    seal::{MasterKey, SealError},
};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::platforms::{Credentials, NotKept};

campanile_events::on_every_engine!(
    credentials_are_kept_replaced_and_forgotten,
    a_row_opens_in_its_place_alone,
    nothing_secret_is_stored_or_shown_in_the_open,
    who_renews_is_alone_and_what_is_given_meanwhile_comes_after,
    what_was_given_meanwhile_is_not_overwritten,
);

fn now() -> DateTime<Utc> {
    "2026-12-01T09:00:00Z".parse().unwrap()
}

fn workspace(number: u128) -> WorkspaceId {
    Uuid::from_u128(number).into()
}

fn account(number: u128) -> AccountId {
    Uuid::from_u128(number).into()
}

fn token(text: &str) -> Credentials {
    Credentials::of(&json!({"access_token": text}))
}

struct Bench {
    databases: Databases,
    db: Arc<dyn Database>,
    master: MasterKey,
    tokens: Tokens,
}

async fn bench(engine: Engine) -> Bench {
    let (databases, master) = (Databases::of(engine), MasterKey::generate());
    let db = databases.open("a").await;
    let tokens = Tokens::open(Arc::clone(&db), master.clone()).await.unwrap();
    Bench { databases, db, master, tokens }
}

impl Bench {
    async fn loaded(&self, at: u128, of: u128) -> Result<Option<String>, SealError> {
        let read = |kept: Credentials| kept.read::<Value>().unwrap()["access_token"].as_str().unwrap().to_owned();
        Ok(self.tokens.load(workspace(at), account(of)).await?.map(read))
    }
}

async fn credentials_are_kept_replaced_and_forgotten(engine: Engine) {
    let bench = bench(engine).await;
    assert_eq!(bench.loaded(1, 2).await.unwrap(), None);
    bench.tokens.store(workspace(1), account(2), &token("first"), now()).await.unwrap();
    bench.tokens.store(workspace(1), account(3), &token("other"), now()).await.unwrap();
    bench.tokens.store(workspace(1), account(2), &token("second"), now()).await.unwrap();
    let again = Tokens::open(bench.db.clone(), bench.master.clone()).await.unwrap();
    assert!(again.load(workspace(1), account(2)).await.unwrap().is_some());
    assert_eq!(bench.loaded(1, 2).await.unwrap().as_deref(), Some("second"));
    bench.tokens.delete(account(2)).await.unwrap();
    bench.tokens.delete(account(2)).await.unwrap();
    assert_eq!(bench.loaded(1, 2).await.unwrap(), None);
    assert_eq!(bench.loaded(1, 3).await.unwrap().as_deref(), Some("other"));
}

async fn who_renews_is_alone_and_what_is_given_meanwhile_comes_after(engine: Engine) {
    let bench = bench(engine).await;
    let tokens = Arc::new(bench.tokens);
    tokens.store(workspace(1), account(2), &token("first"), now()).await.unwrap();
    let keeper = |number| tokens.keeper(workspace(1), account(number), ManualClock::starting_at(now()));
    assert_eq!(keeper(3).claim().await.err(), Some(NotKept), "nothing is kept of that one");
    let mut renewal = keeper(2).claim().await.unwrap();
    assert_eq!(renewal.current().read::<Value>().unwrap()["access_token"], "first");

    // Another renewal, new credentials from a person, and a renewal of another account.
    let other = tokio::spawn({
        let keeper = keeper(2);
        async move { keeper.claim().await.unwrap().current().read::<Value>().unwrap()["access_token"].clone() }
    });
    let given = token("given");
    let mut given = Box::pin(tokens.store(workspace(1), account(2), &given, now()));
    assert!(futures::poll!(&mut given).is_pending());
    tokio::task::yield_now().await;
    assert!(!other.is_finished());
    tokens.store(workspace(1), account(3), &token("apart"), now()).await.unwrap();
    drop(keeper(3).claim().await.unwrap());

    renewal.replace(token("renewed")).await.unwrap();
    let kept = tokens.load(workspace(1), account(2)).await.unwrap().unwrap();
    assert_eq!(kept.read::<Value>().unwrap()["access_token"], "renewed");
    drop(renewal);
    given.await.unwrap();
    let seen = other.await.unwrap();
    assert!(seen == "renewed" || seen == "given", "{seen}");
    let kept = tokens.load(workspace(1), account(2)).await.unwrap().unwrap();
    assert_eq!(kept.read::<Value>().unwrap()["access_token"], "given");
}

/// Two processes, many who want the same renewal: the refresh token is spent once, and all use what came of it.
#[tokio::test]
async fn a_refresh_token_is_spent_once_between_processes() {
    let bench = bench(Engine::Postgres).await;
    bench.tokens.store(workspace(1), account(2), &token("spent"), now()).await.unwrap();
    let other = Tokens::open(bench.databases.open("a").await, bench.master.clone()).await.unwrap();
    let nodes = [Arc::new(bench.tokens), Arc::new(other)];
    let spent = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let renew = |number: usize| {
        let keeper = nodes[number % 2].keeper(workspace(1), account(2), ManualClock::starting_at(now()));
        let spent = Arc::clone(&spent);
        tokio::spawn(async move {
            let mut renewal = keeper.claim().await.unwrap();
            let current = renewal.current().read::<Value>().unwrap()["access_token"].clone();
            if current == "spent" {
                // The platform's answer takes its time; it gives one new token for an old one.
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                spent.fetch_add(1, std::sync::atomic::Ordering::AcqRel);
                renewal.replace(token("renewed")).await.unwrap();
            }
            renewal.current().read::<Value>().unwrap()["access_token"].clone()
        })
    };
    for used in futures::future::join_all((0..8).map(renew)).await {
        assert_eq!(used.unwrap(), "renewed");
    }
    assert_eq!(spent.load(std::sync::atomic::Ordering::Acquire), 1);
}

/// A process that was stopped in the middle of a renewal comes back when its lease is over.
async fn what_was_given_meanwhile_is_not_overwritten(engine: Engine) {
    let bench = bench(engine).await;
    let stopped = Arc::new(Tokens::open(bench.db.clone(), bench.master.clone()).await.unwrap());
    bench.tokens.store(workspace(1), account(2), &token("first"), now()).await.unwrap();
    let mut renewal = stopped.keeper(workspace(1), account(2), ManualClock::starting_at(now())).claim().await.unwrap();
    if engine == Engine::Postgres {
        assert_eq!(bench.db.execute("delete from leases", vec![]).await.unwrap(), 1, "the account was held");
    }
    renewal.replace(token("second")).await.unwrap();
    renewal.replace(token("third")).await.unwrap();
    assert_eq!(bench.loaded(1, 2).await.unwrap().as_deref(), Some("third"), "nobody has given others");
    bench.tokens.store(workspace(1), account(2), &token("given"), now()).await.unwrap();
    assert_eq!(renewal.replace(token("late")).await, Err(NotKept));
    assert_eq!(bench.loaded(1, 2).await.unwrap().as_deref(), Some("given"));
    bench.tokens.delete(account(2)).await.unwrap();
    assert_eq!(renewal.replace(token("late")).await, Err(NotKept));
    assert_eq!(bench.loaded(1, 2).await.unwrap(), None, "and what was deleted stays away");
}

async fn a_row_opens_in_its_place_alone(engine: Engine) {
    let bench = bench(engine).await;
    for number in [2, 3] {
        bench.tokens.store(workspace(1), account(number), &token("hush"), now()).await.unwrap();
    }
    assert!(matches!(bench.loaded(9, 2).await, Err(SealError::Mismatch)), "another workspace");

    let stranger = Tokens::open(bench.db.clone(), MasterKey::generate()).await.unwrap();
    assert!(matches!(stranger.load(workspace(1), account(2)).await, Err(SealError::Mismatch)), "another master key");

    for columns in ["wrapped_key", "sealed", "wrapped_key, sealed"] {
        let bench = self::bench(engine).await;
        for number in [2, 3] {
            bench.tokens.store(workspace(1), account(number), &token("hush"), now()).await.unwrap();
        }
        let copy = format!(
            "update platform_tokens set ({columns}) = (select {columns} from platform_tokens where account_id = $1) \
             where account_id = $2"
        );
        let copy = copy.replace("set (sealed)", "set sealed").replace("set (wrapped_key)", "set wrapped_key");
        bench.db.execute(&copy, vec![account(2).uuid().into(), account(3).uuid().into()]).await.unwrap();
        assert!(matches!(bench.loaded(1, 3).await, Err(SealError::Mismatch)), "{columns} of another account");
        assert_eq!(bench.loaded(1, 2).await.unwrap().as_deref(), Some("hush"));
    }
}

async fn nothing_secret_is_stored_or_shown_in_the_open(engine: Engine) {
    let bench = bench(engine).await;
    bench.tokens.store(workspace(1), account(2), &token("hush-hush"), now()).await.unwrap();
    let rows = bench.db.query("select * from platform_tokens", vec![]).await.unwrap();
    let error = bench.loaded(9, 2).await.unwrap_err();
    let loaded = bench.tokens.load(workspace(1), account(2)).await.unwrap();
    let shown = format!("{rows:?} {:?} {error} {error:?} {loaded:?}", bench.tokens);
    assert!(!shown.contains("hush") && !shown.contains("access_token"), "{shown}");
    let bytes = rows[0].bytes("wrapped_key").unwrap();
    assert!(!bytes.windows(4).any(|part| part == b"hush"));
}
