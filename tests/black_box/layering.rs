//! No import runs the other way.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// What starts servers for tests; every room's tests may use it, and nothing else may.
const TEST_SERVERS: &str = "campanile-test-servers";

/// Each room, and what it may import of the others.
const ROOMS: &[(&str, &[&str])] = &[
    (TEST_SERVERS, &[]),
    ("campanile-events", &[]),
    ("campanile-projections", &["campanile-events"]),
    ("campanile-workers", &["campanile-events", "campanile-projections"]),
    ("campanile", &["campanile-events", "campanile-projections", "campanile-workers"]),
];

fn metadata() -> Metadata {
    let mut command = MetadataCommand::new();
    command.manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).no_deps();
    command.exec().expect("cargo knows the workspace")
}

/// What each room imports of the others, tests included. (A room may build its own tests with more of itself.)
fn imports(metadata: &Metadata) -> BTreeMap<String, BTreeSet<String>> {
    let rooms = metadata.workspace_packages();
    let names: BTreeSet<_> = rooms.iter().map(|room| room.name.to_string()).collect();
    let imports = rooms.iter().map(|room| {
        let others = room
            .dependencies
            .iter()
            // Optional where a feature holds what every engine must do, for tests of several rooms.
            .filter(|it| !((it.kind == DependencyKind::Development || it.optional) && it.name == TEST_SERVERS))
            .map(|it| it.name.clone())
            .filter(|name| names.contains(name) && *room.name != **name);
        (room.name.to_string(), others.collect())
    });
    imports.collect()
}

#[test]
fn rooms_import_downwards_only() {
    let found = imports(&metadata());
    let known: BTreeSet<_> = ROOMS.iter().map(|(room, _)| (*room).to_owned()).collect();
    assert_eq!(found.keys().cloned().collect::<BTreeSet<_>>(), known, "a new room needs its line here");
    for (room, allowed) in ROOMS {
        for import in &found[*room] {
            assert!(allowed.contains(&import.as_str()), "`{room}` imports `{import}`");
        }
    }
}

#[test]
fn each_room_uses_the_one_below() {
    // Were the metadata read wrongly, the test above would hold of nothing.
    let found = imports(&metadata());
    for (room, allowed) in ROOMS {
        if let Some(below) = allowed.first() {
            assert!(found[*room].contains(*below), "`{room}` does without `{below}`");
        }
    }
}

#[test]
fn only_the_program_needs_an_http_server_and_only_workers_an_http_client() {
    let metadata = metadata();
    let needs = |room: &str, wanted: &str| {
        let room = metadata.workspace_packages().into_iter().find(|it| it.name.as_str() == room).expect("a room");
        room.dependencies.iter().any(|it| it.kind == DependencyKind::Normal && it.name == wanted)
    };
    for (room, crates) in [
        ("campanile-events", &["axum", "hyper", "reqwest", "clap", "tokio-rustls"][..]),
        ("campanile-projections", &["axum", "hyper", "reqwest", "clap", "tokio-rustls"]),
        ("campanile-workers", &["clap", "reqwest"]),
        ("campanile", &["reqwest", "tokio-rustls"]),
    ] {
        for unwanted in crates {
            assert!(!needs(room, unwanted), "`{room}` depends on `{unwanted}`");
        }
    }
    assert!(needs("campanile", "axum") && needs("campanile-workers", "hyper"));
}
