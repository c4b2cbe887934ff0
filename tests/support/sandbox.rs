//! The sandbox platform as a process of its own.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use tempfile::TempDir;

use super::{Process, campanile};

const FILE: &str = "sandbox.jsonl";

/// The sandbox platform as a process of its own.
#[derive(Debug)]
pub struct SandboxServer {
    /// Where it answers.
    pub address: String,
    http: reqwest::Client,
    process: Process,
    folder: TempDir,
}

/// Everything that the sandbox knows to be true.
#[derive(Debug, Deserialize)]
pub struct Truth {
    /// What became visible, in order.
    pub visible: Vec<Visible>,
    /// What was received, in order.
    pub requests: Vec<Received>,
    /// What was brought to be shown, in order.
    pub uploads: Vec<Uploaded>,
    /// What was taken away again, in order.
    pub removed: Vec<Removed>,
}

/// A post that was taken away.
#[derive(Debug, Deserialize)]
pub struct Removed {
    /// Its name there.
    pub remote_id: String,
}

/// A picture or film that was brought.
#[derive(Debug, Deserialize)]
pub struct Uploaded {
    /// Its name there.
    pub id: String,
    /// What it is.
    pub content_type: String,
    /// How many bytes it has.
    pub bytes: usize,
    /// What somebody reads who can't see it.
    pub alt_text: Option<String>,
}

/// A post that became visible.
#[derive(Debug, Deserialize)]
pub struct Visible {
    /// Whose it is.
    pub account: String,
    /// Its name there.
    pub remote_id: String,
    /// What it says.
    pub text: String,
    /// Since when.
    #[serde(rename = "visible_at")]
    pub at: DateTime<Utc>,
    /// What it shows.
    #[serde(default)]
    pub media_ids: Vec<String>,
    /// The key that came with it.
    pub marker: Option<String>,
    /// Which request it came by.
    pub request_seq: u64,
}

/// A request to post.
#[derive(Debug, Deserialize)]
pub struct Received {
    /// Its number.
    pub seq: u64,
    /// The key that came with it.
    pub marker: Option<String>,
    /// When it came.
    #[serde(rename = "received_at")]
    pub at: DateTime<Utc>,
    /// What was made to go wrong.
    pub fault: Option<String>,
    /// The status that was answered; `None` if the connection ended without an answer.
    pub answered: Option<u16>,
}

impl SandboxServer {
    /// Starts one.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        // Its own, also while it is down.
        let port = campanile_test_servers::free_port();
        let (process, address) = serve(&folder, &format!("127.0.0.1:{port}")).await;
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { address, http, process, folder }
    }

    /// Where it keeps what is true.
    pub fn file(&self) -> std::path::PathBuf {
        self.folder.path().join(FILE)
    }

    /// Ends it: nobody answers at its address any more.
    pub fn down(&mut self) {
        self.process.kill9();
    }

    /// Starts it again at its address, with what it knew.
    pub async fn up(&mut self) {
        let (process, address) = serve(&self.folder, self.address.trim_start_matches("http://")).await;
        assert_eq!(address, self.address);
        self.process = process;
    }

    /// Holds it still, connections open; [`SandboxServer::thaw`] lets it go on.
    pub fn freeze(&self) {
        self.process.freeze();
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.process.thaw();
    }

    /// What is true.
    pub async fn truth(&self) -> Truth {
        let answer = self.http.get(format!("{}/journal", self.address)).send().await.expect("the sandbox answers");
        answer.json().await.expect("the sandbox's journal")
    }

    /// Makes something go wrong.
    pub async fn fault(&self, fault: Value) {
        let sent = self.http.post(format!("{}/faults", self.address)).json(&fault).send().await;
        let answer = sent.expect("the sandbox answers");
        assert_eq!(answer.status(), 204, "{fault}: {}", answer.text().await.unwrap_or_default());
    }

    /// Lets everything go well from now on.
    pub async fn no_faults(&self) {
        let sent = self.http.delete(format!("{}/faults", self.address)).send().await;
        assert_eq!(sent.expect("the sandbox answers").status(), 204);
    }
}

async fn serve(folder: &TempDir, address: &str) -> (Process, String) {
    let mut command = campanile();
    command.args(["sandbox", "--file", FILE, "--listen", address]).current_dir(folder.path());
    let mut process = Process::start("sandbox", &mut command, folder.path());
    let address = process.address().await;
    (process, address)
}

impl Truth {
    /// What stands now, oldest first.
    pub fn standing(&self) -> Vec<(&str, &str)> {
        let gone = |post: &&Visible| self.removed.iter().all(|it| it.remote_id != post.remote_id);
        self.visible.iter().filter(gone).map(|post| (post.account.as_str(), post.text.as_str())).collect()
    }

    /// How often each text stands on each account.
    pub fn counts(&self) -> BTreeMap<(String, String), usize> {
        let mut counts = BTreeMap::new();
        for post in &self.visible {
            *counts.entry((post.account.clone(), post.text.clone())).or_default() += 1;
        }
        counts
    }
}
