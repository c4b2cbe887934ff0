//! A folder from `init` to the last checkpoint, and a log that somebody altered.

use std::{os::unix::fs::PermissionsExt, path::Path, sync::Arc, time::Duration};

use campanile_events::{
    clock::SystemClock,
    ids::{Epoch, Position, WorkspaceId},
    journal::HeldClaim,
    key::KeyStatus,
};
use tempfile::TempDir;
use tokio::sync::oneshot;

use super::{
    Engine, InitializeError, Initialized, OpenError, Opening, Owner, SOCKET, Store, initialize,
    log::{self, Report},
};
use crate::{
    access::Who,
    configuration::{Configuration, Folder},
};

fn folder() -> (TempDir, Folder) {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = Folder::embedded(dir.path().join("data"));
    (dir, folder)
}

async fn init(folder: &Folder) -> Result<Initialized, InitializeError> {
    let store = Store::open(folder, Opening::New, SystemClock::shared()).await.expect("opened");
    let owner = Owner { email: "ada@example.com".to_owned(), password: Some("correct horse".into()) };
    initialize(&store, owner).await
}

async fn verified(folder: &Folder) -> Report {
    let log = log::open(folder).await.expect("opened");
    let copy = std::fs::read_to_string(folder.path.join("checkpoint")).ok();
    log::verify(log.as_ref(), copy).await.expect("read")
}

fn failed(report: &Report) -> Vec<&'static str> {
    report.findings.iter().filter(|finding| !finding.ok).map(|finding| finding.check).collect()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("there").permissions().mode() & 0o777
}

#[tokio::test]
async fn what_a_log_left_that_never_came_is_not_the_new_ones() {
    let (_dir, folder) = folder();
    let store = Store::open(&folder, Opening::New, SystemClock::shared()).await.expect("opened");
    let name = store.signing_key.verifying_key().name().to_string();
    let note = format!("{name}/epoch-1\n412\nAAAA\n");
    store.checkpoints.keep(Epoch(1), Position(412), &note, store.clock.now()).await.expect("kept");
    drop(store);
    init(&folder).await.expect("made");
    assert_eq!(failed(&verified(&folder).await), [""; 0]);
    Engine::open(&Configuration::of(folder)).await.expect("served").drain(Duration::ZERO).await;
}

#[tokio::test]
async fn a_folder_is_made_once_and_opened_after() {
    let (_dir, folder) = folder();
    let configuration = Configuration::of(folder.clone());
    let empty = Engine::open(&configuration).await.expect_err("nothing is there");
    assert!(matches!(empty, OpenError::Empty(_)) && empty.is_refusal(), "{empty}");
    assert!(!folder.path.exists(), "nothing was made");

    let made = init(&folder).await.expect("made");
    assert_eq!((mode(&folder.path), mode(&folder.path.join("master.key"))), (0o700, 0o600));
    assert!(matches!(init(&folder).await, Err(InitializeError::Used(_))));

    let engine = Engine::open(&configuration).await.expect("running");
    let caller = engine
        .core()
        .access
        .authenticate(made.secret.expose(), crate::access::Presented::default())
        .await
        .expect("its key");
    let Who::Key { id, key } = &caller.who else { panic!("not a key: {caller:?}") };
    assert_eq!((*id, caller.workspace), (made.key_id, made.workspace_id));
    assert_eq!(key.status(SystemClock::shared().now()), KeyStatus::Active);
    let second = Engine::open(&configuration).await.expect_err("one process");
    assert!(second.is_refusal() && second.to_string().contains("is held by process"), "{second}");
    let head = engine.core().journal.head().await.expect("a head");
    assert_eq!(head.position, Position(5), "organization, person and role, workspace, key");
    let events = engine.core().journal.everywhere().read(Position(0), 5).await.expect("read");
    let belong: Vec<_> = events.iter().map(|event| (event.event_type.as_str(), event.workspace)).collect();
    let (engines, its) = (WorkspaceId::default(), made.workspace_id);
    let expected = [
        ("organization.created", engines),
        ("person.registered", engines),
        ("person.role_given", engines),
        ("workspace.created", its),
        ("key.created", its),
    ];
    assert_eq!(belong, expected);
}

#[tokio::test]
async fn it_serves_on_its_socket_until_told_to_stop_and_signs_what_it_leaves() {
    let (_dir, folder) = folder();
    init(&folder).await.expect("made");
    let engine = Arc::new(Engine::open(&Configuration::of(folder.clone())).await.expect("running"));
    let (tell, told) = oneshot::channel::<()>();
    let serving = tokio::spawn({
        let engine = Arc::clone(&engine);
        async move { engine.serve(None, async { drop(told.await) }).await }
    });
    let socket = folder.path.join(SOCKET);
    let bound = async {
        while tokio::net::UnixStream::connect(&socket).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), bound).await.expect("it listens");
    assert_eq!(mode(&socket), 0o600);
    let through = verified(&folder).await;
    assert!(through.ok && through.events == 5, "{through:?}");

    tell.send(()).expect("it listens");
    serving.await.expect("no panic").expect("served");
    assert!(!socket.exists());
    let note = std::fs::read_to_string(folder.path.join("checkpoint")).expect("signed");
    assert_eq!(note.lines().nth(1), Some("5"));
    drop(engine);
    let alone = verified(&folder).await;
    assert_eq!((alone.ok, alone.root), (true, through.root));
    assert_eq!(alone.findings.last().map(|it| it.text.as_str()), Some("2 signed, all of this log"));
    let text = |check| alone.findings.iter().find(|it| it.check == check).map(|it| it.text.as_str());
    assert_eq!(text("workspaces"), Some("1 workspaces, every number once"), "what belongs to none is no workspace");
}

#[tokio::test]
async fn what_somebody_altered_is_found() {
    for (alteration, found) in [
        (
            "update events set payload = cast(replace(cast(payload as text), 'live', 'test') as blob) where event_type = 'key.created'",
            "leaves",
        ),
        ("update events set metadata = replace(metadata, 'operator', 'engine') where position = 2", "leaves"),
        ("update events set version = 7 where position = 5", "streams"),
        ("update events set workspace_number = 9 where position = 5", "workspaces"),
        ("update events set event_type = 'key.crowned' where position = 5", "events"),
        ("update workspace_numbers set last_number = 4 where last_number = 2", "workspaces"),
        ("update claims set holder_id = x'00000000000000000000000000000000'", "claims"),
        ("update claims set position = 1", "claims"),
        ("update claims set value = 'another'", "claims"),
        ("delete from claims", "claims"),
        ("insert into claims select workspace, 'slug', value, holder_kind, holder_id, position from claims", "claims"),
        ("update journal_head set epoch = 2", "head"),
        ("update journal_head set recorded_at = '2020-01-01T00:00:00.000000Z'", "head"),
        // The last hash of the frontier: five leaves are a tree of four and one more.
        ("update journal_head set frontier = cast(substr(frontier, 1, length(frontier) - 1) || x'00' as blob)", "head"),
        ("update events set recorded_at = '2020-01-01T00:00:00.000000Z' where position = 3", "times"),
    ] {
        let (_dir, folder) = folder();
        init(&folder).await.expect("made");
        let engine = Engine::open(&Configuration::of(folder.clone())).await.expect("running");
        engine.drain(Duration::from_secs(10)).await;
        drop(engine);
        let store = Store::open(&folder, Opening::Existing, SystemClock::shared()).await.expect("opened");
        let touched = store.side.execute(alteration, vec![]).await.expect("altered");
        assert_eq!(touched, 1, "{alteration}");
        drop(store);
        let report = verified(&folder).await;
        assert!(!report.ok && failed(&report).contains(&found), "{alteration}: {report:?}");
    }
}

#[tokio::test]
async fn a_log_whose_hashes_were_made_to_fit_still_differs_from_what_was_signed() {
    let (_dir, folder) = folder();
    init(&folder).await.expect("made");
    let engine = Engine::open(&Configuration::of(folder.clone())).await.expect("running");
    engine.drain(Duration::from_secs(10)).await;
    drop(engine);
    // Another log in the first one's place, whole in itself; the key that signed is the same.
    let elsewhere = folder.path.with_file_name("other");
    let other = Folder { master_key_file: Some(folder.path.join("master.key")), ..Folder::embedded(elsewhere) };
    init(&other).await.expect("made");
    let store = Store::open(&other, Opening::Existing, SystemClock::shared()).await.expect("opened");
    let first = Store::open(&folder, Opening::Existing, SystemClock::shared()).await.expect("opened");
    let state = |store: &Store| {
        let (journal, checkpoints) = (Arc::clone(&store.journal), store.checkpoints.clone());
        let key = store.signing_key.verifying_key();
        async move { log::LogState::read(journal.as_ref(), &checkpoints, &key).await.expect("read") }
    };
    let (mut forged, signed) = (state(&store).await, state(&first).await);
    (forged.verifying_key, forged.checkpoints) = (signed.verifying_key, signed.checkpoints);
    let log = Forged { store, state: forged };
    let report = log::verify(&log, None).await.expect("read");
    assert_eq!(failed(&report), ["checkpoints"], "{report:?}");
}

struct Forged {
    store: Store,
    state: log::LogState,
}

#[async_trait::async_trait]
impl log::LogSource for Forged {
    async fn state(&self) -> Result<log::LogState, log::SourceError> {
        Ok(self.state.clone())
    }

    async fn sign(&self) -> Result<log::LogState, log::SourceError> {
        self.state().await
    }

    async fn held_claims(&self) -> Result<(Position, Vec<HeldClaim>), log::SourceError> {
        self.store.journal.held_claims().await.map_err(|error| log::SourceError::Read(error.to_string()))
    }

    async fn bundle(&self) -> Result<Vec<u8>, log::SourceError> {
        Err(log::SourceError::Read("nobody forged one".to_owned()))
    }

    async fn moves(&self) -> Result<(), log::SourceError> {
        Err(log::SourceError::Served)
    }

    async fn events(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<campanile_events::journal::Recorded>, log::SourceError> {
        self.store.journal.read(after, limit).await.map_err(|error| log::SourceError::Read(error.to_string()))
    }
}
