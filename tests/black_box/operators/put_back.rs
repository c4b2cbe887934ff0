//! An older copy of the database is put back, and served as if nothing had happened: nothing is sent twice.

use std::{fs, time::Duration};

use serde_json::{Value, json};

use super::import::post;
use crate::support::{
    API, Client, Cluster, Engine, Options, Process, QUICK, SOON, SandboxServer, eventually, now, published,
};

const CLASSES: [&str; 3] = ["keyed", "searchable", "blind"];
/// When posts are due: the copy is made before.
const AHEAD: Duration = Duration::from_secs(10);
const YEAR: Duration = Duration::from_secs(365 * 86_400);

/// Posts that are due after the copy: one for each kind of account soon, and next year one that is published early by hand
/// and one that isn't.
struct Due {
    soon: Vec<String>,
    early: String,
    later: String,
    account: String,
}

impl Due {
    async fn write(client: &Client, sandbox: &SandboxServer) -> Self {
        let (mut soon, mut account) = (Vec::new(), String::new());
        for class in CLASSES {
            account = client.connect_sandbox(&sandbox.address, class, class).await;
            soon.push(post(client, &format!("once, {class}"), &account).await);
        }
        let early = post(client, "due next year, published early", &account).await;
        let later = post(client, "due next year", &account).await;
        for (id, ahead) in soon.iter().map(|id| (id, AHEAD)).chain([(&early, YEAR), (&later, YEAR)]) {
            let at = (now() + ahead).to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
            client.post(&format!("/v1/posts/{id}/schedule"), json!({"at": at})).await.expect(200);
        }
        Self { soon, early, later, account }
    }

    async fn are_published(&self, client: &Client) {
        client.post_empty(&format!("/v1/posts/{}/publish", self.early)).await.expect(200);
        for id in self.soon.iter().chain([&self.early]) {
            published(client, id, SOON).await;
        }
    }

    /// What may have been sent after the copy is unknown and stays so; the rest goes on.
    async fn are_held(&self, client: &Client, sandbox: &SandboxServer, rounds: usize) {
        self.stand(client, sandbox, rounds, "unknown").await;
    }

    /// The same, where what is due later was said to be as it was.
    async fn are_kept(&self, client: &Client, sandbox: &SandboxServer, rounds: usize) {
        self.stand(client, sandbox, rounds, "scheduled").await;
    }

    async fn stand(&self, client: &Client, sandbox: &SandboxServer, rounds: usize, later: &str) {
        let unknown = self.soon.iter().map(|id| (id, "unknown"));
        for (id, status) in unknown.chain([(&self.early, later), (&self.later, later)]) {
            eventually("they are held", SOON, async || {
                let answer = client.get(&format!("/v1/posts/{id}")).await;
                if answer.expect(200)["status"] == status { Ok(()) } else { Err(answer.text) }
            })
            .await;
        }
        // Something else goes through from end to end meanwhile.
        let next = post(client, &format!("after round {rounds}"), &self.account).await;
        client.post_empty(&format!("/v1/posts/{next}/publish")).await.expect(200);
        published(client, &next, SOON).await;
        let counts = sandbox.truth().await.counts();
        assert!(counts.len() == CLASSES.len() + 1 + rounds && counts.values().all(|count| *count == 1), "{counts:?}");
    }

    /// A person who has looked lets what wasn't published go out at the time it was written for.
    async fn go_on(&self, client: &Client) {
        let word = json!({"account_id": self.account, "outcome": "not_published", "then": "resend"});
        client.post(&format!("/v1/posts/{}/resolve", self.later), word).await.expect(200);
        let after = client.get(&format!("/v1/posts/{}", self.later)).await.expect(200);
        assert_eq!(after["status"], "scheduled", "{after}");
        assert_eq!(after["targets"][0]["status"], "scheduled", "{after}");
    }
}

fn epochs(log: &str) -> Vec<Value> {
    let events = log.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    events.filter(|event| event["type"] == "log.epoch_started").map(|event| event["data"]["epoch"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_journal_in_the_folder_is_noticed_by_the_checkpoint_beside_it() {
    let sandbox = SandboxServer::start().await;
    let mut engine = Engine::start(Options::default()).await;
    let client = engine.client();
    let due = Due::write(&client, &sandbox).await;
    engine.terminate();
    let (journal, copy) = (engine.data().join("journal.db"), engine.outputs().join("older.db"));
    fs::copy(&journal, &copy).expect("a copy");
    let put_back = || {
        for beside in ["journal.db-wal", "journal.db-shm"] {
            fs::remove_file(journal.with_file_name(beside)).ok();
        }
        fs::copy(&copy, &journal).expect("the copy comes back");
    };
    engine.restart().await;
    due.are_published(&client).await;
    engine.terminate();

    put_back();
    let refused = engine.command(&["keys", "list"]);
    assert!(refused.code == Some(2) && refused.errors.contains("restored from a backup"), "{}", refused.errors);
    engine.restart().await;
    due.are_held(&client, &sandbox, 1).await;
    assert_eq!(epochs(&engine.command(&["log", "tail"]).ok()), [2]);
    engine.terminate();

    // The same copy again: it knows nothing of the epoch that began meanwhile.
    put_back();
    engine.restart().await;
    due.are_held(&client, &sandbox, 2).await;
    due.go_on(&client).await;
    assert_eq!(epochs(&engine.command(&["log", "tail"]).ok()), [2, 3]);
    engine.terminate();

    // Without the checkpoint the operator has to say it.
    put_back();
    fs::remove_file(engine.data().join("checkpoint")).expect("a checkpoint");
    let mut command = engine.program();
    let serve = ["serve", "--restored", "--keep-scheduled", "--listen", "127.0.0.1:0", "--allow-egress", "127.0.0.0/8"];
    command.args(serve);
    let mut process = Process::start("told", command.env("CAMPANILE_TIMING", QUICK), engine.outputs());
    process.address().await;
    process.ask_to_stop();
    assert_eq!(process.ended(SOON).code(), Some(0), "{}", process.said());
    engine.restart().await;
    due.are_kept(&client, &sandbox, 3).await;
    assert_eq!(epochs(&engine.command(&["log", "tail"]).ok()), [2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_nodes_that_start_on_an_older_database_one_begins_the_epoch() {
    let sandbox = SandboxServer::start().await;
    let mut cluster = Cluster::start(Options::default()).await;
    let client = cluster.client(API[0]);
    let due = Due::write(&client, &sandbox).await;
    let backup = cluster.servers().backup();
    assert_eq!(sandbox.truth().await.visible.len(), 0, "the backup is of before");
    due.are_published(&client).await;
    for node in 0..cluster.size() {
        cluster[node].terminate();
    }

    cluster.servers().put_back(&backup);
    cluster.start_all().await;
    due.are_held(&cluster.client(API[1]), &sandbox, 1).await;
    let began: Vec<_> = cluster.log().into_iter().filter(|event| event["type"] == "log.epoch_started").collect();
    assert_eq!(began.len(), 1, "{began:?}");
    cluster.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_with_the_checkpoint_of_another_log_is_served_as_it_is() {
    let (mut engine, mut other) = (Engine::start(Options::default()).await, Engine::start(Options::default()).await);
    let client = other.client();
    // It is of more events.
    for _ in 0..10 {
        client.key(&["posts:read"]).await;
    }
    other.terminate();
    engine.terminate();
    fs::copy(other.data().join("checkpoint"), engine.data().join("checkpoint")).expect("a copy");
    engine.restart().await;
    assert!(epochs(&engine.command(&["log", "tail"]).ok()).is_empty());
}
