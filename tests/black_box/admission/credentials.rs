//! Who sends a request: keys that open nothing, or not this, and people of each role.

use campanile::{
    access::KeySecret,
    api::http::{Needs, Route},
};
use campanile_events::{
    key::{KeyMode, Scope},
    person::Role,
};
use serde_json::{Value, json};

use super::{Due, Stage, due};
use crate::{
    keys::mistyped,
    support::{Client, Engine, until},
};

/// How many credentials every route is asked with, at least.
pub(super) const LEAST: usize = 18;
/// Enough that no test is slowed by it.
const UNHURRIED: u32 = 1_000_000;
const ORIGIN: &str = "https://app.example.com";

/// What a credential is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Means {
    /// It opens nothing: whatever is asked, it is refused with this.
    Nobody(Due),
    /// A key with the route's scope and no other.
    Having,
    /// A key with every scope but the route's.
    Lacking,
    /// A key with all scopes that is bound to another account than the one that the requests are about.
    Bound,
    /// A key with all scopes, of another workspace.
    Elsewhere,
    /// A person's session.
    Person(Role),
}

/// Who sends a request.
#[derive(Debug, Clone)]
pub(super) struct Credential {
    pub(super) name: String,
    pub(super) means: Means,
    pub(super) client: Client,
    pub(super) headers: Vec<(&'static str, String)>,
}

/// Everybody who asks for a route.
#[derive(Debug)]
pub(super) struct Credentials<'a> {
    engine: &'a Engine,
    admin: Client,
    workspace: String,
    all: Vec<Credential>,
    /// How many of them are the same for every route.
    lasting: usize,
}

impl Credential {
    /// Whether it is a key or a session that holds, also where it is used from elsewhere than it may be.
    pub(super) fn holds(&self) -> bool {
        !matches!(self.means, Means::Nobody(Due { status: 401, .. }))
    }
}

impl<'a> Credentials<'a> {
    pub(super) async fn of(engine: &'a Engine, stage: &Stage) -> Self {
        let mut all =
            Self { engine, admin: engine.client(), workspace: stage.workspace.clone(), all: Vec::new(), lasting: 0 };
        all.strangers().await;
        all.kept_away().await;
        let bound = all.key(json!({"scopes": ["*"], "allowed_accounts": [stage.other]})).await;
        all.add("a key that is bound to another account", Means::Bound, &bound);
        let elsewhere = all.elsewhere().await;
        all.add("a key of another workspace", Means::Elsewhere, &elsewhere);
        all.people().await;
        all.lasting = all.all.len();
        all
    }

    /// How many there are for a route, once the keys are made that are of its own.
    pub(super) async fn of_route(&mut self, route: &Route) -> usize {
        self.all.truncate(self.lasting);
        let own = if let Needs::Scope(scope) = route.needs { scope } else { Scope::PostsRead };
        let having = self.key(json!({"scopes": [own.as_str()]})).await;
        self.add(&format!("a key with `{own}` alone"), Means::Having, &having);
        let others: Vec<_> = Scope::ALL.iter().filter(|it| **it != own).map(|it| it.as_str()).collect();
        let lacking = self.key(json!({"scopes": others})).await;
        self.add(&format!("a key with all but `{own}`"), Means::Lacking, &lacking);
        self.all.len()
    }

    pub(super) fn at(&self, at: usize) -> &Credential {
        &self.all[at]
    }

    /// Everybody, whatever the route.
    pub(super) fn lasting(&self) -> &[Credential] {
        &self.all[..self.lasting]
    }

    /// Lets a person sign in anew whose session is ended.
    pub(super) async fn renew(&mut self, at: usize, route: &Route) {
        let Means::Person(role) = self.all[at].means else { return };
        let ends = matches!(route.path, "/v1/auth/logout" | "/v1/auth/sessions") && route.method != "GET";
        if ends {
            self.all[at].client = self.engine.client_of(&login(self.engine, &address(role)).await);
        }
    }

    fn add(&mut self, name: &str, means: Means, secret: &str) {
        let client = self.engine.client_of(secret);
        self.all.push(Credential { name: name.to_owned(), means, client, headers: Vec::new() });
    }

    async fn key(&self, mut body: Value) -> String {
        body["name"] = json!("somebody");
        body["rate_limit"] = json!({"per_minute": UNHURRIED, "per_day": UNHURRIED});
        let made = self.admin.post("/v1/keys", body).await.expect(201);
        made["secret"].as_str().expect("a secret").to_owned()
    }

    /// Secrets that open nothing.
    async fn strangers(&mut self) {
        let refused = |reason| Means::Nobody(Due { reason, ..due(401, "unauthorized") });
        let client = self.engine.anonymous();
        let name = "no key".to_owned();
        self.all.push(Credential { name, means: refused("missing_key"), client, headers: Vec::new() });
        self.add("a malformed key", refused("invalid_key"), "sk_live_nothing");
        self.add("a wrong checksum", refused("invalid_key"), &mistyped(self.engine.secret()));
        let unknown = KeySecret::generate(KeyMode::Live).expose().to_owned();
        self.add("an unknown key", refused("invalid_key"), &unknown);
        self.add("a malformed session", refused("invalid_key"), "st_nothing");

        let revoked = self.admin.post("/v1/keys", json!({"name": "revoked", "scopes": ["*"]})).await.expect(201);
        self.admin.delete(&format!("/v1/keys/{}", text(&revoked, "id"))).await.expect(200);
        self.add("a revoked key", refused("revoked_key"), &text(&revoked, "secret"));
        let expired = self.admin.post("/v1/keys", json!({"name": "expired", "scopes": ["*"]})).await.expect(201);
        let rotate = format!("/v1/keys/{}/rotate", text(&expired, "id"));
        let rotated = self.admin.post(&rotate, json!({"overlap_seconds": 1})).await.expect(201);
        until(text(&rotated, "old_key_valid_until").parse().expect("a time")).await;
        self.add("an expired key", refused("expired_key"), &text(&expired, "secret"));
    }

    /// Keys that open everything, but not from here.
    async fn kept_away(&mut self) {
        let page = self.key(json!({"scopes": ["*"], "allowed_origins": [ORIGIN]})).await;
        let far = self.key(json!({"scopes": ["*"], "allowed_ips": ["203.0.113.0/24", "2001:db8::/32"]})).await;
        let (origin, address) = (due(403, "origin_not_allowed"), due(403, "ip_not_allowed"));
        for (name, refusal, secret, header) in [
            ("a wrong origin", origin, &page, Some(("Origin", "https://evil.example.com"))),
            ("an origin that is nearly right", origin, &page, Some(("Origin", "https://app.example.com:8443"))),
            ("no origin", origin, &page, None),
            ("a wrong address", address, &far, Some(("X-Forwarded-For", "203.0.113.7, 198.51.100.1"))),
            ("a wrong network", address, &far, Some(("X-Forwarded-For", "2001:db9::1"))),
        ] {
            self.add(name, Means::Nobody(refusal), secret);
            let added = self.all.last_mut().expect("just added");
            added.headers = header.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        }
    }

    /// A key of another workspace, which the same owner has made.
    async fn elsewhere(&mut self) -> String {
        let offered = self.engine.command(&["people", "reset", &address(Role::Owner), "--json"]).ok();
        let offered: Value = serde_json::from_str(&offered).expect("one JSON object");
        let anonymous = self.engine.anonymous();
        let reset = json!({"token": offered["token"], "password": PASSWORD});
        assert_eq!(anonymous.post("/v1/auth/reset", reset).await.status, 204);
        let owner = self.engine.client_of(&login(self.engine, &address(Role::Owner)).await);
        let made = owner.post("/v1/workspaces", json!({"name": "elsewhere"})).await.expect(201);
        let limit = json!({"per_minute": UNHURRIED, "per_day": UNHURRIED});
        let body = json!({"name": "elsewhere", "scopes": ["*"], "rate_limit": limit});
        let request = owner.request(reqwest::Method::POST, "/v1/keys").header("Campanile-Workspace", text(&made, "id"));
        text(&owner.send(request.json(&body)).await.expect(201), "secret")
    }

    /// Somebody of each role, each in a session of their own; and one whose session has ended.
    async fn people(&mut self) {
        for role in Role::ALL {
            let email = address(role);
            if role != Role::Owner {
                let place = ["--workspace", &self.workspace, "--role", role.as_str(), "--json"];
                let invited = self.engine.command(&[&["people", "invite", &email][..], &place].concat()).ok();
                let invited: Value = serde_json::from_str(&invited).expect("one JSON object");
                let accept = json!({"token": invited["token"], "password": PASSWORD});
                self.engine.anonymous().post("/v1/invitations/accept", accept).await.expect(201);
            }
            let token = login(self.engine, &email).await;
            self.add(&format!("the session of an {role}"), Means::Person(role), &token);
            self.all.last_mut().expect("just added").headers = vec![("Campanile-Workspace", self.workspace.clone())];
        }
        let ended = login(self.engine, &address(Role::Owner)).await;
        assert_eq!(self.engine.client_of(&ended).post_empty("/v1/auth/logout").await.status, 204);
        let refusal = Due { reason: "expired_session", ..due(401, "unauthorized") };
        self.add("a session that has ended", Means::Nobody(refusal), &ended);
    }
}

const PASSWORD: &str = "a password for every door";

fn address(role: Role) -> String {
    format!("{role}@example.com")
}

async fn login(engine: &Engine, email: &str) -> String {
    let body = json!({"email": email, "password": PASSWORD});
    text(&engine.anonymous().post("/v1/auth/login", body).await.expect(200), "token")
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_else(|| panic!("`{field}` in {value}")).to_owned()
}
