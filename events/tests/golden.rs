//! Every event version that was ever released can be read, for ever.
//!
//! `golden/<name>.v<schema>.json` holds the exact bytes of one stored payload; `-<case>` before the ending sets further
//! shapes of the same version apart. A file is written once and never changed: a payload that has to change gets a new
//! schema version and an upcaster. With `UPDATE_GOLDEN=1` the files that are missing are made from [`fixtures`].

mod golden_fixtures;

use std::{collections::BTreeSet, fs, io::Write, path::PathBuf};

use campanile_events::{
    account::AccountEvent,
    catalog,
    ids::{EventId, Position, Version, WorkspaceId},
    invitation::InvitationEvent,
    journal::{Actor, Hash, Metadata, Recorded, StreamId, StreamKind},
    key::KeyEvent,
    log::LogEvent,
    media::MediaEvent,
    organization::OrganizationEvent,
    person::PersonEvent,
    post::PostEvent,
    stored::StoredEvent,
    workspace::WorkspaceEvent,
};
use golden_fixtures::fixtures;
use serde_json::Value;
use uuid::Uuid;

/// One file.
struct Golden {
    file: String,
    name: String,
    schema: u16,
    payload: String,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn files() -> Vec<Golden> {
    let mut files: Vec<_> = fs::read_dir(folder())
        .expect("the folder of golden files")
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let file = path.file_name().expect("a name").to_string_lossy().into_owned();
            let stem = file.strip_suffix(".json").unwrap_or_else(|| panic!("{file}: not .json"));
            let (name, version) = stem.rsplit_once(".v").unwrap_or_else(|| panic!("{file}: no version"));
            let number = version.split_once('-').map_or(version, |(number, _)| number);
            let schema = number.parse().unwrap_or_else(|_| panic!("{file}: `{number}` is no version"));
            let payload = fs::read_to_string(&path).expect("a text");
            Golden { name: name.to_owned(), file, schema, payload }
        })
        .collect();
    files.sort_by(|one, other| one.file.cmp(&other.file));
    files
}

/// Reads a payload and writes it as today's version.
fn again(kind: StreamKind, golden: &Golden) -> (u16, String) {
    fn through<E: StoredEvent>(golden: &Golden) -> (u16, String) {
        let event = E::read(&golden.name, golden.schema, &golden.payload);
        let event = event.unwrap_or_else(|error| panic!("{}: {error}", golden.file));
        assert_eq!(event.name(), golden.name, "{}", golden.file);
        (event.schema(), event.payload().expect("json"))
    }
    match kind {
        StreamKind::Log => through::<LogEvent>(golden),
        StreamKind::Organization => through::<OrganizationEvent>(golden),
        StreamKind::Person => through::<PersonEvent>(golden),
        StreamKind::Workspace => through::<WorkspaceEvent>(golden),
        StreamKind::Key => through::<KeyEvent>(golden),
        StreamKind::Account => through::<AccountEvent>(golden),
        StreamKind::Post => through::<PostEvent>(golden),
        StreamKind::Media => through::<MediaEvent>(golden),
        StreamKind::Invitation => through::<InvitationEvent>(golden),
    }
}

fn recorded(kind: StreamKind, golden: &Golden) -> Recorded {
    let id = Uuid::from_u128(7);
    Recorded {
        position: Position(1),
        id: EventId::from(id),
        workspace: WorkspaceId::from(id),
        workspace_number: 1,
        stream: StreamId::new(kind, id),
        version: Version(1),
        event_type: golden.name.clone(),
        schema: golden.schema,
        payload: golden.payload.clone(),
        metadata: Metadata::by(Actor::engine()),
        claims: Vec::new(),
        recorded_at: "2026-03-01T12:00:00Z".parse().expect("an instant"),
        leaf_hash: Hash::default(),
    }
}

#[test]
fn every_version_ever_released_has_a_file_and_every_file_is_read() {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        write_missing();
    }
    let known: Vec<_> = catalog::all().collect();
    let wanted: BTreeSet<_> =
        known.iter().flat_map(|it| it.schemas().map(|schema| (it.name.to_owned(), schema))).collect();
    let files = files();
    let present: BTreeSet<_> = files.iter().map(|golden| (golden.name.clone(), golden.schema)).collect();
    assert_eq!(present, wanted, "the files of `golden/` against the catalog");

    for golden in &files {
        let known = known.iter().find(|it| it.name == golden.name).expect("checked above");
        let (schema, payload) = again(known.kind, golden);
        assert_eq!(schema, known.schema, "{}", golden.file);
        assert_eq!(catalog::check_readable(&recorded(known.kind, golden)), Ok(()), "{}", golden.file);
        if golden.schema == known.schema {
            let [stored, written] = [&golden.payload, &payload].map(|text| serde_json::from_str::<Value>(text));
            assert_eq!(stored.expect("json"), written.expect("json"), "{}: it would be stored otherwise", golden.file);
        }
    }
}

#[test]
fn an_event_in_a_stream_of_another_kind_is_unreadable() {
    let golden = files().into_iter().find(|golden| golden.name == "post.scheduled").expect("a file");
    assert_eq!(catalog::check_readable(&recorded(StreamKind::Post, &golden)), Ok(()));
    let error = catalog::check_readable(&recorded(StreamKind::Key, &golden)).expect_err("another kind's event");
    assert_eq!(error.to_string(), "event type `post.scheduled` (schema 1) is unknown to this build: run a newer one");
}

fn write_missing() {
    for (case, name, schema, payload) in fixtures() {
        let file =
            if case.is_empty() { format!("{name}.v{schema}.json") } else { format!("{name}.v{schema}-{case}.json") };
        if let Ok(mut made) = fs::File::create_new(folder().join(file)) {
            made.write_all(payload.as_bytes()).expect("the payload is written");
        }
    }
}
