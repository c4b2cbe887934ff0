//! Help that teaches, and exit codes that scripts can go by.

use std::process::Stdio;

use crate::support::{Ran, campanile, campanile_in};

#[test]
fn output_that_nobody_reads_any_more_is_no_failure_and_output_that_is_lost_is_one() {
    let mut child = campanile().arg("openapi").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    drop(child.stdout.take());
    let ended = child.wait_with_output().expect("it ends");
    assert_eq!((ended.status.code(), ended.stderr), (Some(0), vec![]));
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a device that is full");
    let lost = campanile().arg("openapi").stdout(full).output().expect("it runs");
    let said = String::from_utf8_lossy(&lost.stderr).into_owned();
    assert!(lost.status.code() == Some(1) && said.starts_with("campanile: the output can't be written"), "{said}");
}

const COMMANDS: &[&str] = &[
    "serve",
    "demo",
    "init",
    "keys create",
    "keys list",
    "keys rotate",
    "keys revoke",
    "people list",
    "people invite",
    "people reset",
    "people remove",
    "peppers add",
    "peppers list",
    "peppers retire",
    "login",
    "logout",
    "whoami",
    "log tail",
    "log export",
    "log import",
    "log new-epoch",
    "log verify",
    "log stats",
    "pause",
    "resume",
    "projections status",
    "projections rebuild",
    "sandbox",
    "bench",
    "master-key",
];

#[test]
fn every_command_shows_examples_that_name_it() {
    for command in COMMANDS {
        let help = Ran::of(campanile().args(command.split(' ')).arg("--help")).ok();
        let (_, examples) = help.split_once("Example").unwrap_or_else(|| panic!("no example in:\n{help}"));
        assert!(examples.contains(&format!("campanile {command}")), "{command}: {examples}");
    }
}

#[test]
fn exit_codes_are_0_done_1_failed_2_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let code = |arguments: &[&str]| campanile_in(folder.path(), arguments).code;
    assert_eq!(code(&["master-key"]), Some(0));
    for refused in [
        &["log", "stats"][..],
        &["keys", "list"],
        &["people", "list"],
        &["whoami"],
        &["login", "--server", "http://10.0.0.1", "--email", "a@example.com", "--password-stdin"],
        &["projections", "status"],
        &["projections", "rebuild"],
        &["serve"],
        &["ring"],
        &["log", "verify", "--file", "nowhere"],
    ] {
        assert_eq!(code(refused), Some(2), "{refused:?}");
    }
    assert_eq!(code(&["init", "--email", "owner@example.com"]), Some(0));
    assert_eq!(code(&["log", "verify"]), Some(0));
    assert_eq!(code(&["init", "--email", "owner@example.com"]), Some(2));
    std::fs::write(folder.path().join("no-export"), "{}\n").expect("written");
    assert_eq!(code(&["log", "verify", "--file", "no-export"]), Some(1));
    std::fs::remove_file(folder.path().join("master.key")).expect("the key");
    assert_eq!(code(&["log", "stats"]), Some(2), "its key is gone: nothing can be said of the log");
}
