//! A platform is one folder and one line: nothing else in the code knows its name.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

const ROOMS: [&str; 4] = ["events/src", "projections/src", "workers/src", "src"];
const PLATFORMS: &str = "workers/src/platforms";
/// Where each has its line: it is a module, and it is in the list.
const LINES: [&str; 2] = ["workers/src/platforms/mod.rs", "workers/src/platforms/registry.rs"];
/// Examples for readers of the API's description, which decide nothing.
const EXAMPLES: &str = "src/api/openapi/examples.rs";
/// It is no platform of the world's, but the engine's own, with a command of its own.
const OWN: &str = "sandbox";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn platforms() -> Vec<String> {
    let found = fs::read_dir(root().join(PLATFORMS)).expect("the platforms").map(|entry| entry.expect("an entry"));
    let folders = found.filter(|entry| entry.path().is_dir());
    folders.map(|entry| entry.file_name().into_string().expect("a plain name")).filter(|name| name != OWN).collect()
}

/// All of a folder's code that is built into the program.
fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the code") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a plain name");
        // The journal's contract is made of tests, though it is a library.
        if ["tests", "contract"].contains(&name) {
            continue;
        }
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// The lines of a file that name this, but for comments and the tests at its end.
fn naming<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().lines();
    let code = code.map(|line| line.split("// ").next().unwrap_or_default().trim());
    code.filter(|line| !line.starts_with("//") && line.to_lowercase().contains(name)).collect()
}

#[test]
fn no_room_names_a_platform_but_its_own_folder_and_the_list() {
    let platforms = platforms();
    assert!(platforms.len() > 1, "{platforms:?}");
    let mut files = Vec::new();
    for room in ROOMS {
        sources(&root().join(room), &mut files);
    }
    assert!(files.len() > 200, "the code is more than {} files", files.len());
    for platform in &platforms {
        let own = root().join(PLATFORMS).join(platform);
        let mut found = BTreeMap::new();
        for path in files.iter().filter(|path| !path.starts_with(&own)) {
            let place = path.strip_prefix(root()).expect("a file of the tree").to_str().expect("a plain name");
            let text = fs::read_to_string(path).expect("text");
            let lines = naming(&text, platform).len();
            if lines > 0 && place != EXAMPLES {
                found.insert(place.to_owned(), lines);
            }
        }
        assert_eq!(
            found,
            LINES.map(|place| (place.to_owned(), 1)).into(),
            "where `{platform}` is named, and how often"
        );
    }
}

#[test]
fn only_code_counts() {
    let text =
        "//! Of bells.\n/// Bells.\nlet a = 1; // Bells\nuse Bells;\n\n#[cfg(test)]\nmod tests {\n    bells();\n}\n";
    assert_eq!(naming(text, "bells"), ["use Bells;"]);
}
