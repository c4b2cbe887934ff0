//! Several processes make an engine in one database at the same time: there is one afterwards.

use std::{path::Path, process::Command, thread};

use crate::support::{Place, Ran, campanile_in};

/// Has the leave to make an engine until a table says that it should go.
const HOLDER: &str = "select pg_advisory_lock(hashtext('campanile.founding')); do $$ begin for i in 1..1500 loop \
    exit when exists (select from pg_class where relname = 'go_now'); perform pg_sleep(0.02); end loop; end $$";

fn init_in(place: &Place, data: &Path) -> Command {
    let mut command = place.program();
    command.args(["init", "--email", "owner@example.com", "--json"]).env("CAMPANILE_DATA", data);
    command
}

#[test]
fn one_of_four_inits_makes_an_engine() {
    let place = Place::of_many_nodes();
    let folders: Vec<_> = (1..=4).map(|number| place.outputs().join(format!("founder-{number}"))).collect();
    let ran: Vec<Ran> = thread::scope(|scope| {
        let begun: Vec<_> = folders.iter().map(|data| scope.spawn(|| Ran::of(&mut init_in(&place, data)))).collect();
        begun.into_iter().map(|it| it.join().expect("a thread of ours")).collect()
    });
    for (ran, data) in ran.iter().zip(&folders) {
        match ran.code {
            Some(0) => {}
            code => {
                assert_eq!(code, Some(2), "{}{}", ran.output, ran.errors);
                assert!(ran.errors.contains("there is an engine in the database already"), "{}", ran.errors);
                assert!(!data.exists(), "who was refused leaves nothing");
            }
        }
    }
    assert_eq!(ran.iter().filter(|it| it.code == Some(0)).count(), 1, "one made it");
    let servers = place.servers().expect("servers");
    let count = |what: &str| servers.sql(&format!("select count(*) from campanile.{what}"));
    assert_eq!(count("events where event_type = 'organization.created'"), "1");
    let kept = [count("data_keys"), count("key_verifiers"), count("log_signing_key"), count("log_checkpoints")];
    assert_eq!(kept, ["2", "1", "1", "1"], "keys of one engine, and what it signed");
    place.command(&["log", "verify"]).ok();
}

#[test]
fn nobody_makes_an_engine_while_another_process_does() {
    let place = Place::of_many_nodes();
    let servers = place.servers().expect("servers");
    let embedded = place.outputs().join("embedded");
    std::fs::create_dir(&embedded).expect("a folder");
    campanile_in(&embedded, &["init", "--email", "owner@example.com"]).ok();
    let log = place.outputs().join("log.jsonl");
    let log = log.to_str().expect("a path");
    campanile_in(&embedded, &["log", "export", "--output", log]).ok();
    let (one, other) = (place.outputs().join("one"), place.outputs().join("other"));
    let import = || {
        let mut command = place.program();
        command.args(["log", "import", log, "--without-bundle"]).env("CAMPANILE_DATA", &other);
        command
    };

    thread::scope(|scope| {
        let holder = scope.spawn(|| servers.sql(HOLDER));
        while servers.sql("select count(*) from pg_locks where locktype = 'advisory' and granted") == "0" {}
        let init = scope.spawn(|| Ran::of(&mut init_in(&place, &one)));
        let imported = Ran::of(&mut import());
        let init = init.join().expect("a thread of ours");
        let touched = servers.sql("select to_regnamespace('campanile') is not null");
        servers.sql("create table public.go_now ()");
        holder.join().expect("a thread of ours");
        for ran in [init, imported] {
            assert_eq!(ran.code, Some(2), "{}{}", ran.output, ran.errors);
            assert!(ran.errors.contains("another process is making an engine"), "{}", ran.errors);
        }
        assert!(touched == "f" && !one.exists() && !other.exists(), "who was refused leaves nothing");
    });

    Ran::of(&mut import()).ok();
    let before = place.stored();
    let refused = Ran::of(&mut init_in(&place, &one));
    assert_eq!(refused.code, Some(2), "{}{}", refused.output, refused.errors);
    assert!(place.stored() == before && !one.exists(), "something was changed");
}

#[test]
fn init_says_how_to_serve_the_same_engine() {
    let place = Place::of_many_nodes();
    let said = place.command(&["init", "--email", "owner@example.com"]).ok();
    let next = said.lines().find(|line| line.contains("campanile serve")).expect("what comes next");
    let key = format!("--master-key-file {}", place.master_key().display());
    assert!(next.contains("--database-url …") && next.contains(&key), "{next}");
    assert!(next.contains(&format!("--data {}", place.data().display())), "{next}");
    assert!(!said.contains("postgres://"), "an address may hold a password: {said}");
}
