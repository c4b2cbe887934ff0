//! For each route a request in which nothing is wrong but who sends it.

use campanile::api::http::Route;
use serde_json::{Value, json};

use super::{Due, due};
use crate::support::{Client, Engine, png};

/// A request, and what it comes to.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) path: String,
    pub(super) body: Option<Value>,
    /// What it comes to when it is let in.
    pub(super) due: Due,
    /// What it comes to by a key that is bound to another account.
    pub(super) bound: Due,
    /// Whether of people only owners may, though the route is open to all who are signed in.
    pub(super) for_owners: bool,
    /// The id that it names of something in the workspace.
    pub(super) named: String,
    /// The same about something that isn't there for anybody.
    pub(super) absent: Option<Box<Asked>>,
}

/// What requests are about.
#[derive(Debug)]
pub(super) struct Stage {
    admin: Client,
    pub(super) workspace: String,
    /// The account that requests are about.
    account: String,
    /// Another one.
    pub(super) other: String,
    made: usize,
}

const FAR: &str = "2126-12-01T09:00:00Z";

fn plain(path: &str, status: u16) -> Asked {
    let due = due(status, "");
    let path = path.to_owned();
    Asked { path, body: None, due, bound: due, for_owners: false, named: String::new(), absent: None }
}

impl Asked {
    fn with(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    fn refused(mut self, status: u16, code: &'static str) -> Self {
        self.due = due(status, code);
        self.bound = self.due;
        self
    }

    fn not_for_the_bound(mut self) -> Self {
        self.bound = due(403, "account_not_allowed");
        self
    }

    fn for_owners(mut self) -> Self {
        self.for_owners = true;
        self
    }

    /// It names this, which has an id of its own kind.
    fn about(mut self, id: &str) -> Self {
        let kind = id.split('_').next().expect("an id");
        let nobodys = format!("{kind}_01k00000000000000000000000");
        let body = self.body.as_ref().map(|body| body.to_string().replace(id, &nobodys).parse().expect("JSON"));
        let path = self.path.replace(id, &nobodys);
        self.absent = Some(Box::new(Asked { path, body, named: nobodys, absent: None, ..self.clone() }));
        id.clone_into(&mut self.named);
        self
    }
}

impl Stage {
    pub(super) async fn of(engine: &Engine) -> Self {
        let admin = engine.client();
        let me = admin.get("/v1/me").await.expect(200);
        let workspace = me["workspace_id"].as_str().expect("a workspace").to_owned();
        let account = connected(&admin, "about").await;
        let other = connected(&admin, "other").await;
        Self { admin, workspace, account, other, made: 0 }
    }

    pub(super) fn admin(&self) -> &Client {
        &self.admin
    }

    fn fresh(&mut self, what: &str) -> String {
        self.made += 1;
        format!("{what} {}", self.made)
    }

    /// What was asked for may be in the way of what comes.
    pub(super) async fn tidy_up(&self, route: &Route) {
        if route.path == "/v1/workspaces/{id}/pause" {
            self.admin.post_empty(&format!("/v1/workspaces/{}/resume", self.workspace)).await.expect(200);
        }
    }

    /// A request of a route, about something that is there for it alone where it changes that.
    pub(super) async fn ask(&mut self, route: &Route) -> Asked {
        let (method, path) = (route.method.as_str(), route.path);
        let noun = path.split('/').nth(2).unwrap_or_default();
        match (method, path) {
            (
                "GET",
                "/v1/workspaces" | "/v1/people" | "/v1/invitations" | "/v1/auth/sessions" | "/v1/me" | "/healthz"
                | "/readyz" | "/metrics" | "/v1/openapi.json" | "/join" | "/reset" | "/v1/scopes" | "/v1/platforms"
                | "/v1/keys" | "/v1/accounts" | "/v1/posts",
            ) => plain(path, 200),
            // Nobody is asked who they are, and nothing is in it.
            ("POST", "/v1/auth/login" | "/v1/auth/reset" | "/v1/invitations/accept" | "/v1/keys/revoke-by-secret") => {
                plain(path, 400).with(json!({})).refused(400, "invalid_request")
            }
            _ => match noun {
                "auth" => Self::about_a_session(method, path),
                "people" | "invitations" => self.about_people(method, path),
                "workspaces" => self.about_a_workspace(method, path),
                "keys" => self.about_a_key(method, path).await,
                "accounts" | "connect" => self.about_an_account(method, path).await,
                "media" => self.about_media(method, path).await,
                "posts" => self.about_a_post(method, path).await,
                _ => unknown(method, path),
            },
        }
    }

    fn about_a_session(method: &str, path: &str) -> Asked {
        match (method, path) {
            ("POST", "/v1/auth/logout") | ("DELETE", "/v1/auth/sessions") => plain(path, 204),
            ("DELETE", "/v1/auth/sessions/{id}") => {
                plain(&path.replace("{id}", "sess_01k00000000000000000000000"), 404).refused(404, "not_found")
            }
            ("POST", "/v1/auth/password") => plain(path, 400).with(json!({})).refused(400, "invalid_request"),
            _ => unknown(method, path),
        }
    }

    fn about_people(&mut self, method: &str, path: &str) -> Asked {
        let nobody = path.replace("{id}", "user_01k00000000000000000000000");
        match (method, path) {
            ("POST", "/v1/invitations") => {
                let email = self.fresh("guest").replace(' ', "-");
                plain(path, 201).with(json!({"email": format!("{email}@example.com"), "role": "viewer"}))
            }
            ("DELETE", "/v1/invitations/{id}") => {
                let nobodys = path.replace("{id}", "inv_01k00000000000000000000000");
                plain(&nobodys, 404).refused(404, "not_found")
            }
            ("PATCH", "/v1/people/{id}") => {
                plain(&nobody, 404).with(json!({"role": "viewer"})).refused(404, "not_found")
            }
            ("DELETE", "/v1/people/{id}") => plain(&nobody, 404).refused(404, "not_found"),
            _ => unknown(method, path),
        }
    }

    fn about_a_workspace(&mut self, method: &str, path: &str) -> Asked {
        match (method, path) {
            ("POST", "/v1/workspaces") => plain(path, 201).with(json!({"name": self.fresh("place")})).for_owners(),
            ("POST", "/v1/workspaces/{id}/pause" | "/v1/workspaces/{id}/resume") => {
                let own = self.workspace.clone();
                plain(&path.replace("{id}", &own), 200).not_for_the_bound().about(&own)
            }
            _ => unknown(method, path),
        }
    }

    async fn about_a_key(&mut self, method: &str, path: &str) -> Asked {
        if (method, path) == ("POST", "/v1/keys") {
            return plain(path, 201).with(json!({"name": "another", "scopes": ["keys:write"]}));
        }
        let key = self.admin.post("/v1/keys", json!({"name": "about", "scopes": ["keys:write"]})).await.expect(201);
        let id = key["id"].as_str().expect("an id");
        let asked = |status| plain(&path.replace("{id}", id), status);
        match (method, path) {
            ("GET", "/v1/keys/{id}") => asked(200).about(id),
            ("GET", "/v1/keys/{id}/history") | ("DELETE", "/v1/keys/{id}") => asked(200).not_for_the_bound().about(id),
            ("PATCH", "/v1/keys/{id}") => asked(200).with(json!({"name": "renamed"})).not_for_the_bound().about(id),
            ("POST", "/v1/keys/{id}/rotate") => asked(201).not_for_the_bound().about(id),
            _ => unknown(method, path),
        }
    }

    async fn about_an_account(&mut self, method: &str, path: &str) -> Asked {
        let path_to = path.replace("{platform}", "sandbox");
        match (method, path) {
            ("GET", "/v1/connect/{platform}") => plain(&path_to, 400).refused(400, "invalid_request"),
            ("POST", "/v1/connect/{platform}") => {
                let handle = self.fresh("handle").replace(' ', "-");
                plain(&path_to, 201).with(json!({"handle": handle, "delivery": "keyed"})).not_for_the_bound()
            }
            ("GET", "/v1/accounts/{id}") => {
                plain(&path.replace("{id}", &self.account), 200).not_for_the_bound().about(&self.account)
            }
            ("DELETE", "/v1/accounts/{id}") => {
                let handle = self.fresh("handle").replace(' ', "-");
                let account = connected(&self.admin, &handle).await;
                plain(&path.replace("{id}", &account), 204).not_for_the_bound().about(&account)
            }
            _ => unknown(method, path),
        }
    }

    async fn about_media(&mut self, method: &str, path: &str) -> Asked {
        let picture = png(8, 8, 1);
        let announce = json!({"file_name": "a.png", "content_type": "image/png", "bytes": picture.len()});
        if (method, path) == ("POST", "/v1/media/upload-url") {
            return plain(path, 201).with(announce);
        }
        let announced = self.admin.post("/v1/media/upload-url", announce).await.expect(201);
        let id = announced["id"].as_str().expect("an id");
        let asked = |status| plain(&path.replace("{id}", id), status);
        match (method, path) {
            // The address alone is the right to it, and this one is unsigned.
            ("PUT", "/v1/media/{id}/content") => asked(404).refused(404, "not_found"),
            ("POST", "/v1/media/{id}/confirm") => {
                self.admin.put(announced["upload_url"].as_str().expect("an address"), picture).await;
                asked(200).about(id)
            }
            ("GET", "/v1/media/{id}") => asked(200).about(id),
            _ => unknown(method, path),
        }
    }

    async fn about_a_post(&mut self, method: &str, path: &str) -> Asked {
        let account = self.account.clone();
        let mut body = json!({"body": self.fresh("text"), "account_ids": [account]});
        match (method, path) {
            ("POST", "/v1/posts") => return plain(path, 201).with(body).not_for_the_bound().about(&account),
            ("POST", "/v1/posts/validate") => {
                return plain(path, 200).with(body).not_for_the_bound().about(&account);
            }
            ("POST", "/v1/posts/{id}/unschedule" | "/v1/posts/{id}/cancel") => body["schedule"] = json!({"at": FAR}),
            _ => {}
        }
        let post = self.admin.post("/v1/posts", body).await.expect(201);
        let id = post["id"].as_str().expect("an id");
        let asked = |status| plain(&path.replace("{id}", id), status).not_for_the_bound();
        let conflict = |asked: Asked| Asked { bound: asked.bound, ..asked.refused(409, "conflict") };
        match (method, path) {
            ("GET", "/v1/posts/{id}" | "/v1/posts/{id}/results" | "/v1/posts/{id}/history")
            | ("POST", "/v1/posts/{id}/unschedule" | "/v1/posts/{id}/publish" | "/v1/posts/{id}/cancel") => {
                asked(200).about(id)
            }
            ("DELETE", "/v1/posts/{id}") => asked(204).about(id),
            ("PATCH", "/v1/posts/{id}") => {
                let text = self.fresh("another text");
                asked(200).with(json!({"body": text})).about(id)
            }
            ("POST", "/v1/posts/{id}/schedule") => asked(200).with(json!({"at": FAR})).about(id),
            ("POST", "/v1/posts/{id}/retry") => conflict(asked(409)).about(id),
            ("POST", "/v1/posts/{id}/resolve") => {
                conflict(asked(409)).with(json!({"account_id": account, "outcome": "published"})).about(id)
            }
            _ => unknown(method, path),
        }
    }
}

async fn connected(admin: &Client, handle: &str) -> String {
    let body = json!({"handle": handle, "delivery": "keyed"});
    let account = admin.post("/v1/connect/sandbox", body).await.expect(201);
    account["id"].as_str().expect("an id").to_owned()
}

fn unknown(method: &str, path: &str) -> ! {
    panic!("{method} {path} is new: say here what is asked of it, and what comes of it")
}
