//! Somebody with an account on the server, who asks it past the engine.

use campanile_test_servers::Pds;
use serde_json::{Value, json};

use crate::support::{Client, handed::keep};

const PASSWORD: &str = "its own password";

/// What a session's two tokens begin with: the kind, and how it is signed.
fn beginnings(session: &Value) -> [String; 2] {
    ["accessJwt", "refreshJwt"].map(|field| {
        let token = session[field].as_str().expect("a token");
        token.split_once('.').expect("parts").0.to_owned()
    })
}

/// An account on the server.
pub(crate) struct Resident {
    pub did: String,
    pub handle: String,
    server: String,
    token: String,
    http: reqwest::Client,
}

impl Resident {
    /// An account of that name.
    pub async fn move_in(pds: &Pds, name: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let handle = format!("{name}.test");
        let mut resident = Self { did: String::new(), handle, server: pds.url(), token: String::new(), http };
        let handle = &resident.handle;
        let account = json!({"email": format!("{name}@example.test"), "handle": handle, "password": PASSWORD});
        let made = resident.ask("com.atproto.server.createAccount", &account).await;
        made["did"].as_str().expect("a name").clone_into(&mut resident.did);
        made["accessJwt"].as_str().expect("a token").clone_into(&mut resident.token);
        // What every token of its kind begins with: the engine's own, whatever else is in them, are found by it.
        for beginning in &beginnings(&made) {
            keep(beginning);
        }
        resident
    }

    /// What the tokens of sessions begin with that the server gives, those for access and those for another session.
    pub async fn beginnings(&self) -> [String; 2] {
        let body = json!({"identifier": self.handle, "password": PASSWORD});
        beginnings(&self.ask("com.atproto.server.createSession", &body).await)
    }

    /// A password for an app, under a name.
    pub async fn app_password(&self, name: &str) -> String {
        let made = self.ask("com.atproto.server.createAppPassword", &json!({"name": name})).await;
        made["password"].as_str().expect("a password").to_owned()
    }

    /// Takes a password for an app back.
    pub async fn revoke(&self, name: &str) {
        self.ask("com.atproto.server.revokeAppPassword", &json!({"name": name})).await;
    }

    /// Connects the account to the engine by that server; gives its id.
    pub async fn connect(&self, client: &Client, server: &str, app_password: &str) -> String {
        let body = json!({"service_url": server, "identifier": self.handle, "app_password": app_password});
        let account = client.post("/v1/connect/bluesky", body).await.expect(201);
        account["id"].as_str().expect("an id").to_owned()
    }

    /// Everything that the account shows, oldest first.
    pub async fn posts(&self) -> Vec<Value> {
        let query = format!("repo={}&collection=app.bsky.feed.post&reverse=true&limit=100", self.did);
        let answer = self.get("com.atproto.repo.listRecords", &query).await;
        let listed: Value = answer.json().await.expect("a list");
        listed["records"].as_array().expect("records").clone()
    }

    /// A picture's type and bytes, as the server gives them to everybody.
    pub async fn blob(&self, cid: &str) -> (String, Vec<u8>) {
        let answer = self.get("com.atproto.sync.getBlob", &format!("did={}&cid={cid}", self.did)).await;
        let kind = answer.headers()["content-type"].to_str().expect("text").to_owned();
        (kind, answer.bytes().await.expect("bytes").to_vec())
    }

    async fn get(&self, method: &str, query: &str) -> reqwest::Response {
        let answer = self.http.get(format!("{}/xrpc/{method}?{query}", self.server)).send().await;
        answer.and_then(reqwest::Response::error_for_status).expect("an answer")
    }

    async fn ask(&self, method: &str, body: &Value) -> Value {
        let mut request = self.http.post(format!("{}/xrpc/{method}", self.server)).json(body);
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        let answer = request.send().await.expect("an answer");
        let (status, text) = (answer.status(), answer.text().await.expect("text"));
        assert!(status.is_success(), "{method}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }
}
