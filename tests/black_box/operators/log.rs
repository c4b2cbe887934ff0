//! `campanile log export`, `verify --file` and `stats`.

use std::{
    fs,
    os::unix::fs::{FileTypeExt, symlink},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};

use crate::support::{Engine, Options, Process, Ran, SOON, campanile, eventually};

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).expect("an export");
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

/// Checks a file where there is no data folder.
fn verify(file: &Path, more: &[&str]) -> Ran {
    let nowhere = tempfile::tempdir().expect("a folder");
    let mut command = campanile();
    command.args(["log", "verify", "--file"]).arg(file).args(more).current_dir(nowhere.path());
    Ran::of(&mut command)
}

async fn engine_with_posts() -> Engine {
    let engine = Engine::start(Options::default()).await;
    let account = engine.client().own_account().await;
    for number in 0..5 {
        let body = json!({"body": format!("exported {number}"), "account_ids": [account]});
        engine.client().post("/v1/posts", body).await.expect(201);
    }
    engine
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_into_a_pipe_leaves_the_pipe() {
    let engine = engine_with_posts().await;
    let pipe = engine.outputs().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let reader = Command::new("cat").arg(&pipe).stdout(Stdio::piped()).spawn().expect("cat");
    engine.command(&["log", "export", "--output", pipe.to_str().expect("a path")]).ok();
    assert!(fs::metadata(&pipe).expect("it is there").file_type().is_fifo());
    let read = reader.wait_with_output().expect("it ends").stdout;
    fs::write(engine.outputs().join("read.jsonl"), read).expect("written");
    verify(&engine.outputs().join("read.jsonl"), &[]).ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_verifies_by_itself_wherever_it_is() {
    let mut engine = engine_with_posts().await;
    for runs in [true, false] {
        if !runs {
            engine.terminate();
        }
        let (whole, part) = (engine.outputs().join("whole.jsonl"), engine.outputs().join("part.jsonl"));
        // The first makes what a link stands for, the second writes through the link.
        let linked = engine.outputs().join("linked.jsonl");
        if !runs {
            symlink(&whole, &linked).expect("a link");
        }
        let named = if runs { &whole } else { &linked };
        let ran = engine.command(&["log", "export", "--output", named.to_str().expect("a path")]);
        assert!(runs || fs::symlink_metadata(&linked).expect("it is there").is_symlink(), "the link stays one");
        assert!(ran.code == Some(0) && ran.output.is_empty() && !ran.errors.contains('\u{1b}'), "{ran:?}");
        let found = lines(&whole);
        let events = found.len() - 2;
        assert_eq!((&found[0]["format"], &found[0]["epoch"]), (&json!("campanile-log"), &json!(1)));
        assert!(found[events + 1]["checkpoint"].as_str().is_some_and(|note| note.contains(&format!("\n{events}\n"))));
        verify(&whole, &[]).ok();

        fs::write(&part, engine.command(&["log", "export", "--after", "6"]).ok()).expect("written");
        assert_eq!(lines(&part).len(), events - 6 + 2);
        verify(&part, &[]).ok();

        let key = engine.outputs().join("key.vkey");
        fs::write(&key, format!("{}\n", found[0]["verifying_key"].as_str().expect("a key"))).expect("written");
        verify(&whole, &["--key", key.to_str().expect("a path")]).ok();
    }
    let beyond = engine.command(&["log", "export", "--after", "100000"]);
    assert_eq!(beyond.code, Some(2), "{}", beyond.errors);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_altered_export_does_not_verify() {
    let engine = engine_with_posts().await;
    let file = engine.outputs().join("log.jsonl");
    let whole = engine.command(&["log", "export"]).ok();
    let all: Vec<_> = whole.lines().map(str::to_owned).collect();
    let altered = |change: &dyn Fn(&mut Vec<String>)| {
        let mut lines = all.clone();
        change(&mut lines);
        fs::write(&file, lines.join("\n") + "\n").expect("written");
        verify(&file, &[])
    };
    assert_eq!(altered(&|_| {}).code, Some(0), "as it was written");
    for (what, change) in [
        (
            "a word",
            (&|lines: &mut Vec<String>| lines[3] = lines[3].replace("operator", "0perator"))
                as &dyn Fn(&mut Vec<String>),
        ),
        ("an event less", &|lines: &mut Vec<String>| drop(lines.remove(4))),
        ("the last event less", &|lines: &mut Vec<String>| drop(lines.remove(lines.len() - 2))),
        ("two swapped", &|lines: &mut Vec<String>| lines.swap(3, 4)),
        ("no checkpoint", &|lines: &mut Vec<String>| drop(lines.pop())),
        ("another's part", &|lines: &mut Vec<String>| lines[0] = lines[0].replace("\"after\":0", "\"after\":1")),
    ] {
        let ran = altered(change);
        assert_eq!(ran.code, Some(1), "{what}: {}{}", ran.output, ran.errors);
    }
    let other = Engine::start(Options::default()).await;
    let foreign = other.command(&["log", "export"]).ok();
    let header: Value = serde_json::from_str(foreign.lines().next().expect("a header")).expect("JSON");
    let key = engine.outputs().join("key.vkey");
    fs::write(&key, header["verifying_key"].as_str().expect("a key")).expect("written");
    fs::write(&file, &whole).expect("written");
    let ran = verify(&file, &["--key", key.to_str().expect("a path")]);
    assert_eq!(ran.code, Some(1), "another's key: {}", ran.output);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_counted() {
    let engine = engine_with_posts().await;
    let stats: Value = serde_json::from_str(&engine.command(&["log", "stats", "--json"]).ok()).expect("JSON");
    assert_eq!((&stats["by_type"]["post.drafted"], &stats["streams"]["post"]), (&json!(5), &json!(5)), "{stats}");
    assert_eq!((&stats["workspaces"], &stats["events"]), (&json!(1), &json!(crate::log::whole(&engine).len())));
    if engine.place().servers().is_none() {
        assert!(stats["bytes_on_disk"].as_u64() > stats["payload_bytes"].as_u64(), "{stats}");
    } else {
        assert_eq!(stats["bytes_on_disk"], Value::Null, "a database server's files are its own");
    }
    assert!(stats["first_at"].as_str() < stats["last_at"].as_str(), "{stats}");
    let words = engine.command(&["log", "stats"]).ok();
    assert!(words.lines().any(|line| line.split_whitespace().eq(["post.drafted", "5"])), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_follows_the_log_is_told_that_the_engine_stopped() {
    let mut engine = engine_with_posts().await;
    let last = engine.command(&["log", "tail"]).ok().lines().count();
    let mut command = engine.program();
    command.args(["log", "tail", "--follow"]);
    let mut following = Process::start("tail", &mut command, engine.outputs());
    eventually("it has printed the log", SOON, async || {
        let printed = following.said().lines().filter(|line| line.contains("\"position\"")).count();
        if printed == last { Ok(()) } else { Err(format!("{printed} of {last}")) }
    })
    .await;
    engine.terminate();
    assert_eq!(following.ended(Duration::from_secs(10)).code(), Some(1), "{}", following.said());
    let told = format!(
        "campanile: the engine stopped; once it runs again, go on with `campanile log tail --follow --after {last}`"
    );
    assert!(following.said().contains(&told), "{}", following.said());
    engine.restart().await;
}
