//! What the docs name exists.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use crate::support::{Ran, campanile};

const PAGES: &[&str] = &["README.md", "ARCHITECTURE.md", "OPERATIONS.md", "PROMISES.md"];
const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// Folders that a path in the docs begins with.
const FOLDERS: &[&str] = &["src/", "events/", "projections/", "workers/", "tests/", ".ci/", "docs/", "deploy/"];
/// Files at the root that may be named.
const ENDINGS: &[&str] = &[".md", ".toml", ".lock"];
/// Files of the reader's own, which the docs tell about.
const NOT_OURS: &[&str] = &["campanile.toml"];

fn page(name: &str) -> Option<String> {
    fs::read_to_string(Path::new(ROOT).join(name)).ok()
}

/// What stands between single backticks, outside of blocks of code.
fn quoted(page: &str) -> BTreeSet<String> {
    let prose: String = page.split("```").step_by(2).collect();
    prose.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Links to files of this repository.
fn links(page: &str) -> BTreeSet<String> {
    let targets = page.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let targets = targets.map(|target| target.split('#').next().unwrap_or_default().to_owned());
    targets.filter(|target| !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:")).collect()
}

fn paths(page: &str) -> BTreeSet<String> {
    let is_path = |text: &String| {
        let plain = !text.contains([' ', '<', '…', '*', '{', '(', '$', ':']);
        let ours = FOLDERS.iter().any(|folder| text.starts_with(folder));
        let root_file = !text.contains('/') && ENDINGS.iter().any(|ending| text.ends_with(ending));
        plain && (ours || root_file) && !NOT_OURS.contains(&text.as_str())
    };
    let mut found: BTreeSet<_> = quoted(page).into_iter().filter(is_path).collect();
    found.extend(links(page));
    found
}

/// `campanile word …` anywhere in a page, in code or prose.
fn commands(page: &str) -> BTreeSet<Vec<String>> {
    let code = page.split("```").skip(1).step_by(2).flat_map(str::lines).map(str::to_owned);
    let all = code.chain(quoted(page));
    let is_word =
        |word: &&str| !word.is_empty() && word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-');
    let named = all.filter_map(|line| {
        let mut words =
            line.split_whitespace().skip_while(|word| *word != "campanile" && !word.ends_with("/campanile"));
        words.next()?;
        let named: Vec<_> =
            words.take_while(is_word).filter(|word| !word.starts_with('-')).map(str::to_owned).collect();
        (!named.is_empty()).then_some(named)
    });
    named.collect()
}

fn exists(command: &[String]) -> bool {
    let ran = Ran::of(campanile().args(command).arg("--help"));
    ran.code == Some(0)
}

#[test]
fn what_is_read_from_a_page_is_what_it_names() {
    let text = "Run `campanile serve`, see `src/main.rs` and [the map](ARCHITECTURE.md#map), not `GET /v1` or `src/<noun>/`.\n\
                ```\n$ ./target/debug/campanile log verify\n`tests/none`\n```\n`Cargo.toml`, `campanile.toml`";
    assert_eq!(paths(text), ["ARCHITECTURE.md", "Cargo.toml", "src/main.rs"].map(str::to_owned).into());
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    assert_eq!(commands(text), [words(&["serve"]), words(&["log", "verify"])].into());
    assert!(!exists(&words(&["no-such-command"])));
}

#[test]
fn every_path_in_the_docs_exists() {
    for name in PAGES {
        let Some(page) = page(name) else { continue };
        let missing: Vec<_> = paths(&page).into_iter().filter(|path| !Path::new(ROOT).join(path).exists()).collect();
        assert!(missing.is_empty(), "{name} names what isn't there: {missing:?}");
    }
}

#[test]
fn every_command_in_the_docs_exists() {
    for name in PAGES {
        let Some(page) = page(name) else { continue };
        for command in commands(&page) {
            // The words after a command may be its arguments: its longest known beginning counts.
            let known = (1..=command.len()).rev().any(|length| exists(&command[..length]));
            assert!(known, "{name} names `campanile {}`", command.join(" "));
        }
    }
}

#[test]
fn scripts_parse() {
    for script in ["tests/run", "tests/mutants", ".ci/run"] {
        let status = Command::new("bash").arg("-n").arg(Path::new(ROOT).join(script)).status().expect("bash");
        assert!(status.success(), "{script}");
    }
}
