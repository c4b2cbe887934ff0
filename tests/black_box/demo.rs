//! The demonstration.

use std::time::{Duration, Instant};

use crate::support::{Ran, campanile};

#[test]
fn a_demonstration_that_nobody_can_see_is_a_failure() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a device that is full");
    let said = campanile().arg("demo").stdout(full).output().expect("it runs");
    assert_eq!(said.status.code(), Some(1), "{}", String::from_utf8_lossy(&said.stderr));
}

#[test]
fn the_demonstration_ends_well_and_verified() {
    let begun = Instant::now();
    let folder = tempfile::tempdir().expect("a folder");
    let output = Ran::of(campanile().arg("demo").current_dir(folder.path())).ok();
    assert!(output.contains("verified"), "{output}");
    assert!(begun.elapsed() < Duration::from_mins(2), "{:?}", begun.elapsed());
    let left: Vec<_> = std::fs::read_dir(folder.path()).expect("a folder").collect();
    assert!(left.is_empty(), "it works in a temporary folder: {left:?}");
}
