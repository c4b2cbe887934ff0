mod begun;

use std::{num::NonZeroUsize, sync::Arc};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::*;
use crate::{
    clock::{Clock, ManualClock},
    db::Sqlite,
    ids::{AccountId, OrganizationId, PostId, Version, WorkspaceId},
    journal::{Actor, AppendError, Journal, Metadata, SqliteJournal, StreamId, StreamKind},
    key::{Grant, Key, KeyAction, KeyCommand, KeyError, NewKey},
    post::{
        Content, Evidence, Limits, Post, PostAction, PostCommand, PostDrafted, PostEvent, PostServices, StepCompleted,
        TargetRef, When,
    },
    seal::Sealed,
    workspace::{Workspace, WorkspaceAction, WorkspaceCommand},
};

const WORKSPACE: WorkspaceId = WorkspaceId::from_uuid(Uuid::from_u128(7));

async fn journal() -> (Arc<dyn Journal>, Arc<ManualClock>) {
    let clock = ManualClock::starting_at("2026-12-01T09:00:00Z".parse::<DateTime<Utc>>().expect("a time"));
    let db = Sqlite::open_in_memory().expect("a database");
    let journal = SqliteJournal::open(db, clock.clone()).await.expect("a journal");
    (Arc::new(journal), clock)
}

fn keys(journal: &Arc<dyn Journal>, clock: &Arc<ManualClock>) -> Executor<Key> {
    let remember = NonZeroUsize::new(8).expect("above 0");
    Executor::new(Arc::clone(journal), clock.clone(), (), Sharing::Alone, remember)
}

fn create(clock: &ManualClock) -> KeyCommand {
    let new = NewKey::new(WORKSPACE, Sealed::from_stored("s1.x"), "sk_live_3fK9", Grant::everything());
    KeyCommand { now: clock.now(), action: KeyAction::Create(Box::new(new)) }
}

fn request<C>(id: Uuid, command: C) -> Request<C> {
    Request { workspace: WORKSPACE, id, command, metadata: Metadata::by(Actor::engine()), receipt: None }
}

#[tokio::test]
async fn a_command_answers_with_its_events_and_their_position() {
    let (journal, clock) = journal().await;
    let keys = keys(&journal, &clock);
    let made = keys.execute(request(Uuid::from_u128(1), create(&clock))).await.expect("made");
    assert_eq!((made.events.len(), made.version, made.position.0), (1, Version(1), 1));
    let revoke = KeyCommand { now: clock.now(), action: KeyAction::Revoke };
    let revoked = keys.execute(request(Uuid::from_u128(1), revoke.clone())).await.expect("revoked");
    assert!(revoked.state.revoked_at.is_some());
    let again = keys.execute(request(Uuid::from_u128(1), revoke)).await.expect("nothing to do");
    assert_eq!((again.events.len(), again.position.0), (0, 2));
}

#[tokio::test]
async fn a_receipt_stands_where_its_own_command_ended() {
    let (journal, clock) = journal().await;
    let keys = keys(&journal, &clock);
    let id = Uuid::from_u128(1);
    let stream = StreamId::new(StreamKind::Key, id);
    let with_receipt = |name: &str, command: KeyCommand| {
        let (key, request_digest) = (name.to_owned(), vec![1]);
        let receipt = crate::journal::NewReceipt { key, request_digest, status: 200, resource: stream, sealed: None };
        Request { receipt: Some(receipt), ..request(id, command) }
    };
    let revoke = KeyCommand { now: clock.now(), action: KeyAction::Revoke };
    // All three wait for one lane, which would take them together.
    let (made, revoked, same) = tokio::join!(
        keys.execute(with_receipt("make", create(&clock))),
        keys.execute(with_receipt("revoke", revoke.clone())),
        keys.execute(with_receipt("nothing to do", revoke)),
    );
    for (name, committed) in [("make", made), ("revoke", revoked)] {
        let committed = committed.expect("carried out");
        let kept = journal.receipt(WORKSPACE, name).await.expect("read").expect("kept");
        assert_eq!(kept.position, committed.position, "{name}");
        let then = keys.load_at(WORKSPACE, id, kept.position).await.expect("read").expect("there").state;
        assert_eq!(then, committed.state, "{name}: as it was answered");
    }
    assert!(same.expect("answered").events.is_empty());
    assert_eq!(journal.receipt(WORKSPACE, "nothing to do").await.expect("read"), None);
}

#[tokio::test]
async fn what_the_log_shows_can_be_loaded() {
    let (journal, clock) = journal().await;
    let keys = keys(&journal, &clock);
    let mut shown = journal.watch();
    for number in 1..=200 {
        let id = Uuid::from_u128(number.into());
        keys.execute(request(id, create(&clock))).await.expect("made");
        let revoke = KeyCommand { now: clock.now(), action: KeyAction::Revoke };
        let loaded = async {
            shown.wait_for(|position| position.0 == 2 * number).await.expect("the journal is open");
            keys.load(WORKSPACE, id).await.expect("read").expect("there")
        };
        let (revoked, loaded) = tokio::join!(keys.execute(request(id, revoke)), loaded);
        assert_eq!(loaded.version, revoked.expect("revoked").version, "key {number}");
    }
}

#[tokio::test]
async fn what_belongs_to_another_workspace_is_not_there() {
    let (journal, clock) = journal().await;
    let keys = keys(&journal, &clock);
    let id = Uuid::from_u128(1);
    keys.execute(request(id, create(&clock))).await.expect("made");
    let mut foreign = request(id, KeyCommand { now: clock.now(), action: KeyAction::Revoke });
    foreign.workspace = WorkspaceId::from_uuid(Uuid::from_u128(8));
    assert!(matches!(keys.execute(foreign.clone()).await, Err(CommandError::NotFound)));
    assert!(keys.load(foreign.workspace, id).await.expect("read").is_none());
    assert!(keys.load(WORKSPACE, id).await.expect("read").is_some());
}

#[tokio::test]
async fn what_was_given_up_at_rest_is_read_again() {
    let (journal, clock) = journal().await;
    let keys = keys(&journal, &clock);
    let id = Uuid::from_u128(1);
    let made = keys.execute(request(id, create(&clock))).await.expect("made");
    assert!(keys.shared.memory.get(id).is_some());
    keys.rest();
    assert!(keys.shared.memory.get(id).is_none());
    let loaded = keys.load(WORKSPACE, id).await.expect("read").expect("there");
    assert_eq!((loaded.version, &loaded.state), (made.version, &made.state));
    keys.rest();
    let revoke = KeyCommand { now: clock.now(), action: KeyAction::Revoke };
    let revoked = keys.execute(request(id, revoke)).await.expect("revoked");
    assert_eq!(revoked.version, Version(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn commands_of_one_stream_are_decided_one_after_the_other() {
    let (journal, clock) = journal().await;
    // Two executors, as two nodes would be: they conflict, load again and decide again.
    let remember = NonZeroUsize::new(8).expect("above 0");
    let node = || Executor::<Key>::new(Arc::clone(&journal), clock.clone(), (), Sharing::Shared, remember);
    let nodes = [node(), node()];
    let id = Uuid::from_u128(1);
    let outcomes = futures::future::join_all((0..40).map(|at| {
        let (node, command) = (nodes[at % 2].clone(), create(&clock));
        async move { node.execute(request(id, command)).await }
    }))
    .await;
    let made = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let refused = outcomes.iter().filter(|it| matches!(it, Err(CommandError::Refused(KeyError::Exists)))).count();
    assert_eq!((made, refused), (1, 39));
    let stored = journal.read_stream(StreamId::new(StreamKind::Key, id), Version(0), 100).await.expect("read");
    assert_eq!(stored.len(), 1);
}

/// What one node remembers, another has moved on from: no answer goes by it alone.
#[tokio::test]
async fn what_is_remembered_of_a_shared_stream_answers_nothing_by_itself() {
    let (journal, clock) = journal().await;
    let remember = NonZeroUsize::new(8).expect("above 0");
    let node = || Executor::<Workspace>::new(Arc::clone(&journal), clock.clone(), (), Sharing::Shared, remember);
    let [here, there] = [node(), node()];
    let tell = async |node: &Executor<Workspace>, action| {
        let told = node.execute(request(WORKSPACE.uuid(), WorkspaceCommand { now: clock.now(), action })).await;
        let told = told.expect("it can be told");
        (told.events.len(), told.version.0, told.state.paused_at.is_some())
    };
    let (organization_id, name) = (OrganizationId::from(Uuid::from_u128(2)), Sealed::from_stored("s1.x"));
    tell(&here, WorkspaceAction::Create { organization_id, name }).await;
    assert_eq!(tell(&there, WorkspaceAction::Pause).await, (1, 2, true));
    assert_eq!(tell(&here, WorkspaceAction::Resume).await, (1, 3, false), "it was paused since");
    assert_eq!(tell(&there, WorkspaceAction::Pause).await, (1, 4, true), "it was resumed since");
    assert_eq!(tell(&here, WorkspaceAction::Pause).await, (0, 4, true), "it was paused since");
    assert_eq!(tell(&here, WorkspaceAction::Resume).await, (1, 5, false));
    assert_eq!(tell(&there, WorkspaceAction::Resume).await, (0, 5, false), "it was resumed since");
}

/// A post that is being published to two accounts, with an open intent on each.
async fn publishing(journal: &Arc<dyn Journal>, clock: &Arc<ManualClock>, post: Uuid, accounts: &[AccountId]) {
    use crate::{
        ids::WorkerId,
        journal::{Append, Expected},
        post::{AttemptStarted, Delivery, Intent, PostScheduled, SendIntended, Step},
    };
    let at = clock.now();
    let target = |account_id: &AccountId| TargetRef { account_id: *account_id, platform: "sandbox".into() };
    let mut events = vec![
        PostEvent::Drafted(PostDrafted {
            content: Content { body: Sealed::from_stored("s1.x"), ..Content::default() },
            digests: std::collections::BTreeMap::new(),
            targets: accounts.iter().map(target).collect(),
            tags: Vec::new(),
            limits: Limits::default(),
            at,
        }),
        PostEvent::Scheduled(PostScheduled {
            revision: 2,
            when: When::instant(at),
            account_ids: accounts.to_vec(),
            at,
        }),
    ];
    for account_id in accounts.iter().copied() {
        events.push(PostEvent::AttemptStarted(AttemptStarted {
            account_id,
            number: 1,
            worker: WorkerId::default(),
            delivery: Delivery::Searchable,
            baseline: None,
            revision: 2,
            at,
        }));
        let intent = Intent {
            step: Step::Part(0),
            marker: "m".into(),
            request_digest: "d".into(),
            at,
            not_after: at + chrono::Duration::seconds(30),
        };
        events.push(PostEvent::SendIntended(SendIntended { account_id, number: 1, intent }));
    }
    let stream = StreamId::new(StreamKind::Post, post);
    let events = new_events::<Post>(post, &events, &Metadata::by(Actor::engine()), at).expect("json");
    let expected = vec![Expected { stream, version: Version(0) }];
    journal
        .append(Append { workspace: WORKSPACE, expected, events, receipts: Vec::new(), begins: false })
        .await
        .expect("appended");
}

#[tokio::test]
async fn a_command_that_can_not_be_appended_fails_alone() {
    let (journal, clock) = journal().await;
    let posts = Executor::<Post>::new(
        Arc::clone(&journal),
        clock.clone(),
        PostServices::default(),
        Sharing::Alone,
        NonZeroUsize::new(8).expect("above 0"),
    );
    let accounts = [1, 2].map(|it| AccountId::from(Uuid::from_u128(it)));
    let id = PostId::from(Uuid::from_u128(9)).uuid();
    publishing(&journal, &clock, id, &accounts).await;
    // The remote name of the second belongs to another post already.
    let other = Uuid::from_u128(10);
    publishing(&journal, &clock, other, &accounts).await;
    let complete = |account_id, remote_id: &str| {
        let action = PostAction::CompleteStep {
            account_id,
            number: 1,
            step: crate::post::Step::Part(0),
            remote_id: remote_id.to_owned(),
            url: None,
            claim: true,
        };
        PostCommand::new(clock.now(), 0.5, action)
    };
    posts.execute(request(other, complete(accounts[1], "taken"))).await.expect("the first to claim it");
    let (first, second) = tokio::join!(
        posts.execute(request(id, complete(accounts[0], "free"))),
        posts.execute(request(id, complete(accounts[1], "taken"))),
    );
    let first = first.expect("carried out").events;
    assert!(matches!(
        &first[0],
        PostEvent::StepCompleted(StepCompleted { evidence: Evidence::Answered, claimed: true, .. })
    ));
    assert!(matches!(second, Err(CommandError::ClaimTaken { .. })), "{second:?}");
}

#[tokio::test]
async fn an_unknown_post_is_refused() {
    let (journal, clock) = journal().await;
    let remember = NonZeroUsize::new(8).expect("above 0");
    let posts = Executor::<Post>::new(journal, clock.clone(), PostServices::default(), Sharing::Alone, remember);
    let cancel = PostCommand::new(clock.now(), 0.5, PostAction::Cancel { account_ids: Vec::new() });
    let refused = posts.execute(request(Uuid::from_u128(1), cancel)).await;
    assert!(matches!(refused, Err(CommandError::Refused(crate::post::PostError::NotFound))), "{refused:?}");
}

#[tokio::test]
async fn commands_to_several_streams_go_in_as_one_or_not_at_all() {
    let (journal, clock) = journal().await;
    let keys = keys(&journal, &clock);
    let [one, two, three] = [1, 2, 3].map(Uuid::from_u128);
    let revoke = || KeyCommand { now: clock.now(), action: KeyAction::Revoke };
    let joint = || Joint::new(WORKSPACE, Metadata::by(Actor::engine()), None);
    let mut both = joint();
    both.ask(&keys, WORKSPACE, one, [create(&clock)]).await.expect("decided");
    let gone = both.ask(&keys, WORKSPACE, two, [create(&clock), revoke()]).await.expect("decided");
    assert!(gone.revoked_at.is_some());
    assert_eq!(both.append().await.expect("appended").0, 3);
    // What is remembered is what was appended: nothing has to be read again.
    let known = keys.load(WORKSPACE, two).await.expect("read").expect("there");
    assert_eq!((known.state, known.version, known.position.0), (gone, Version(2), 3));

    let mut stale = joint();
    stale.ask(&keys, WORKSPACE, one, [revoke()]).await.expect("decided");
    let read = keys.load(WORKSPACE, two).await.expect("read").expect("there");
    stale.relies_on(&keys, two, &Loaded { version: Version(1), ..read.clone() });
    let error = stale.append().await.expect_err("it is at version 2");
    assert!(matches!(error, AppendError::VersionConflict { .. }), "{error}");
    assert!(Tries::default().again(error).await.is_ok());
    assert!(Tries::default().again(AppendError::QueueFull).await.is_err());
    let unmoved = keys.load(WORKSPACE, one).await.expect("read").expect("there");
    assert_eq!((unmoved.version, unmoved.state.revoked_at), (Version(1), None));

    let mut fresh = joint();
    fresh.ask(&keys, WORKSPACE, one, [revoke()]).await.expect("decided");
    fresh.relies_on(&keys, two, &read);
    assert_eq!(fresh.append().await.expect("appended").0, 4);
    let mut nothing = joint();
    nothing.ask(&keys, WORKSPACE, one, [revoke()]).await.expect("nothing to do");
    assert_eq!(nothing.append().await.expect("nothing to append").0, 4);
    let elsewhere = WorkspaceId::from(three);
    let refused = joint().ask(&keys, elsewhere, one, [revoke()]).await;
    assert!(matches!(refused, Err(CommandError::NotFound)), "{refused:?}");
    assert_eq!(journal.head().await.expect("a head").position.0, 4);
}

/// A lane and several joint commands on the same streams: each is decided on what the other left.
#[tokio::test(flavor = "multi_thread")]
async fn what_goes_past_the_lanes_meets_them_at_the_append() {
    let (journal, clock) = journal().await;
    let keys = keys(&journal, &clock);
    let stream = Uuid::from_u128(1);
    let aside = (0..8_u128).map(|number| {
        let (keys, clock) = (keys.clone(), Arc::clone(&clock));
        tokio::spawn(async move {
            let mut tries = Tries::default();
            loop {
                let mut joint = Joint::new(WORKSPACE, Metadata::by(Actor::engine()), None);
                let made = joint.ask(&keys, WORKSPACE, stream, [create(&clock)]).await;
                let own = joint.ask(&keys, WORKSPACE, Uuid::from_u128(100 + number), [create(&clock)]).await;
                own.expect("its own");
                let Ok(_) = made else { return false };
                match joint.append().await {
                    Ok(_) => return true,
                    Err(error) => tries.again(error).await.expect("another try"),
                }
            }
        })
    });
    let aside: Vec<_> = aside.collect();
    let lane = keys.execute(request(stream, create(&clock))).await.is_ok();
    let mut made = usize::from(lane);
    for task in aside {
        made += usize::from(task.await.expect("the task ends"));
    }
    assert_eq!(made, 1, "one of nine made it");
    let beside = journal.head().await.expect("a head").position.0;
    assert_eq!(beside, if lane { 1 } else { 2 }, "who lost left nothing");
}
