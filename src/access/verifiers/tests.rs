//! Secrets find their keys, under whichever pepper.

use campanile_events::{db::engines::Databases, key::KeyMode, seal::MasterKey};
use uuid::Uuid;

use super::*;

campanile_events::on_every_engine!(
    a_secret_finds_its_key_and_no_other_does,
    keys_stand_under_several_peppers_and_move_to_the_newest_when_used,
    a_pepper_that_is_missing_or_another_is_named,
    a_new_pepper_waits_for_every_node,
    a_pepper_is_retired_once_no_key_needs_it_and_a_lost_one_given_up,
);

/// A place for a peppers' file, with the master key that seals it.
struct Kitchen {
    dir: tempfile::TempDir,
    master: MasterKey,
}

impl Kitchen {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a folder"), master: MasterKey::generate() }
    }

    fn file(&self) -> PepperFile {
        PepperFile::in_folder(self.dir.path(), self.master.clone())
    }
}

fn holder(number: u128) -> Holder {
    Holder { key_id: Uuid::from_u128(number).into(), workspace: Uuid::from_u128(7).into() }
}

fn secret() -> KeySecret {
    KeySecret::generate(KeyMode::Live)
}

async fn open(db: &Arc<dyn Database>, file: PepperFile) -> Verifiers {
    Verifiers::open(Arc::clone(db), file, None).await.expect("open")
}

async fn counts(verifiers: &Verifiers) -> Vec<(u64, usize)> {
    let versions = verifiers.versions().await.expect("read");
    versions.into_iter().map(|it| (it.version, it.keys.len())).collect()
}

async fn a_secret_finds_its_key_and_no_other_does(engine: Engine) {
    let databases = Databases::of(engine);
    let (db, kitchen) = (databases.open("a").await, Kitchen::new());
    let verifiers = open(&db, kitchen.file()).await;
    let (own, other) = (secret(), secret());
    verifiers.keep(&own, holder(1)).await.expect("kept");
    let again = open(&db, kitchen.file()).await;
    for verifiers in [&verifiers, &again, &again] {
        assert_eq!(verifiers.find(&own).await.expect("read"), Some(holder(1)));
        assert_eq!(verifiers.find(&other).await.expect("read"), None);
    }
    // The master key's own check comes first; behind it, a first pepper that is another is noticed as well.
    let foreign = Verifiers::open(db, Kitchen::new().file(), None).await.expect_err("another master key");
    assert!(matches!(foreign, PepperError::Another { version: 1, .. }), "{foreign}");
}

async fn keys_stand_under_several_peppers_and_move_to_the_newest_when_used(engine: Engine) {
    let databases = Databases::of(engine);
    let (db, kitchen) = (databases.open("a").await, Kitchen::new());
    let verifiers = open(&db, kitchen.file()).await;
    let [first, idle, second] = [secret(), secret(), secret()];
    verifiers.keep(&first, holder(1)).await.expect("kept");
    verifiers.keep(&idle, holder(2)).await.expect("kept");
    assert_eq!(verifiers.find(&first).await.expect("read"), Some(holder(1)), "remembered from now on");
    assert_eq!(verifiers.add_pepper().await.expect("added"), 2);
    verifiers.keep(&second, holder(3)).await.expect("kept");
    assert_eq!(counts(&verifiers).await, [(1, 2), (2, 1)]);
    assert_eq!(verifiers.find(&first).await.expect("read"), Some(holder(1)));
    assert_eq!(counts(&verifiers).await, [(1, 1), (2, 2)], "whose secret is used moves");
    assert_eq!(verifiers.add_pepper().await.expect("added"), 3);
    let again = open(&db, kitchen.file()).await;
    for verifiers in [&again, &verifiers] {
        for (secret, number) in [(&second, 3), (&first, 1)] {
            assert_eq!(verifiers.find(secret).await.expect("read"), Some(holder(number)));
        }
    }
    assert_eq!(counts(&again).await, [(1, 1), (2, 0), (3, 2)]);
    assert_eq!(again.find(&idle).await.expect("read"), Some(holder(2)));
    assert_eq!(counts(&again).await, [(1, 0), (2, 0), (3, 3)]);
    assert_eq!(again.standing(), (true, "version 3 of 1, 2, 3".to_owned()));
}

async fn a_pepper_that_is_missing_or_another_is_named(engine: Engine) {
    let databases = Databases::of(engine);
    let (db, kitchen) = (databases.open("a").await, Kitchen::new());
    let verifiers = open(&db, kitchen.file()).await;
    verifiers.add_pepper().await.expect("added");
    let own = secret();
    verifiers.keep(&own, holder(1)).await.expect("kept");
    let path = kitchen.dir.path().join("peppers");
    let kept = std::fs::read(&path).expect("read");

    std::fs::remove_file(&path).expect("removed");
    let missing = Verifiers::open(Arc::clone(&db), kitchen.file(), None).await.expect_err("it is missing");
    assert!(matches!(missing, PepperError::Missing { version: 2, keys: 1, .. }), "{missing}");
    verifiers.look().await.expect("looked");
    let (ok, words) = verifiers.standing();
    assert!(ok && words.contains("has lost version 2"), "what runs goes on, and warns: {words}");
    assert_eq!(verifiers.find(&own).await.expect("read"), Some(holder(1)));

    kitchen.file().add().expect("added");
    let another = Verifiers::open(Arc::clone(&db), kitchen.file(), None).await.expect_err("it is another");
    assert!(matches!(another, PepperError::Another { version: 2, .. }), "{another}");
    verifiers.look().await.expect("looked");
    let words = verifiers.standing().1;
    assert!(words.contains("version 2 of the pepper") && words.contains("is another"), "{words}");
    verifiers.known().clear();
    assert_eq!(verifiers.find(&own).await.expect("read"), Some(holder(1)), "it keeps to its own");

    std::fs::write(&path, kept).expect("written");
    verifiers.look().await.expect("looked");
    assert_eq!(verifiers.standing(), (true, "version 2 of 1, 2".to_owned()));
    open(&db, kitchen.file()).await;
}

async fn a_new_pepper_waits_for_every_node(engine: Engine) {
    let databases = Databases::of(engine);
    let db = databases.open("a").await;
    let (one, mut two) = (Kitchen::new(), Kitchen::new());
    two.master = one.master.clone();
    let node = async |kitchen: &Kitchen, number| {
        Verifiers::open(Arc::clone(&db), kitchen.file(), Some(Uuid::from_u128(number))).await
    };
    let first = node(&one, 1).await.expect("open");
    let second = node(&two, 2).await.expect("open");
    assert_eq!(first.add_pepper().await.expect("added"), 2);
    assert_eq!(first.standing(), (true, "version 1 of 1, 2; waits for nodes that lack version 2".to_owned()));
    let own = secret();
    first.keep(&own, holder(1)).await.expect("kept");
    assert_eq!(second.find(&own).await.expect("read"), Some(holder(1)), "under what all have");
    std::fs::copy(one.dir.path().join("peppers"), two.dir.path().join("peppers")).expect("copied");
    second.look().await.expect("looked");
    first.look().await.expect("looked");
    assert_eq!(first.standing(), (true, "version 2 of 1, 2".to_owned()));
    let later = secret();
    first.keep(&later, holder(2)).await.expect("kept");
    assert_eq!(second.find(&later).await.expect("read"), Some(holder(2)));

    // The second was not heard for long, or has left: a third pepper doesn't wait for it.
    second.leave().await.expect("left");
    assert_eq!(first.add_pepper().await.expect("added"), 3);
    assert_eq!(first.standing().1, "version 3 of 1, 2, 3");
    let last = secret();
    first.keep(&last, holder(3)).await.expect("kept");
    for unknown in [&last, &secret()] {
        let lacking = second.find(unknown).await.expect_err("it can't tell");
        assert!(matches!(lacking, PepperError::Lacking(3)), "{lacking}");
    }
    second.look().await.expect("looked");
    let (ok, words) = second.standing();
    assert!(!ok && words.contains("lacks what keys stand under: version 3"), "{words}");
    let refused = node(&two, 3).await.expect_err("it lacks one");
    assert!(refused.to_string().starts_with("version 3 of the pepper is missing (keys under it: 1)"), "{refused}");
    std::fs::copy(one.dir.path().join("peppers"), two.dir.path().join("peppers")).expect("copied");
    second.look().await.expect("looked");
    assert_eq!(second.find(&last).await.expect("read"), Some(holder(3)), "without a restart");
}

async fn a_pepper_is_retired_once_no_key_needs_it_and_a_lost_one_given_up(engine: Engine) {
    let databases = Databases::of(engine);
    let (db, kitchen) = (databases.open("a").await, Kitchen::new());
    let verifiers = open(&db, kitchen.file()).await;
    verifiers.add_pepper().await.expect("added");
    let [used, revoked] = [secret(), secret()];
    verifiers.keep(&used, holder(1)).await.expect("kept");
    verifiers.keep(&revoked, holder(2)).await.expect("kept");
    let retire = async |version, over: &[u128]| {
        let over = over.iter().map(|number| holder(*number).key_id).collect();
        verifiers.retire(version, &over).await.expect("it is decided")
    };
    assert_eq!(retire(2, &[]).await, Retirement::Newest);
    assert_eq!(retire(5, &[]).await, Retirement::Unknown);
    verifiers.add_pepper().await.expect("added");
    assert_eq!(retire(2, &[2]).await, Retirement::Needed(1));
    assert_eq!(counts(&verifiers).await, [(1, 0), (2, 2), (3, 0)], "nothing was changed");
    assert_eq!(verifiers.find(&used).await.expect("read"), Some(holder(1)));
    assert_eq!(retire(2, &[2]).await, Retirement::Done(1));
    assert_eq!(counts(&verifiers).await, [(1, 0), (3, 1)]);
    assert_eq!(verifiers.find(&revoked).await.expect("read"), None);
    assert_eq!(retire(1, &[]).await, Retirement::Done(0));
    verifiers.look().await.expect("looked");
    assert_eq!(verifiers.standing(), (true, "version 3 of 1, 3".to_owned()), "it doesn't come back");
    let again = open(&db, kitchen.file()).await;
    assert_eq!(again.find(&used).await.expect("read"), Some(holder(1)));
    assert_eq!(again.add_pepper().await.expect("added"), 4);

    let give_up = async |version| Verifiers::give_up(&db, &kitchen.file(), version).await.expect("it is decided");
    assert_eq!(give_up(3).await, Retirement::Newest, "it is here");
    std::fs::remove_file(kitchen.dir.path().join("peppers")).expect("removed");
    let missing = Verifiers::open(Arc::clone(&db), kitchen.file(), None).await.expect_err("it is missing");
    assert!(matches!(missing, PepperError::Missing { version: 3, .. }), "{missing}");
    assert_eq!((give_up(3).await, give_up(4).await), (Retirement::Done(1), Retirement::Done(0)));
    assert_eq!(give_up(3).await, Retirement::Unknown);
    let left = open(&db, kitchen.file()).await;
    assert_eq!(left.find(&used).await.expect("read"), None, "its key is lost with it");
    let new = secret();
    left.keep(&new, holder(3)).await.expect("kept");
    assert_eq!(left.find(&new).await.expect("read"), Some(holder(3)));
}
