//! An engine without its API, with a sandbox for a judge.

use std::{collections::BTreeMap, num::NonZeroUsize, sync::Arc, time::Duration};

use campanile_events::{
    account::{Account, AccountAction, AccountCommand, AccountStatus},
    clock::SharedClock,
    commands::{Executor, Request, Sharing},
    db::Database,
    ids::{AccountId, MediaId, PostId, WorkspaceId},
    journal::{Actor, Metadata},
    media::{MediaAction, MediaCommand},
    outdated::Outdated,
    post::{
        Content, ContentInHand, Limits, Phase, Post, PostAction, PostCommand, PostServices, Target, TargetRef,
        TargetRules, When,
    },
    seal::{DataKey, DataKeys, Open, fields},
    timing::Timing,
    workspace::{Workspace, WorkspaceAction, WorkspaceCommand},
};
use campanile_projections::runner::Runner;
use campanile_workers::{
    bus::Bus,
    egress::{Egress, EgressLimits, EgressPolicy},
    media::{Library, MediaStore, Place},
    observed::{Observer, Unobserved},
    platforms::{
        self, ConnectRequest, Connected, Dependencies,
        sandbox::{Fault, Sandbox, Visible},
    },
    publishing::{Deps, Publishing},
    tokens::Tokens,
};
use chrono::{DateTime, Utc};

#[path = "ground.rs"]
mod ground;
use ground::Store;
pub(crate) use ground::{Ground, Setting};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct House {
    pub clock: SharedClock,
    pub sandbox: Arc<Sandbox>,
    pub posts: Executor<Post>,
    workspace: WorkspaceId,
    accounts: Executor<Account>,
    workspaces: Executor<Workspace>,
    data_keys: Arc<DataKeys>,
    tokens: Arc<Tokens>,
    pub platforms: platforms::Platforms,
    library: Library,
    runner: Arc<Runner>,
    read: Arc<dyn Database>,
    side: Arc<dyn Database>,
    pub timing: Timing,
    /// How many workers it starts.
    pub workers: usize,
    /// Whether it starts a scheduler.
    pub scheduler: bool,
    pub observer: Arc<dyn Observer>,
    /// What its bus is called.
    pub bus: &'static str,
    /// A bus in that one's place.
    pub own_bus: Option<Arc<dyn Bus>>,
    pub ground: Arc<Ground>,
}

/// The promises at a hundredth of their usual times.
pub(crate) fn quick() -> Timing {
    let mut timing = Timing::default();
    let text = "lease=1.2,settle=0.6,lookup_gap=0.3,quiet=0.3,sweep=0.1,retry_first=0.02,retry_most=0.2";
    timing.apply(text).expect("good entries");
    timing
}

impl House {
    pub async fn open(setting: Setting, timing: Timing) -> Self {
        let ground = Ground::of(setting).await;
        let clock = ground.clock.clone();
        Self::stand_on(ground, clock, timing, EgressPolicy { allow: Vec::new() }).await
    }

    /// A house of one process whose requests may go where the policy says.
    pub async fn open_towards(timing: Timing, policy: EgressPolicy) -> Self {
        let ground = Ground::of(Setting::Embedded).await;
        let clock = ground.clock.clone();
        Self::stand_on(ground, clock, timing, policy).await
    }

    /// Another node on servers that houses share, with a clock of its own.
    pub async fn beside(ground: &Arc<Ground>, timing: Timing) -> Self {
        let clock = ground.servers().clock().await;
        Self::stand_on(Arc::clone(ground), clock, timing, EgressPolicy { allow: Vec::new() }).await
    }

    async fn stand_on(ground: Arc<Ground>, clock: SharedClock, timing: Timing, policy: EgressPolicy) -> Self {
        let Store { journal, side, read } = ground.store().await;
        let sharing = ground.sharing();
        let remember = NonZeroUsize::new(1000).expect("above 0");
        let services = PostServices { timing };
        let posts = Executor::new(Arc::clone(&journal), clock.clone(), services, sharing, remember);
        let accounts = Executor::new(Arc::clone(&journal), clock.clone(), (), sharing, remember);
        let workspaces = Executor::new(Arc::clone(&journal), clock.clone(), (), sharing, remember);
        let media = Executor::new(Arc::clone(&journal), clock.clone(), (), sharing, remember);
        let store = MediaStore::open(&ground.folder().join("media")).expect("a store");
        let library = Library::new(media, store);
        let data_keys = Arc::new(DataKeys::open(Arc::clone(&side), ground.master.clone()).await.expect("data keys"));
        let workspace = ground.workspace;
        let tokens = Arc::new(Tokens::open(Arc::clone(&side), ground.master.clone()).await.expect("tokens"));
        let sandbox = Arc::clone(&ground.sandbox);
        let egress = Egress::new(policy, EgressLimits::from(&timing));
        let dependencies = Dependencies { egress, sandbox: Arc::clone(&sandbox), timing, clock: clock.clone() };
        let platforms = platforms::all(&dependencies).expect("no two of one name");
        let runner = Runner::open(journal, Arc::clone(&read), campanile_projections::all()).await.expect("a runner");
        let runner = Arc::new(runner);
        tokio::spawn({
            let runner = Arc::clone(&runner);
            async move { runner.run(std::future::pending()).await }
        });
        Self {
            clock,
            sandbox,
            posts,
            workspace,
            accounts,
            workspaces,
            data_keys,
            tokens,
            platforms,
            library,
            runner,
            read,
            side,
            timing,
            workers: 4,
            scheduler: true,
            observer: Arc::new(Unobserved),
            bus: "campanile",
            own_bus: None,
            ground,
        }
    }

    pub async fn start(&self) -> Publishing {
        let deps = Deps {
            posts: self.posts.clone(),
            accounts: self.accounts.clone(),
            workspaces: self.workspaces.clone(),
            data_keys: Arc::clone(&self.data_keys),
            tokens: Arc::clone(&self.tokens),
            platforms: self.platforms.clone(),
            library: self.library.clone(),
            runner: Arc::clone(&self.runner),
            read: Arc::clone(&self.read),
            side: Arc::clone(&self.side),
            bus: match &self.own_bus {
                Some(bus) => Arc::clone(bus),
                None => self.ground.bus(self.bus).await,
            },
            clock: self.clock.clone(),
            timing: self.timing,
            workers: self.workers,
            scheduler: self.scheduler,
            observer: Arc::clone(&self.observer),
            outdated: Outdated::default(),
            sole_process: self.ground.sharing() == Sharing::Alone,
        };
        Publishing::start(deps).await.expect("started")
    }

    /// Tells the workspace something.
    pub async fn workspace(&self, action: WorkspaceAction) {
        let request = Request {
            workspace: self.workspace,
            id: self.workspace.uuid(),
            command: WorkspaceCommand { now: self.clock.now(), action },
            metadata: Metadata::by(Actor::operator()),
            receipt: None,
        };
        let done = self.workspaces.execute(request).await.expect("carried out");
        assert!(self.runner.wait_for(done.position, PATIENCE).await, "the read models show it");
    }

    /// Pauses as the API does: once this is over nothing leaves.
    pub async fn pause(&self, publishing: &Publishing) {
        self.workspace(WorkspaceAction::Pause).await;
        assert!(publishing.held(self.workspace).await, "what was in hand has come back");
    }

    /// Resumes as the API does.
    pub async fn resume(&self, publishing: &Publishing) {
        self.workspace(WorkspaceAction::Resume).await;
        publishing.resumed();
    }

    async fn key(&self) -> Arc<DataKey> {
        self.data_keys.get(self.workspace.uuid()).await.expect("a data key")
    }

    pub async fn connect(&self, handle: &str, delivery: &str) -> AccountId {
        let body = serde_json::json!({"handle": handle, "delivery": delivery});
        let platform = self.platforms.get("sandbox").expect("the sandbox");
        let connected = platform.connect(ConnectRequest { body, timing: self.timing }).await.expect("connected");
        self.adopt("sandbox", connected).await
    }

    /// Takes in an account that its platform has let in.
    pub async fn adopt(&self, platform: &str, connected: Connected) -> AccountId {
        let account = AccountId::fresh(self.clock.now());
        self.tokens.store(self.workspace, account, &connected.credentials, self.clock.now()).await.expect("stored");
        let key = self.key().await;
        let action = AccountAction::Connect {
            platform: platform.into(),
            server: connected.server,
            remote_id: key.seal(fields::ACCOUNT_REMOTE_ID, &Open::new(&*connected.remote_id)),
            remote_index: key.digest("account", connected.remote_id.as_bytes()),
            handle: key.seal(fields::ACCOUNT_HANDLE, &Open::new(connected.handle)),
            display_name: None,
            offer: connected.offer,
        };
        let command = AccountCommand { now: self.clock.now(), action };
        let request = Request {
            workspace: self.workspace,
            id: account.uuid(),
            command,
            metadata: Metadata::by(Actor::operator()),
            receipt: None,
        };
        self.accounts.execute(request).await.expect("connected");
        account
    }

    /// Puts a medium in the library, confirmed.
    pub async fn medium(&self, bytes: &'static [u8], alt_text: &str) -> MediaId {
        let (now, key) = (self.clock.now(), self.key().await);
        let place = Place { workspace: self.workspace, id: MediaId::fresh(now) };
        let mut incoming = self.library.store.begin(place, bytes.len() as u64).await.expect("begun");
        incoming.write(bytes.into()).await.expect("written");
        self.library.give(incoming.whole().await.expect("stored")).await.expect("given");
        let turn = self.library.turn(place.id).await;
        let looked = self.library.look(&turn, &key, place).await.expect("a medium");
        let found = looked.content.clone();
        let request = MediaAction::Request {
            file_name: key.seal(fields::MEDIA_FILE_NAME, &Open::new("bell.png")),
            kind: found.kind,
            bytes: found.bytes,
            alt_text: Some(key.seal(fields::MEDIA_ALT_TEXT, &Open::new(alt_text))),
            expires_at: now,
        };
        let confirm = MediaAction::Confirm(found);
        for action in [request, confirm] {
            let request = Request {
                workspace: self.workspace,
                id: place.id.uuid(),
                command: MediaCommand { now, action },
                metadata: Metadata::by(Actor::operator()),
                receipt: None,
            };
            self.library.media.execute(request).await.expect("carried out");
        }
        looked.confirmed(&self.library).await.expect("the log names it");
        place.id
    }

    /// Takes a medium's bytes away, as a damaged disk would.
    pub async fn lose(&self, id: MediaId) {
        for (place, lying, _) in self.library.store.list().await.expect("listed") {
            if place.id == id {
                self.library.store.remove(place, &lying).await.expect("removed");
            }
        }
    }

    /// Writes a post and gives it a due time.
    pub async fn schedule(&self, content: Content<Open>, accounts: &[AccountId], at: DateTime<Utc>) -> PostId {
        self.schedule_within(content, accounts, at, Limits::default()).await
    }

    /// The same, with limits of its own.
    pub async fn schedule_within(
        &self,
        content: Content<Open>,
        accounts: &[AccountId],
        at: DateTime<Utc>,
        limits: Limits,
    ) -> PostId {
        let post = PostId::fresh(self.clock.now());
        let key = self.key().await;
        let mut targets = Vec::new();
        for account_id in accounts.iter().copied() {
            let loaded = self.accounts.load(self.workspace, account_id.uuid()).await.expect("read").expect("there");
            let rules = loaded.state.offer.clone().expect("an offer").rules;
            targets
                .push(TargetRules { target: TargetRef { account_id, platform: loaded.state.platform.clone() }, rules });
        }
        let sealed = content.try_map::<_, std::convert::Infallible>(|field, text| Ok(key.seal(field, text)));
        let sealed = sealed.expect("sealing does not fail");
        let content = Box::new(ContentInHand { sealed, open: content, digests: BTreeMap::new(), media: Vec::new() });
        let draft = PostAction::Draft { content, targets, tags: Vec::new(), limits };
        self.command(post, draft).await;
        self.command(post, PostAction::Schedule { when: When::instant(at) }).await;
        post
    }

    pub async fn command(&self, post: PostId, action: PostAction) {
        let request = Request {
            workspace: self.workspace,
            id: post.uuid(),
            command: PostCommand::new(self.clock.now(), 0.5, action),
            metadata: Metadata::by(Actor::operator()),
            receipt: None,
        };
        self.posts.execute(request).await.expect("carried out");
    }

    pub async fn post(&self, post: PostId) -> Arc<Post> {
        self.posts.load(self.workspace, post.uuid()).await.expect("read").expect("there").state
    }

    /// Waits until no target of the post has anything left to do.
    pub async fn ended(&self, post: PostId) -> Arc<Post> {
        self.reaches(post, |target| {
            !matches!(
                target.phase,
                Phase::Pending | Phase::Scheduled | Phase::Publishing | Phase::Retrying { .. } | Phase::Settling(_)
            )
        })
        .await
    }

    /// Waits until every target of the post is so.
    pub async fn reaches(&self, post: PostId, is_so: impl Fn(&Target) -> bool) -> Arc<Post> {
        let mut moved = self.runner.watch();
        let wait = async {
            loop {
                moved.mark_unchanged();
                let state = self.post(post).await;
                if state.targets.iter().all(&is_so) {
                    return state;
                }
                moved.changed().await.expect("the runner runs");
            }
        };
        if let Ok(state) = tokio::time::timeout(PATIENCE, wait).await {
            return state;
        }
        panic!("the post did not come so far: {:#?}", self.post(post).await.targets)
    }

    pub async fn disconnect(&self, account: AccountId) {
        let request = Request {
            workspace: self.workspace,
            id: account.uuid(),
            command: AccountCommand { now: self.clock.now(), action: AccountAction::Disconnect },
            metadata: Metadata::by(Actor::operator()),
            receipt: None,
        };
        self.accounts.execute(request).await.expect("disconnected");
    }

    /// An account, once it is of that status.
    pub async fn account_becomes(&self, account: AccountId, status: AccountStatus) -> Arc<Account> {
        let mut moved = self.runner.watch();
        let wait = async {
            loop {
                moved.mark_unchanged();
                let loaded = self.accounts.load(self.workspace, account.uuid()).await.expect("read").expect("there");
                if loaded.state.status == status {
                    return loaded.state;
                }
                moved.changed().await.expect("the runner runs");
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("the account became so")
    }

    /// An account's credentials as they are kept.
    pub async fn credentials(&self, account: AccountId) -> serde_json::Value {
        let kept = self.tokens.load(self.workspace, account).await.expect("read").expect("there");
        kept.read().expect("JSON")
    }

    /// What became visible on an account.
    pub fn visible(&self, handle: &str) -> Vec<Visible> {
        self.sandbox.visible().into_iter().filter(|it| it.account == handle).collect()
    }

    pub fn fault(&self, fault: Fault) {
        self.sandbox.add_fault(fault);
    }
}

pub(crate) fn text(body: &str) -> Content<Open> {
    Content { body: Open::new(body), ..Content::default() }
}
