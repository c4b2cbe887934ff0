//! `campanile bench`: what it prints, at sizes that say nothing of the machine.

use std::{net::TcpListener, path::Path, process::Command};

use campanile_test_servers::{Nats, Postgres};
use serde_json::Value;

use crate::support::{Process, Ran, SOON, campanile, eventually};

/// The fields of every scenario, in their order.
const FIELDS: [&str; 8] =
    ["scenario", "clients", "per_second", "p50_ms", "p99_ms", "yardstick", "yardstick_per_second", "ratio"];

fn bench(arguments: &[&str]) -> Ran {
    let folder = tempfile::tempdir().expect("a folder");
    let within = folder.path().join("within");
    let ran = Ran::of(campanile().arg("bench").args(arguments).arg("--data").arg(&within).current_dir(folder.path()));
    let left = within.read_dir().map(Iterator::count);
    assert!(left.is_err() || left.is_ok_and(|left| left == 0), "something is left in the folder");
    ran
}

/// The rows of a scenario, each with the documented fields first.
fn rows(scenario: &str, arguments: &[&str]) -> Vec<Value> {
    let output = bench(&[&[scenario, "--json"], arguments].concat()).ok();
    let rows: Vec<Value> =
        output.lines().map(|line| serde_json::from_str(line).expect("a JSON object a line")).collect();
    assert!(!rows.is_empty(), "{scenario} says nothing");
    for row in &rows {
        let fields: Vec<_> = row.as_object().expect("an object").keys().take(FIELDS.len()).collect();
        assert_eq!(fields, FIELDS, "{row}");
        assert_eq!(row["scenario"], scenario);
        assert!(row["clients"].as_u64().is_some_and(|it| it > 0) && row["yardstick"].is_string(), "{row}");
        for rate in ["per_second", "yardstick_per_second", "ratio"] {
            assert!(row[rate].as_f64().is_some_and(|it| it > 0.0), "{rate}: {row}");
        }
        assert!(row["p50_ms"].as_f64() <= row["p99_ms"].as_f64(), "{row}");
    }
    rows
}

#[test]
fn append_is_held_against_three_ways_to_store_a_row() {
    let rows = rows("append", &["--clients", "4", "--seconds", "0.3"]);
    assert_eq!(rows[0]["clients"], 4);
    for held in ["one_transaction_each_per_second", "batch_of_500_rows_per_second", "sync_per_second"] {
        assert!(rows[0][held].as_f64().is_some_and(|it| it > 0.0), "{held}: {}", rows[0]);
    }
    assert_eq!(rows[0].get("copy_of_500_rows_per_second"), None, "SQLite has no COPY");
}

#[test]
fn reading_the_log_is_held_against_reading_its_rows() {
    for scenario in ["replay", "rebuild"] {
        let rows = rows(scenario, &["--events", "60"]);
        // What `init` writes stands before them.
        assert!(rows[0]["events"].as_u64().is_some_and(|it| it > 60), "{}", rows[0]);
        let by_cursor = rows[0]["cursor_per_second"].as_f64().is_some_and(|it| it > 0.0);
        assert_eq!(by_cursor, scenario == "replay", "{}", rows[0]);
    }
}

#[test]
fn requests_have_a_row_for_each_route() {
    let asked = ["--clients", "2", "--seconds", "0.2"];
    let all = rows("http", &asked);
    let routes: Vec<_> = all.iter().map(|row| row["route"].clone()).collect();
    assert_eq!(routes, ["GET /v1/posts/{id}", "POST /v1/posts"]);
    assert!(all.iter().all(|row| row["static_route_per_second"].as_f64().is_some_and(|it| it > 0.0)), "{all:?}");
    let one = rows("http", &[&asked[..], &["--route", "post"]].concat());
    assert_eq!((one.len(), &one[0]["route"]), (1, &routes[1]));
}

#[test]
fn drafts_go_through_the_executor() {
    rows("command", &["--clients", "2", "--seconds", "0.2"]);
}

#[test]
fn authentication_tells_what_it_costs_of_a_processor() {
    let rows = rows("authenticate", &["--seconds", "0.2"]);
    let cases: Vec<_> = rows.iter().map(|row| row["case"].as_str().expect("a case")).collect();
    assert_eq!(cases, ["a key", "a key with an origin and two networks", "a wrong checksum"]);
    let cost = |row: usize| rows[row]["cpu_us"].as_f64().expect("microseconds");
    assert!(rows.iter().all(|row| row["p50_ms"].as_f64().is_some_and(|it| it > 0.0)), "{rows:?}");
    assert!(cost(2) > 0.0 && cost(2) < cost(0), "a wrong checksum costs less than a key: {rows:?}");
}

#[test]
fn starts_tell_their_memory() {
    let rows = rows("startup", &["--events", "60", "--targets", "50"]);
    for memory in ["resident_mib", "yardstick_resident_mib", "resident_after_work_mib"] {
        assert!(rows[0][memory].as_f64().is_some_and(|it| it > 1.0), "{memory}: {}", rows[0]);
    }
}

#[test]
fn what_grows_is_measured_part_by_part() {
    let rows = rows("growth", &["--posts", "1000", "--clients", "2", "--seconds", "0.5"]);
    let parts: Vec<_> = rows.iter().map(|row| row["what"].as_str().expect("a part")).collect();
    assert_eq!(parts, ["append", "get", "list", "list_cursor", "due"]);
    assert!(
        rows.iter().all(|row| row["posts"] == 1_000 && row["ratio"] == 1.0),
        "one size is its own yardstick: {rows:?}"
    );
    let selected = |row: &Value| row["indexed_select_per_second"].as_f64().is_some_and(|it| it > 0.0);
    assert_eq!(rows.iter().map(selected).collect::<Vec<_>>(), [false, true, false, false, false]);
}

#[test]
fn posts_ring_and_none_before_its_time() {
    let burst = rows("burst", &["--targets", "5", "--seconds", "0.2"]);
    assert_eq!(burst[0]["targets"], 5);
    let precision = rows("precision", &["--targets", "5", "--seconds", "1"]);
    assert_eq!((&precision[0]["targets"], &precision[0]["early"]), (&5.into(), &0.into()));
    assert_eq!((&precision[0]["clients"], &precision[0]["bus"]), (&1.into(), &"in process".into()));
}

#[test]
fn a_database_is_measured_beside_the_named_one() {
    let server = Postgres::start();
    server.create_database("named");
    let url = server.url("named");
    let rows = rows("append", &["--clients", "4", "--seconds", "0.3", "--database-url", &url]);
    assert_eq!(rows[0]["engine"], "postgres");
    assert!(rows[0]["copy_of_500_rows_per_second"].as_f64().is_some_and(|it| it > 0.0), "{}", rows[0]);
    let replayed = self::rows("replay", &["--events", "60", "--database-url", &url]);
    assert_eq!(replayed[0]["yardstick"], "the same rows by one cursor of the database");
    assert!(replayed[0]["range_per_second"].as_f64().is_some_and(|it| it > 0.0), "{}", replayed[0]);
    assert_eq!(bench(&["startup", "--database-url", &url]).code, Some(2), "it measures a folder");
}

#[test]
fn jobs_go_by_the_named_servers_in_a_stream_that_is_taken_away() {
    let server = Nats::start();
    let rows = rows("burst", &["--targets", "5", "--seconds", "0.2", "--nats-url", &server.url()]);
    assert_eq!((&rows[0]["bus"], &rows[0]["platform"]), (&"nats".into(), &"over HTTP".into()));
    let precise = self::rows("precision", &["--targets", "5", "--seconds", "0.5", "--nats-url", &server.url()]);
    assert_eq!((&precise[0]["bus"], &precise[0]["early"]), (&"nats".into(), &0.into()));
    let streams = server.folder().join("store/jetstream/$G/streams");
    let left: Vec<_> = streams.read_dir().map(|left| left.flatten().collect()).unwrap_or_default();
    assert!(left.is_empty(), "streams are left: {left:?}");
    let within = self::rows("burst", &["--targets", "5", "--seconds", "0.2"]);
    assert_eq!((&within[0]["bus"], &within[0]["platform"]), (&"in process".into(), &"in process".into()));
}

#[test]
fn a_bus_that_is_not_there_is_said_before_anything_is_measured() {
    let locked = Nats::start_with_user("ann", "right");
    // It takes connections, and says nothing.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let deaf = listener.local_addr().expect("its address");
    for (address, said) in [
        ("127.0.0.1:1".to_owned(), "NATS can't be reached at nats://127.0.0.1:1: "),
        (deaf.to_string(), &format!("NATS can't be reached at nats://{deaf}: no answer within 5 s")),
        (format!("127.0.0.1:{}", locked.port()), "refuses the credentials that were given"),
    ] {
        let ran = bench(&["burst", "--nats-url", &format!("nats://ann:s3cret@{address}")]);
        assert_eq!((ran.code, ran.output.as_str()), (Some(1), ""));
        let errors = &ran.errors;
        assert!(
            errors.starts_with("campanile: NATS ") && errors.contains(said) && errors.contains(&address),
            "{errors}"
        );
        assert!(errors.lines().count() == 1 && !errors.contains("s3cret") && !errors.contains("stream"), "{errors}");
    }
}

#[test]
fn a_database_that_is_not_there_is_named() {
    let ran = bench(&["append", "--database-url", "postgres://ann:s3cret@127.0.0.1:1/named"]);
    assert_eq!((ran.code, ran.output.as_str()), (Some(1), ""));
    let said = "campanile: PostgreSQL at 127.0.0.1:1/named: ";
    assert!(ran.errors.starts_with(said) && !ran.errors.contains("s3cret"), "{}", ran.errors);
}

#[tokio::test]
async fn what_is_told_to_stop_leaves_nothing() {
    for tell in [Process::ask_to_stop, Process::hang_up] {
        let folder = tempfile::tempdir().expect("a folder");
        let within = folder.path().join("within");
        let mut command = campanile();
        command.args(["bench", "growth", "--data"]).arg(&within).current_dir(folder.path());
        let mut bench = under_way(&mut command, folder.path(), &within).await;
        tell(&bench);
        assert_eq!(bench.ended(SOON).code(), Some(1), "it was not carried out");
        assert_eq!(bench.said().trim(), "campanile: stopped");
        assert_eq!(within.read_dir().expect("a folder").count(), 0, "something is left");
    }
}

#[tokio::test]
async fn what_is_to_outlive_its_terminal_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let within = folder.path().join("within");
    let mut command = Command::new("sh");
    let ignoring = "trap '' HUP; exec \"$0\" bench precision --targets 2 --seconds 0.5 --data \"$1\"";
    command.args(["-c", ignoring]).arg(campanile().get_program()).arg(&within).current_dir(folder.path());
    let mut bench = Process::start("bench", &mut command, folder.path());
    eventually("it has begun", SOON, async || {
        within.read_dir().into_iter().flatten().flatten().next().ok_or_else(|| bench.said())
    })
    .await;
    bench.hang_up();
    assert_eq!(bench.ended(SOON).code(), Some(0), "{}", bench.said());
}

/// A benchmark of `growth` whose engine runs, with parts that still write once they are told to stop.
async fn under_way(command: &mut Command, folder: &Path, within: &Path) -> Process {
    let bench = Process::start("bench", command, folder);
    eventually("there are read models", SOON, async || {
        let made = within.read_dir().into_iter().flatten().flatten().next();
        made.filter(|made| made.path().join("growth/read.db").exists()).ok_or_else(|| bench.said())
    })
    .await;
    bench
}

#[test]
fn people_get_a_table() {
    let table = bench(&["append", "--clients", "2", "--seconds", "0.1"]).ok();
    assert!(table.contains("per second") && table.contains("one-row-insert transactions"), "{table}");
}

#[test]
fn what_can_not_be_measured_is_refused() {
    for refused in [
        &["ring"][..],
        &["append", "--clients", "0"],
        &["append", "--seconds", "0"],
        &["append", "--seconds", "NaN"],
        &["append", "--database-url", "mysql://nowhere"],
        &["append", "--targets", "5"],
        &["http", "--nats-url", "nats://127.0.0.1:1"],
    ] {
        assert_eq!(bench(refused).code, Some(2), "{refused:?}");
    }
    let mut configured = campanile();
    configured.args(["bench", "startup"]).env("CAMPANILE_DATABASE_URL", "postgres://127.0.0.1/named");
    assert_eq!(Ran::of(&mut configured).code, Some(2), "it measures a folder");
}
