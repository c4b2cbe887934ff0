use std::sync::Arc;

use campanile_events::{
    db::{Database, Engine, engines::Databases},
    ids::{KeyId, WorkspaceId},
    seal::{MasterKey, SealError},
};
use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    apps::Apps,
    states::{Beginner, States, Taken},
};
use crate::platforms::{AppKeeper, Credentials};

campanile_events::on_every_engine!(
    a_state_is_taken_once_by_who_began_it,
    of_many_who_take_a_state_at_once_one_gets_it,
    a_state_is_good_until_its_end,
    a_row_opens_in_its_place_alone,
    nothing_secret_is_stored_or_shown_in_the_open,
    an_app_is_kept_for_its_platform_server_and_address,
);

const STATE: &str = "state-hush";

fn now() -> DateTime<Utc> {
    "2026-12-01T09:00:00Z".parse().unwrap()
}

fn end() -> DateTime<Utc> {
    now() + Duration::minutes(10)
}

fn beginner(workspace: u128, key: u128) -> Beginner {
    let (workspace, key) = (Uuid::from_u128(workspace), Uuid::from_u128(key));
    Beginner { workspace: WorkspaceId::from(workspace), key: KeyId::from(key) }
}

fn kept(text: &str) -> Credentials {
    Credentials::of(&json!({"verifier": text}))
}

struct Bench {
    _databases: Databases,
    db: Arc<dyn Database>,
    master: MasterKey,
    states: States,
}

async fn bench(engine: Engine) -> Bench {
    let (databases, master) = (Databases::of(engine), MasterKey::generate());
    let db = databases.open("a").await;
    let states = States::open(Arc::clone(&db), master.clone()).await.unwrap();
    Bench { _databases: databases, db, master, states }
}

impl Bench {
    async fn keep(&self, state: &str, who: Beginner, text: &str) {
        self.states.keep(state, who, "bells", &kept(text), end(), now()).await.unwrap();
    }

    async fn take(&self, state: &str, who: Beginner, platform: &str, at: DateTime<Utc>) -> Result<String, SealError> {
        Ok(match self.states.take(state, who, platform, at).await? {
            Taken::Begun(kept) => kept.read::<Value>().unwrap()["verifier"].as_str().unwrap().to_owned(),
            Taken::Expired => "expired".to_owned(),
            Taken::Unknown => "unknown".to_owned(),
        })
    }
}

async fn a_state_is_taken_once_by_who_began_it(engine: Engine) {
    let bench = bench(engine).await;
    bench.keep(STATE, beginner(1, 2), "first").await;
    bench.keep("state-other", beginner(1, 2), "second").await;
    for (state, who, platform) in [
        ("state-hus", beginner(1, 2), "bells"),
        (STATE, beginner(9, 2), "bells"),
        (STATE, beginner(1, 9), "bells"),
        (STATE, beginner(1, 2), "gongs"),
    ] {
        // It is there all the same for who began it, and to anybody else as if it were not.
        assert_eq!(bench.take(state, who, platform, now()).await.unwrap(), "unknown", "{state} {who:?} {platform}");
    }
    assert_eq!(bench.take(STATE, beginner(1, 2), "bells", now()).await.unwrap(), "first");
    assert_eq!(bench.take(STATE, beginner(1, 2), "bells", now()).await.unwrap(), "unknown");
    assert_eq!(bench.take("state-other", beginner(1, 2), "bells", now()).await.unwrap(), "second");
}

async fn of_many_who_take_a_state_at_once_one_gets_it(engine: Engine) {
    let bench = bench(engine).await;
    bench.keep(STATE, beginner(1, 2), "first").await;
    let taken = futures::future::join_all((0..8).map(|_| bench.take(STATE, beginner(1, 2), "bells", now()))).await;
    let got = taken.into_iter().filter(|taken| taken.as_ref().unwrap() == "first").count();
    assert_eq!(got, 1);
}

async fn a_state_is_good_until_its_end(engine: Engine) {
    let bench = bench(engine).await;
    for state in ["a", "b", "c"] {
        bench.keep(state, beginner(1, 2), "first").await;
    }
    let just = end() - Duration::milliseconds(1);
    assert_eq!(bench.take("a", beginner(1, 2), "bells", just).await.unwrap(), "first");
    assert_eq!(bench.take("b", beginner(1, 9), "bells", end()).await.unwrap(), "unknown", "to others it never was");
    assert_eq!(bench.take("b", beginner(1, 2), "bells", end()).await.unwrap(), "expired");
    assert_eq!(bench.take("b", beginner(1, 2), "bells", end()).await.unwrap(), "unknown");
    // What nobody came back for goes when another begins.
    let later = end() + Duration::minutes(61);
    bench.states.keep("d", beginner(1, 2), "bells", &kept("d"), later, later).await.unwrap();
    let rows = bench.db.query("select digest from oauth_states", vec![]).await.unwrap();
    assert_eq!(rows.len(), 1);
}

async fn a_row_opens_in_its_place_alone(engine: Engine) {
    let other = "update oauth_states set expires_at = $1";
    let bench = bench(engine).await;
    bench.keep(STATE, beginner(1, 2), "first").await;
    bench.db.execute(other, vec![(end() + Duration::days(1)).into()]).await.unwrap();
    let opened = bench.take(STATE, beginner(1, 2), "bells", now()).await;
    assert!(matches!(opened, Err(SealError::Mismatch)), "a longer life");
    for (column, value) in [("workspace_id", Uuid::from_u128(9)), ("key_id", Uuid::from_u128(9))] {
        let bench = self::bench(engine).await;
        bench.keep(STATE, beginner(1, 2), "first").await;
        let moved = format!("update oauth_states set {column} = $1");
        bench.db.execute(&moved, vec![value.into()]).await.unwrap();
        let who = if column == "key_id" { beginner(1, 9) } else { beginner(9, 2) };
        assert!(matches!(bench.take(STATE, who, "bells", now()).await, Err(SealError::Mismatch)), "{column}");
    }
    bench.keep(STATE, beginner(1, 2), "first").await;
    let stranger = States::open(Arc::clone(&bench.db), MasterKey::generate()).await.unwrap();
    let opened = stranger.take(STATE, beginner(1, 2), "bells", now()).await;
    assert!(matches!(opened, Err(SealError::Mismatch)), "another master key");
}

async fn nothing_secret_is_stored_or_shown_in_the_open(engine: Engine) {
    let bench = bench(engine).await;
    bench.keep(STATE, beginner(1, 2), "verifier-hush").await;
    let apps = Apps::open(Arc::clone(&bench.db), bench.master.clone()).await.unwrap();
    apps.of("bells", "https://hush.example/back", now()).keep("https://m.example", &kept("secret-hush")).await.unwrap();
    for table in ["oauth_states", "oauth_apps"] {
        let rows = bench.db.query(&format!("select * from {table}"), vec![]).await.unwrap();
        assert_eq!(rows.len(), 1);
        let bytes: Vec<u8> = rows[0].bytes("sealed").unwrap();
        assert!(!bytes.windows(4).any(|part| part == b"hush"));
        let shown = format!("{rows:?}");
        assert!(!shown.contains("hush") && !shown.contains("m.example"), "{shown}");
    }
    let shown =
        format!("{:?} {:?} {apps:?}", bench.states, bench.states.take(STATE, beginner(1, 2), "bells", now()).await);
    assert!(!shown.contains("hush"), "{shown}");
}

async fn an_app_is_kept_for_its_platform_server_and_address(engine: Engine) {
    let bench = bench(engine).await;
    let apps = Apps::open(Arc::clone(&bench.db), bench.master.clone()).await.unwrap();
    let (server, back) = ("https://m.example", "https://app.example/back");
    let of = |platform, back| apps.of(platform, back, now());
    let read = |app: Option<Credentials>| app.map(|app| app.read::<Value>().unwrap()["verifier"].clone());
    assert_eq!(read(of("bells", back).get(server).await.unwrap()), None);
    of("bells", back).keep(server, &kept("first")).await.unwrap();
    of("bells", back).keep(server, &kept("second")).await.unwrap();
    let again = Apps::open(Arc::clone(&bench.db), bench.master.clone()).await.unwrap();
    assert_eq!(read(again.of("bells", back, now()).get(server).await.unwrap()), Some(json!("second")));
    for (platform, back, server) in
        [("gongs", back, server), ("bells", "https://app.example/bac", server), ("bells", back, "https://n.example")]
    {
        assert_eq!(read(of(platform, back).get(server).await.unwrap()), None, "{platform} {back} {server}");
    }
    bench.db.execute("update oauth_apps set place = 'elsewhere'", vec![]).await.unwrap();
    assert_eq!(read(of("bells", back).get(server).await.unwrap()), None);
}
