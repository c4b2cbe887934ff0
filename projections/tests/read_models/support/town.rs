//! Life in a town: accounts, keys and posts whose events come from the aggregates' own decisions.

use std::{collections::BTreeMap, sync::Arc};

use campanile_events::{
    account::{Account, AccountAction, AccountCommand, Offer},
    clock::{Clock, ManualClock},
    ids::{AccountId, EventId, KeyId, PostId, Version, WorkerId, WorkspaceId},
    journal::{Actor, Append, Expected, Journal, Metadata, NewEvent, Recorded, StreamId, StreamKind, owned},
    key::{Grant, Key, KeyAction, KeyCommand, NewKey, Scopes},
    post::{
        Content, ContentInHand, Delivery, Failure, FailureClass, Intent, Limits, LookUp, MediaRules, Phase, Post,
        PostAction, PostCommand, PostServices, Resolution, Rules, Step, Tag, TargetRef, TargetRules, TextCount, Then,
        When,
    },
    seal::{Open, Sealed},
    stored::StoredEvent,
};
use chrono::{DateTime, Duration, Utc};
use cqrs_es::Aggregate;
use uuid::Uuid;

const PLATFORMS: [&str; 2] = ["mastodon", "sandbox"];

pub struct Town {
    journal: Arc<dyn Journal>,
    clock: Arc<ManualClock>,
    chance: u64,
    ids: u128,
    pub workspaces: [WorkspaceId; 2],
    pub accounts: BTreeMap<AccountId, (WorkspaceId, Account, Version)>,
    pub keys: BTreeMap<KeyId, (WorkspaceId, Key, Version)>,
    pub posts: BTreeMap<PostId, (WorkspaceId, Post, Version)>,
}

impl Town {
    pub fn new(journal: Arc<dyn Journal>, clock: Arc<ManualClock>, seed: u64) -> Self {
        Self {
            journal,
            clock,
            chance: seed,
            ids: u128::from(seed) << 64,
            workspaces: [WorkspaceId::from(Uuid::from_u128(1)), WorkspaceId::from(Uuid::from_u128(2))],
            accounts: BTreeMap::new(),
            keys: BTreeMap::new(),
            posts: BTreeMap::new(),
        }
    }

    /// Lives until the log has at least so many events more.
    pub async fn live(&mut self, events: usize) -> Vec<Recorded> {
        let mut recorded = Vec::new();
        while recorded.len() < events {
            let pause = Duration::seconds(self.below(40) as i64);
            self.clock.advance(pause);
            recorded.extend(match self.below(20) {
                _ if self.accounts.len() < 4 => self.connect().await,
                0 => self.connect().await,
                1 => self.change_account().await,
                2 => self.change_key().await,
                3..=6 => self.draft().await.1,
                _ => self.change_post().await,
            });
        }
        recorded
    }

    /// A new post on some accounts.
    pub async fn draft(&mut self) -> (PostId, Vec<Recorded>) {
        let workspace = self.workspaces[self.below(2)];
        let mut targets = self.targets(workspace);
        while targets.is_empty() {
            self.connect().await;
            targets = self.targets(workspace);
        }
        let id = PostId::from(self.id());
        let tags = self.tags();
        let content = Box::new(self.content());
        let drafted = self.post(workspace, id, PostAction::Draft { content, targets, tags, limits: Limits::default() });
        (id, drafted.await)
    }

    /// Asks something of a post; what it refuses leaves nothing.
    pub async fn post(&mut self, workspace: WorkspaceId, id: PostId, action: PostAction) -> Vec<Recorded> {
        let (_, mut post, version) = self.posts.remove(&id).unwrap_or((workspace, Post::default(), Version(0)));
        let command = PostCommand::new(self.clock.now(), 0.5, action);
        let events = post.decide(command, &PostServices::default()).unwrap_or_default();
        let stream = StreamId::new(StreamKind::Post, id.uuid());
        let recorded = self.append(workspace, stream, version, &events).await;
        let version = Version(version.0 + events.len() as u64);
        for event in events {
            post.apply(event);
        }
        if post.exists {
            self.posts.insert(id, (workspace, post, version));
        }
        recorded
    }

    /// Changes a post so that it goes to these accounts alone, under these tags.
    pub async fn edit(&mut self, id: PostId, accounts: &[AccountId], tags: &[&str]) -> Vec<Recorded> {
        let workspace = self.posts[&id].0;
        let target = |id: &AccountId| TargetRef { account_id: *id, platform: self.accounts[id].1.platform.clone() };
        let targets = accounts.iter().map(|id| TargetRules { target: target(id), rules: rules(500) }).collect();
        let tags = tags.iter().map(|index| Tag { text: Sealed::from_stored("s1.tag"), index: (*index).to_owned() });
        let (tags, content) = (Some(tags.collect()), Box::new(self.content()));
        self.post(workspace, id, PostAction::Edit { if_revision: None, content, targets, tags, limits: None }).await
    }

    /// An event as no aggregate of this build makes it.
    pub async fn append_raw(&mut self, id: PostId, event_type: &str, schema: u16, payload: &str) -> Recorded {
        let (workspace, _, version) = self.posts.get_mut(&id).unwrap();
        let stream = StreamId::new(StreamKind::Post, id.uuid());
        let expected = vec![Expected { stream, version: *version }];
        *version = version.next();
        let workspace = *workspace;
        let event = self.event(stream, event_type, schema, payload.to_owned());
        let append = Append { workspace, expected, events: vec![event], receipts: vec![], begins: false };
        owned(self.journal.append(append).await.unwrap()).remove(0)
    }

    async fn connect(&mut self) -> Vec<Recorded> {
        let (workspace, id) = (self.workspaces[self.accounts.len() % 2], AccountId::from(self.id()));
        let action = AccountAction::Connect {
            platform: PLATFORMS[self.below(2)].to_owned(),
            server: "https://social.example".to_owned(),
            remote_id: Sealed::from_stored("s1.remote"),
            remote_index: id.to_string(),
            handle: Sealed::from_stored("s1.handle"),
            display_name: None,
            offer: Offer { rules: rules(500), delivery: Delivery::Searchable },
        };
        self.account(workspace, id, action).await
    }

    async fn change_account(&mut self) -> Vec<Recorded> {
        let at = self.below(self.accounts.len());
        let id = *self.accounts.keys().nth(at).unwrap();
        let action = match self.below(6) {
            0..=2 => AccountAction::RateLimit { until: self.clock.now() + Duration::seconds(90) },
            3 => AccountAction::NeedReconnect { code: "revoked".to_owned() },
            4 => {
                let offer = Offer { rules: rules(600), delivery: Delivery::Blind };
                AccountAction::ObserveLimits { offer }
            }
            _ => AccountAction::Disconnect,
        };
        self.account(self.accounts[&id].0, id, action).await
    }

    async fn account(&mut self, workspace: WorkspaceId, id: AccountId, action: AccountAction) -> Vec<Recorded> {
        let (_, mut account, version) =
            self.accounts.remove(&id).unwrap_or((workspace, Account::default(), Version(0)));
        let events = account.decide(AccountCommand { now: self.clock.now(), action }).unwrap_or_default();
        let stream = StreamId::new(StreamKind::Account, id.uuid());
        let recorded = self.append(workspace, stream, version, &events).await;
        let version = Version(version.0 + events.len() as u64);
        for event in events {
            account.apply(event);
        }
        self.accounts.insert(id, (workspace, account, version));
        recorded
    }

    async fn change_key(&mut self) -> Vec<Recorded> {
        if self.keys.is_empty() || self.below(3) > 0 {
            let (workspace_id, id) = (self.workspaces[self.below(2)], KeyId::from(self.id()));
            let scopes = Scopes::read(["posts:read", "posts:write"]).unwrap();
            let (name, grant) = (Sealed::from_stored("s1.name"), Grant { scopes, ..Grant::everything() });
            let action = KeyAction::Create(Box::new(NewKey::new(workspace_id, name, "sk_live_abcd", grant)));
            return self.key(workspace_id, id, action).await;
        }
        let at = self.below(self.keys.len());
        let id = *self.keys.keys().nth(at).unwrap();
        self.key(self.keys[&id].0, id, KeyAction::Revoke).await
    }

    async fn key(&mut self, workspace: WorkspaceId, id: KeyId, action: KeyAction) -> Vec<Recorded> {
        let (_, mut key, version) = self.keys.remove(&id).unwrap_or((workspace, Key::default(), Version(0)));
        let events = key.decide(KeyCommand { now: self.clock.now(), action }).unwrap();
        let stream = StreamId::new(StreamKind::Key, id.uuid());
        let recorded = self.append(workspace, stream, version, &events).await;
        let version = Version(version.0 + events.len() as u64);
        for event in events {
            key.apply(event);
        }
        self.keys.insert(id, (workspace, key, version));
        recorded
    }

    async fn change_post(&mut self) -> Vec<Recorded> {
        if self.posts.is_empty() {
            return Vec::new();
        }
        let at = self.below(self.posts.len());
        let id = *self.posts.keys().nth(at).unwrap();
        let (workspace, post, _) = self.posts[&id].clone();
        let target = post.targets[self.below(post.targets.len())].clone();
        let action = match &target.phase {
            _ if self.below(12) == 0 => PostAction::Cancel { account_ids: vec![target.account_id] },
            _ if self.below(30) == 0 => PostAction::Delete { if_revision: None, on_platforms: self.below(2) == 0 },
            _ if target.removal_at().is_some() => {
                let account_id = target.account_id;
                let removed = target.standing().into_iter().map(str::to_owned).collect();
                let failure = Failure::of(FailureClass::Transient, "503");
                match self.below(3) {
                    0 => PostAction::CompleteRemoval { account_id, removed },
                    _ => PostAction::FailRemoval { account_id, removed: Vec::new(), failure },
                }
            }
            Phase::Pending if self.below(4) == 0 => {
                let content = Box::new(self.content());
                PostAction::Edit {
                    if_revision: None,
                    content,
                    targets: self.targets(workspace),
                    tags: Some(self.tags()),
                    limits: None,
                }
            }
            Phase::Scheduled if self.below(8) == 0 => PostAction::Unschedule,
            Phase::Scheduled | Phase::Retrying { .. } => self.start(&post, target.account_id, target.next_number()),
            Phase::Publishing => self.end(&target),
            Phase::Settling(settling) => PostAction::RecordLookUp {
                account_id: target.account_id,
                number: target.newest().unwrap().number,
                step: settling.step,
                asked_at: self.clock.now(),
                look_up: if self.below(3) == 0 {
                    LookUp::Present { remote_id: format!("found-{id}"), url: None }
                } else {
                    LookUp::Absent
                },
                claim: false,
            },
            Phase::Failed | Phase::Missed => PostAction::Retry { account_ids: vec![target.account_id] },
            Phase::Unknown => PostAction::Resolve {
                account_id: target.account_id,
                resolution: Resolution::NotPublished { then: Then::GiveUp },
            },
            _ => PostAction::Schedule { when: When::instant(self.clock.now() + Duration::seconds(30)) },
        };
        self.post(workspace, id, action).await
    }

    fn start(&mut self, post: &Post, account_id: AccountId, number: u32) -> PostAction {
        let now = self.clock.now();
        let step = post.target(account_id).and_then(|target| post.next_step(target)).unwrap_or(Step::Part(0));
        let intent = Intent {
            step,
            marker: format!("marker-{step}"),
            request_digest: "digest".to_owned(),
            at: now,
            not_after: now + Duration::seconds(30),
        };
        PostAction::StartAttempt {
            account_id,
            number,
            worker: WorkerId::from(Uuid::from_u128(self.below(3) as u128)),
            delivery: [Delivery::Searchable, Delivery::Blind][self.below(2)],
            baseline: None,
            revision: post.revision,
            intent: Some(intent),
        }
    }

    fn end(&mut self, target: &campanile_events::post::Target) -> PostAction {
        let (account_id, number) = (target.account_id, target.newest().unwrap().number);
        let step = target.last_intent().map_or(Step::Part(0), |intent| intent.step);
        let failure =
            |class| PostAction::FailAttempt { account_id, number, step: None, failure: Failure::of(class, "503") };
        match self.below(6) {
            0 => failure(FailureClass::Transient),
            1 => failure(FailureClass::Uncertain),
            2 => failure(FailureClass::Rejected),
            3 => PostAction::LapseAttempt { account_id, number },
            _ => PostAction::CompleteStep {
                account_id,
                number,
                step,
                remote_id: format!("live-{account_id}-{number}"),
                url: Some(Sealed::from_stored("s1.url")),
                claim: false,
            },
        }
    }

    fn targets(&mut self, workspace: WorkspaceId) -> Vec<TargetRules> {
        let own: Vec<_> = self.accounts.iter().filter(|(_, (of, _, _))| *of == workspace).collect();
        let all: Vec<_> = own
            .into_iter()
            .map(|(id, (_, account, _))| TargetRules {
                target: TargetRef { account_id: *id, platform: account.platform.clone() },
                rules: rules(500),
            })
            .collect();
        let (from, most) = (self.below(all.len().max(1)), 1 + self.below(3));
        all.into_iter().skip(from).take(most).collect()
    }

    fn tags(&mut self) -> Vec<Tag> {
        let names = ["a", "b", "c"].into_iter().take(self.below(4));
        names.map(|index| Tag { text: Sealed::from_stored("s1.tag"), index: index.to_owned() }).collect()
    }

    fn content(&mut self) -> ContentInHand {
        let text = format!("text {}", self.below(1_000));
        let thread = if self.below(3) == 0 { vec![Open::new("and more")] } else { vec![] };
        let open = Content { body: Open::new(text), thread, ..Content::default() };
        let seal = |_: &str, text: &Open| Ok::<_, ()>(Sealed::from_stored(format!("s1.{}", text.as_str().len())));
        ContentInHand { sealed: open.try_map(seal).unwrap(), open, digests: BTreeMap::new(), media: Vec::new() }
    }

    async fn append<E: StoredEvent>(
        &mut self,
        workspace: WorkspaceId,
        stream: StreamId,
        version: Version,
        events: &[E],
    ) -> Vec<Recorded> {
        if events.is_empty() {
            return Vec::new();
        }
        let expected = vec![Expected { stream, version }];
        let events =
            events.iter().map(|it| self.event(stream, it.name(), it.schema(), it.payload().unwrap())).collect();
        let append = Append { workspace, expected, events, receipts: vec![], begins: false };
        owned(self.journal.append(append).await.unwrap())
    }

    fn event(&mut self, stream: StreamId, event_type: &str, schema: u16, payload: String) -> NewEvent {
        NewEvent {
            id: EventId::from(self.id()),
            workspace: None,
            stream,
            event_type: event_type.to_owned(),
            schema,
            payload,
            metadata: Metadata::by(Actor::of(KeyId::from(Uuid::from_u128(9)))),
            claims: vec![],
        }
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    fn id(&mut self) -> Uuid {
        self.ids += 1;
        Uuid::from_u128(self.ids)
    }

    /// The next number of a fixed series, below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        self.chance = self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.chance >> 33) as usize % limit
    }
}

fn rules(max_text: u32) -> Rules {
    let count = TextCount::default();
    Rules {
        max_text,
        max_bytes: None,
        count,
        max_parts: 5,
        first_comment: false,
        max_media: 0,
        media: MediaRules::default(),
    }
}
