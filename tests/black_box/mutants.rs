//! Every mutant has a check that is to catch it: `tests/mutants` runs them.

use std::{fs, path::Path};

use campanile_events::sabotage::Mutant;

#[test]
fn every_mutant_has_its_check() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mutants");
    let script = fs::read_to_string(script).expect("the script");
    let has_check = |mutant: &Mutant| {
        let mut checks = script.lines().filter(|line| line.split_whitespace().next() == Some(mutant.name()));
        checks.any(|check| check.split_whitespace().count() >= 3)
    };
    let without: Vec<_> = Mutant::ALL.iter().filter(|mutant| !has_check(mutant)).collect();
    assert!(without.is_empty(), "{without:?}");
}
