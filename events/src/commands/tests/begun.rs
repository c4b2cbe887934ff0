//! Who began a stream.

use super::*;

/// By whichever way a stream is known: from the lane that wrote it, from memory, from the log, as of a position.
#[tokio::test]
async fn who_began_a_stream_stays_who_began_it() {
    let (journal, clock) = journal().await;
    let (ada, bob) = (Actor::of("key_ada"), Actor::of("key_bob"));
    let by = |actor: &Actor, id: u128, action: KeyAction| {
        let metadata = Metadata::by(actor.clone());
        Request { metadata, ..request(Uuid::from_u128(id), KeyCommand { now: clock.now(), action }) }
    };
    let create = || create(&clock).action;
    for (id, sharing) in [(1, Sharing::Alone), (2, Sharing::Shared)] {
        let remember = NonZeroUsize::new(8).expect("above 0");
        let executor = || Executor::<Key>::new(Arc::clone(&journal), clock.clone(), (), sharing, remember);
        let keys = executor();
        // In one lane, as one append; the first one is refused, and begins nothing.
        let (refused, made, revoked, again) = tokio::join!(
            keys.execute(by(&bob, id, KeyAction::Revoke)),
            keys.execute(by(&ada, id, create())),
            keys.execute(by(&bob, id, KeyAction::Revoke)),
            keys.execute(by(&bob, id, KeyAction::Revoke)),
        );
        assert!(refused.is_err());
        let (made, again) = (made.expect("made"), again.expect("nothing to do"));
        for committed in [&made, &revoked.expect("revoked"), &again] {
            assert_eq!(committed.begun_by.as_ref(), Some(&ada), "{sharing:?}");
        }
        let uuid = Uuid::from_u128(id);
        for keys in [keys, executor()] {
            let now = keys.load(WORKSPACE, uuid).await.expect("read").expect("there");
            let then = keys.load_at(WORKSPACE, uuid, made.position).await.expect("read").expect("there");
            assert_eq!((now.version, now.begun_by.as_ref()), (Version(2), Some(&ada)), "{sharing:?}");
            assert_eq!((then.version, then.begun_by.as_ref()), (Version(1), Some(&ada)), "{sharing:?}");
            let nothing = keys.execute(by(&bob, id, KeyAction::Revoke)).await.expect("nothing to do");
            assert_eq!(nothing.begun_by.as_ref(), Some(&ada), "{sharing:?}");
        }
    }

    // Past the lanes, and on from there.
    let keys = keys(&journal, &clock);
    let three = Uuid::from_u128(3);
    for (actor, action) in [(&ada, create()), (&bob, KeyAction::Revoke)] {
        let mut joint = Joint::new(WORKSPACE, Metadata::by(actor.clone()), None);
        joint.ask(&keys, WORKSPACE, three, [KeyCommand { now: clock.now(), action }]).await.expect("decided");
        joint.append().await.expect("appended");
        let known = keys.load(WORKSPACE, three).await.expect("read").expect("there");
        assert_eq!(known.begun_by.as_ref(), Some(&ada));
    }
}

/// What can't be appended has begun nothing.
#[tokio::test]
async fn who_did_not_get_in_began_nothing() {
    let (journal, clock) = journal().await;
    let remember = NonZeroUsize::new(8).expect("above 0");
    let node = || Executor::<Key>::new(Arc::clone(&journal), clock.clone(), (), Sharing::Alone, remember);
    let (one, other) = (node(), node());
    let by = |actor: &str, action: KeyAction| {
        let metadata = Metadata::by(Actor::of(actor));
        Request { metadata, ..request(Uuid::from_u128(1), KeyCommand { now: clock.now(), action }) }
    };
    let mut stale = Joint::new(WORKSPACE, Metadata::by(Actor::of("key_bob")), None);
    stale.ask(&one, WORKSPACE, Uuid::from_u128(1), [create(&clock)]).await.expect("decided");
    other.execute(by("key_ada", create(&clock).action)).await.expect("made");
    assert!(matches!(stale.append().await, Err(AppendError::VersionConflict { .. })));
    let revoked = one.execute(by("key_bob", KeyAction::Revoke)).await.expect("revoked");
    assert_eq!(revoked.begun_by, Some(Actor::of("key_ada")));
}

/// Who says that a stream is new and errs is answered as everybody is: whatever is remembered, and whether others append.
#[tokio::test]
async fn what_is_begun_twice_is_begun_once() {
    let (journal, clock) = journal().await;
    let id = Uuid::from_u128(1);
    let ours = keys(&journal, &clock).begin(request(id, create(&clock))).await.expect("made");
    assert_eq!((ours.events.len(), ours.version), (1, Version(1)));
    for sharing in [Sharing::Alone, Sharing::Shared] {
        let remember = NonZeroUsize::new(8).expect("above 0");
        let node = || Executor::<Key>::new(Arc::clone(&journal), clock.clone(), (), sharing, remember);
        let by_executing = node().execute(request(id, create(&clock))).await.expect_err("it is there");
        let by_beginning = node().begin(request(id, create(&clock))).await.expect_err("it is there");
        assert_eq!(format!("{by_beginning:?}"), format!("{by_executing:?}"), "{sharing:?}");
        // What an empty stream refuses, as well as what begins nothing.
        let revoke = || request(id, KeyCommand { now: clock.now(), action: KeyAction::Revoke });
        assert!(node().begin(revoke()).await.is_ok(), "{sharing:?}");
        let elsewhere = Request { workspace: WorkspaceId::from_uuid(Uuid::from_u128(8)), ..revoke() };
        assert!(matches!(node().begin(elsewhere).await, Err(CommandError::NotFound)), "{sharing:?}");
    }
    let loaded = keys(&journal, &clock).load(WORKSPACE, id).await.expect("read").expect("there");
    assert_eq!(loaded.version, Version(2), "made, and revoked once");
}
