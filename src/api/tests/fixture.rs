//! An engine in a folder of its own, and requests to its router.

use std::{os::unix::fs::PermissionsExt, sync::Arc};

use axum::{
    Router,
    body::Body,
    http::{Request, request::Builder},
    response::Response,
};
use campanile_events::{
    clock::{SharedClock, SystemClock},
    db::postgres::Settings,
    ids::{KeyId, WorkspaceId},
    journal::{Actor, Metadata},
    key::{Grant, KeyAction, KeyCommand, KeyMode, NewKey},
    seal::{MasterKey, Open, fields},
};
use campanile_test_servers::Postgres as Server;
use http_body_util::BodyExt;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::api::{operator_router, router};
use crate::{
    access::{Holder, KeySecret},
    configuration::{Configuration, Folder, Roles},
    engine::{Engine, Opening, Owner, Store, initialize},
};

/// An engine in a folder that goes with it, and the key that `init` gave.
#[derive(Debug)]
pub(super) struct Api {
    pub(super) engine: Engine,
    pub(super) router: Router,
    pub(super) secret: String,
    _folder: TempDir,
}

pub(super) struct Answered {
    pub(super) response: Response<()>,
    pub(super) body: Value,
}

impl Answered {
    pub(super) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.response.headers().get(name).map_or("", |value| value.to_str().expect("text"))
    }

    pub(super) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    pub(super) fn id(&self) -> String {
        self.body["id"].as_str().expect("an id").to_owned()
    }
}

impl Api {
    /// When a clock of a test's own starts.
    pub(super) const START: &str = "2026-12-01T09:00:00Z";
    /// Who owns the engine, and what they sign in with.
    pub(super) const OWNER: &str = "ada@example.com";
    pub(super) const PASSWORD: &str = "correct horse 5a91";

    pub(super) async fn start() -> Self {
        Self::start_with(SystemClock::shared(), &[]).await
    }

    /// With a clock and with roles of the test's own; all roles if none is named.
    pub(super) async fn start_with(clock: SharedClock, roles: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = Folder::embedded(dir.path().to_owned());
        let secret = Self::initialize(&folder, clock.clone()).await;
        Self::open(dir, folder, roles, clock, secret).await
    }

    /// Two nodes on one server, each with a folder of its own, and in it the one folder of media.
    pub(super) async fn two(server: &Server) -> [Arc<Self>; 2] {
        let master = tempfile::tempdir().expect("a folder");
        let master_key_file = master.path().join("master.key");
        let text = MasterKey::generate().to_hex();
        std::fs::write(&master_key_file, text.expose_secret()).expect("a file of ours");
        std::fs::set_permissions(&master_key_file, PermissionsExt::from_mode(0o600)).expect("ours");
        let database = Some(Settings::parse(&server.create_database("house")).expect("the server's own address"));
        let (clock, mut secret, mut nodes) = (SystemClock::shared(), None, Vec::new());
        let mut media = None;
        for _ in 0..2 {
            let dir = tempfile::tempdir().expect("a folder");
            let path = dir.path().to_owned();
            match &media {
                Some(media) => std::os::unix::fs::symlink(media, path.join("media")).expect("a folder of ours"),
                None => media = Some(path.join("media")),
            }
            let folder = Folder {
                path,
                master_key_file: Some(master_key_file.clone()),
                pepper_file: None,
                database: database.clone(),
            };
            let secret = match &secret {
                Some(secret) => String::clone(secret),
                None => secret.insert(Self::initialize(&folder, clock.clone()).await).clone(),
            };
            nodes.push(Arc::new(Self::open(dir, folder, &[], clock.clone(), secret).await));
        }
        nodes.try_into().expect("two")
    }

    async fn initialize(folder: &Folder, clock: SharedClock) -> String {
        let store = Store::open(folder, Opening::New, clock).await.expect("opened");
        let owner = Owner { email: Self::OWNER.to_owned(), password: Some(Self::PASSWORD.into()) };
        initialize(&store, owner).await.expect("initialized").secret.expose().to_owned()
    }

    async fn open(dir: TempDir, folder: Folder, roles: &[&str], clock: SharedClock, secret: String) -> Self {
        let roles = Roles::read(roles.iter().copied()).expect("roles");
        let configuration = Configuration { roles, ..Configuration::of(folder) };
        let engine = Engine::open_with(&configuration, clock).await.expect("running");
        let router = router(engine.core());
        Self { engine, router, secret, _folder: dir }
    }

    pub(super) fn request(&self, method: &str, path: &str) -> Builder {
        Self::request_by(&self.secret, method, path)
    }

    pub(super) fn request_by(secret: &str, method: &str, path: &str) -> Builder {
        Request::builder().method(method).uri(path).header("authorization", format!("Bearer {secret}"))
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Answered {
        Self::answered(self.router.clone(), request).await
    }

    async fn answered(router: Router, request: Request<Body>) -> Answered {
        let response = router.oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answered { response: Response::from_parts(parts, ()), body }
    }

    pub(super) async fn get(&self, path: &str) -> Answered {
        self.send(self.request("GET", path).body(Body::empty()).expect("a request")).await
    }

    pub(super) async fn call(&self, method: &str, path: &str, body: Value) -> Answered {
        self.call_by(&self.secret, method, path, body).await
    }

    pub(super) async fn call_by(&self, secret: &str, method: &str, path: &str, body: Value) -> Answered {
        let request = Self::request_by(secret, method, path).header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_string())).expect("a request")).await
    }

    /// A request of nobody.
    pub(super) async fn arrive(&self, method: &str, path: &str, body: Value) -> Answered {
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_string())).expect("a request")).await
    }

    /// The token of a session that begins.
    pub(super) async fn login(&self, email: &str, password: &str) -> String {
        let begun = self.arrive("POST", "/v1/auth/login", json!({"email": email, "password": password})).await;
        assert_eq!(begun.status(), 200, "{}", begun.body);
        begun.body["token"].as_str().expect("a token").to_owned()
    }

    /// Somebody new in the owner's workspace, and the token of their session.
    pub(super) async fn joined(&self, owner: &str, email: &str, role: &str) -> String {
        let invited = self.call_by(owner, "POST", "/v1/invitations", json!({"email": email, "role": role})).await;
        assert_eq!(invited.status(), 201, "{}", invited.body);
        let body = json!({"token": invited.body["token"], "password": Self::PASSWORD});
        let joined = self.arrive("POST", "/v1/invitations/accept", body).await;
        assert_eq!((joined.status(), &joined.body["role"]), (201, &json!(role)), "{}", joined.body);
        self.login(email, Self::PASSWORD).await
    }

    /// An operator's request, at the machine.
    pub(super) async fn operate(&self, method: &str, path: &str, body: Value) -> Answered {
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        let request = request.body(Body::from(body.to_string())).expect("a request");
        Self::answered(operator_router(self.engine.core()), request).await
    }

    pub(super) async fn account(&self, handle: &str) -> String {
        let connected = self.call("POST", "/v1/connect/sandbox", json!({"handle": handle, "delivery": "keyed"})).await;
        assert_eq!(connected.status(), 201, "{}", connected.body);
        connected.id()
    }

    pub(super) async fn key(&self, body: Value) -> (String, String) {
        let made = self.call("POST", "/v1/keys", body).await;
        assert_eq!(made.status(), 201, "{}", made.body);
        (made.id(), made.body["secret"].as_str().expect("a secret").to_owned())
    }

    /// A key of another workspace.
    pub(super) async fn stranger(&self) -> String {
        let core = self.engine.core();
        let now = core.clock.now();
        let (workspace, id) = (WorkspaceId::fresh(now), KeyId::fresh(now));
        let data_key = core.data_keys.create(workspace.uuid(), now).await.expect("a data key");
        let secret = KeySecret::generate(KeyMode::Live);
        core.access.verifiers().keep(&secret, Holder { key_id: id, workspace }).await.expect("kept");
        let name = data_key.seal(fields::KEY_NAME, &Open::new("stranger"));
        let new = NewKey::new(workspace, name, secret.prefix(), Grant::everything());
        let action = KeyAction::Create(Box::new(new));
        let (command, metadata) = (KeyCommand { now, action }, Metadata::by(Actor::operator()));
        let request =
            campanile_events::commands::Request { workspace, id: id.uuid(), command, metadata, receipt: None };
        core.keys.execute(request).await.expect("made");
        secret.expose().to_owned()
    }

    pub(super) async fn position(&self) -> u64 {
        self.engine.core().journal.head().await.expect("a head").position.0
    }
}
