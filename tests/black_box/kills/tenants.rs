//! The workspaces, each with a key and accounts of its own.

use futures::{StreamExt, stream};
use serde_json::{Value, json};

use super::{size::Size, town::Town};
use crate::support::Client;

/// Of five accounts two are keyed, two searchable and one is blind: so are the targets.
const CLASSES: [&str; 5] = ["keyed", "searchable", "blind", "searchable", "keyed"];
const PASSWORD: &str = "a password for the night";

/// A workspace.
#[derive(Debug, Clone)]
pub(super) struct Tenant {
    pub secret: String,
    pub accounts: Vec<Account>,
}

/// An account of the sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub id: String,
    pub handle: String,
    pub class: &'static str,
}

/// Makes them.
pub(super) async fn settle_in(town: &Town, size: Size) -> Vec<Tenant> {
    let mut secrets = vec![town.secret().to_owned()];
    if size.workspaces > 1 {
        set_password(town).await;
        let owner = sign_in(town).await;
        for number in 1..size.workspaces {
            secrets.push(workspace(&owner, number).await);
        }
    }
    let server = format!("http://{}", town.ways.platform.address());
    let tenants = secrets.into_iter().enumerate().map(async |(number, secret)| {
        let client = town.client(&secret);
        let mut accounts = Vec::new();
        for (place, class) in CLASSES.into_iter().enumerate() {
            let handle = format!("{class}-{number}-{place}");
            let id = client.connect_sandbox(&server, &handle, class).await;
            accounts.push(Account { id, handle, class });
        }
        Tenant { secret, accounts }
    });
    stream::iter(tenants).buffered(4).collect().await
}

/// The owner gets a password: only a person who is signed in makes workspaces.
async fn set_password(town: &Town) {
    let reset = town.command(&["people", "reset", "owner@example.com", "--json"]).ok();
    let reset: Value = serde_json::from_str(&reset).expect("one JSON object");
    let nobody = town.client(town.secret());
    let body = json!({"token": reset["token"], "password": PASSWORD});
    assert_eq!(nobody.post("/v1/auth/reset", body).await.status, 204);
}

async fn sign_in(town: &Town) -> Client {
    let nobody = town.client(town.secret());
    let login = json!({"email": "owner@example.com", "password": PASSWORD});
    let session = nobody.post("/v1/auth/login", login).await.expect(200);
    town.client(session["token"].as_str().expect("a session's token"))
}

/// Makes a workspace, and a key in it; gives its secret.
async fn workspace(owner: &Client, number: usize) -> String {
    let made = owner.post("/v1/workspaces", json!({"name": format!("Quarter {number}")})).await;
    let made = made.expect(201);
    let body = json!({
        "name": "for the harness", "scopes": ["*"],
        "rate_limit": {"per_minute": 1_000_000, "per_day": 1_000_000_000},
    });
    let request = owner.request(reqwest::Method::POST, "/v1/keys").json(&body);
    let key = owner.send(request.header("Campanile-Workspace", made["id"].as_str().expect("an id"))).await;
    key.expect(201)["secret"].as_str().expect("a secret").to_owned()
}
