//! Several nodes on one PostgreSQL and one NATS: each target is published once, whoever dies or freezes.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use campanile_events::{
    clock::{Clock, ClockTrouble, SharedClock},
    ids::{AccountId, OrganizationId, PostId},
    post::{Content, TargetStatus},
    seal::{Open, Sealed},
    timing::Timing,
    workspace::WorkspaceAction,
};
use campanile_workers::{
    observed::Observer,
    platforms::sandbox::{Fault, FaultKind},
    publishing::{Leader, Publishing},
};
use chrono::{DateTime, Utc};
use tokio::{runtime::Runtime, sync::oneshot};

use crate::house::{Ground, House, Setting, quick, text};

const CLASSES: [&str; 3] = ["keyed", "searchable", "blind"];
const PATIENCE: Duration = Duration::from_secs(60);

/// A node on threads of its own, which can be killed as a machine can: nothing of it runs on, nothing is given back.
struct Node {
    runtime: Option<Runtime>,
    house: Arc<House>,
    publishing: Arc<Publishing>,
}

impl Node {
    /// `threads`: with one, whoever blocks it freezes the node.
    async fn start(ground: &Arc<Ground>, threads: usize, furnish: impl FnOnce(&mut House) + Send + 'static) -> Self {
        Self::start_with(ground, threads, quick(), furnish).await
    }

    async fn start_with(
        ground: &Arc<Ground>,
        threads: usize,
        timing: Timing,
        furnish: impl FnOnce(&mut House) + Send + 'static,
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let (made, making) = oneshot::channel();
        let ground = Arc::clone(ground);
        runtime.spawn(async move {
            let mut house = House::beside(&ground, timing).await;
            furnish(&mut house);
            let publishing = house.start().await;
            // Whoever waited for it is there, or the test has failed by now.
            let _made = made.send((Arc::new(house), Arc::new(publishing)));
        });
        let (house, publishing) = making.await.expect("a node");
        Self { runtime: Some(runtime), house, publishing }
    }

    fn kill(&mut self) {
        self.runtime.take().expect("it lives").shutdown_background();
    }

    fn leads(&self) -> bool {
        matches!(self.publishing.leader(), Some(Leader::This { .. }))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn until(what: &str, is_so: impl Fn() -> bool) -> Duration {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    begun.elapsed()
}

async fn accounts(house: &House, number: usize) -> Vec<AccountId> {
    let mut accounts = Vec::new();
    for number in 0..number {
        let class = CLASSES[number % CLASSES.len()];
        accounts.push(house.connect(&format!("{class}-{number}"), class).await);
    }
    accounts
}

/// How often each text became visible on each account.
fn counts(ground: &Ground) -> BTreeMap<(String, String), usize> {
    let mut counts = BTreeMap::new();
    for visible in ground.sandbox.visible() {
        *counts.entry((visible.account, visible.text)).or_insert(0) += 1;
    }
    counts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_targets_that_are_due_at_once_are_published_once_each() {
    let ground = Ground::of(Setting::Nodes).await;
    let (one, other) = (Node::start(&ground, 2, |_| {}).await, Node::start(&ground, 2, |_| {}).await);
    until("one leads", || one.leads() != other.leads()).await;
    let accounts = accounts(&one.house, 50).await;
    let due = one.house.clock.now() + chrono::Duration::milliseconds(1500);
    let mut posts = Vec::new();
    for (number, accounts) in accounts.chunks(10).enumerate() {
        posts.push(one.house.schedule(text(&format!("ding {number}")), accounts, due).await);
    }
    let mut workers = std::collections::BTreeSet::new();
    for post in posts {
        let state = other.house.ended(post).await;
        for target in &state.targets {
            assert_eq!(target.status(), TargetStatus::Published, "{target:#?}");
            assert_eq!(target.attempts.len(), 1, "{target:#?}");
            workers.insert(target.attempts[0].worker);
        }
    }
    let counts = counts(&ground);
    assert_eq!(counts.len(), 50);
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
    let early = ground.sandbox.journal().requests.iter().filter(|it| it.received_at < due).count();
    assert_eq!(early, 0, "never before the due time");
    assert!(workers.len() > 4, "both nodes worked: {workers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_leads_once_the_leaders_lease_is_over() {
    let mut timing = quick();
    timing.apply("lease=12").expect("a good entry");
    let ground = Ground::of(Setting::Nodes).await;
    let mut one = Node::start_with(&ground, 2, timing, |_| {}).await;
    until("the first leads", || one.leads()).await;
    let Some(Leader::This { node, .. }) = one.publishing.leader() else { panic!("it leads") };
    let other = Node::start_with(&ground, 2, timing, |_| {}).await;
    until(
        "the second knows",
        || matches!(other.publishing.leader(), Some(Leader::Another { node: seen, .. }) if seen == node),
    )
    .await;
    let parts = other.publishing.status().await;
    let part = parts.iter().find(|it| it.part == "scheduler").expect("a part");
    assert!(part.ok && part.text.contains(&node.to_string()), "{part:?}");

    one.kill();
    let waited = until("the second leads", || other.leads()).await;
    // 6 s of a lease of 5 s, in proportion; the rest is for a machine that has other things to do.
    let most = timing.leader_lease() * 6 / 5 + Duration::from_millis(400);
    assert!(waited <= most, "{waited:?}");
    // Nobody renews its lease, so it has stopped by its own count, which goes on without any task of its own.
    assert!(!one.leads());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_was_frozen_past_its_lease_leads_no_longer() {
    let mut timing = quick();
    timing.apply("lease=6").expect("a good entry");
    let ground = Ground::of(Setting::Nodes).await;
    let frozen = Node::start_with(&ground, 1, timing, |_| {}).await;
    until("the first leads", || frozen.leads()).await;
    let other = Node::start_with(&ground, 2, timing, |_| {}).await;
    let (thaw, thawed) = mpsc::channel::<()>();
    frozen.runtime.as_ref().expect("it lives").spawn(async move { thawed.recv_timeout(PATIENCE) });
    until("the second leads", || other.leads()).await;
    assert_eq!(frozen.publishing.leader(), Some(Leader::Unknown), "without a word from anybody it has stopped");
    thaw.send(()).expect("it is frozen");
    until("the first follows", || matches!(frozen.publishing.leader(), Some(Leader::Another { .. }))).await;
    assert!(other.leads(), "and takes nothing back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_can_not_be_heard_begins_nothing() {
    let ground = Ground::of(Setting::Nodes).await;
    let node = Node::start(&ground, 2, |_| {}).await;
    let account = node.house.connect("owl", "keyed").await;
    ground.servers().sql("alter table campanile.worker_heartbeats rename to lost");
    // Until its last beat is too old to begin anything by.
    tokio::time::sleep(node.house.timing.send_window()).await;
    let post = node.house.schedule(text("unheard"), &[account], node.house.clock.now()).await;
    // That nothing comes shows in time alone: as long as five sweeps.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(node.house.post(post).await.targets[0].attempts.is_empty(), "nothing was begun");
    ground.servers().sql("alter table campanile.lost rename to worker_heartbeats");
    let state = node.house.ended(post).await;
    assert_eq!(state.targets[0].status(), TargetStatus::Published);
    assert_eq!(state.targets[0].attempts.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_leader_left_behind_is_published_all_the_same() {
    let ground = Ground::of(Setting::Nodes).await;
    let mut one = Node::start(&ground, 2, |_| {}).await;
    until("the first leads", || one.leads()).await;
    let other = Node::start(&ground, 2, |_| {}).await;
    let accounts = accounts(&other.house, 6).await;
    let mut posts: Vec<PostId> = Vec::new();
    for number in 0..30 {
        let at = other.house.clock.now() + chrono::Duration::milliseconds(600 + 30 * number);
        posts.push(other.house.schedule(text(&format!("ding {number}")), &accounts, at).await);
    }
    let sandbox = Arc::clone(&ground.sandbox);
    until("some are out", || sandbox.journal().requests.len() >= 20).await;
    one.kill();
    let mut unknown = 0;
    for post in posts {
        for target in &other.house.ended(post).await.targets {
            // What it had in hand when it died can't be known where the platform can't be asked.
            let may_be_unknown = target.attempts[0].delivery == campanile_events::post::Delivery::Blind;
            match target.status() {
                TargetStatus::Published => {}
                TargetStatus::Unknown if may_be_unknown => unknown += 1,
                _ => panic!("{target:#?}"),
            }
        }
    }
    let counts = counts(&ground);
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
    assert!(counts.len() <= 180 && counts.len() + unknown >= 180, "{} are visible, {unknown} unknown", counts.len());
}

/// Freezes its node, once, when the first intent is stored and nothing has left yet.
#[derive(Debug)]
struct Freezer(std::sync::Mutex<Option<(mpsc::Sender<()>, mpsc::Receiver<()>)>>);

impl Observer for Freezer {
    fn send_intended(&self, _: &str, _: Duration) {
        if let Some((frozen, thaw)) = self.0.lock().expect("no panic").take() {
            frozen.send(()).expect("somebody waits");
            // An error says that the test is over, which is as good.
            let _thawed = thaw.recv_timeout(PATIENCE);
        }
    }

    fn attempt_ended(&self, _: &str, _: &'static str) {}
}

/// A node of one thread that freezes, the word that it has, and what lets it go on.
async fn freezing(ground: &Arc<Ground>) -> (Node, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let ((freeze, frozen), (thaw, thawed)) = (mpsc::channel(), mpsc::channel());
    let freezer = Arc::new(Freezer(std::sync::Mutex::new(Some((freeze, thawed)))));
    let node = Node::start(ground, 1, move |house| house.observer = freezer).await;
    (node, frozen, thaw)
}

async fn comes(word: mpsc::Receiver<()>) {
    let waited = tokio::task::spawn_blocking(move || word.recv_timeout(PATIENCE)).await;
    waited.expect("no panic").expect("the word came");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_was_frozen_past_its_lease_sends_nothing() {
    let ground = Ground::of(Setting::Nodes).await;
    let (_frozen, word, thaw) = freezing(&ground).await;
    let house = House::beside(&ground, quick()).await;
    let account = house.connect("owl", "searchable").await;
    let post = house.schedule(text("once"), &[account], house.clock.now()).await;
    comes(word).await;
    let _publishing = house.start().await;
    let state = house.ended(post).await;
    assert_eq!(state.targets[0].status(), TargetStatus::Published);
    let first = state.targets[0].attempts[0].worker;
    assert_ne!(state.targets[0].attempts[1].worker, first);
    // Its own word that it didn't send is the last event there is.
    let version = async || house.posts.load(ground.workspace, post.uuid()).await.expect("read").expect("there").version;
    let (before, begun) = (version().await, Instant::now());
    thaw.send(()).expect("it is frozen");
    while version().await == before {
        assert!(begun.elapsed() < PATIENCE, "it never came back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(ground.sandbox.journal().requests.len(), 1, "and nothing else of it left");
    assert_eq!(house.visible("owl").len(), 1);
}

async fn made(ground: &Arc<Ground>) -> House {
    let mut house = House::beside(ground, quick()).await;
    house.workers = 0;
    let name = Sealed::from_stored("s1.bmFtZQ");
    house.workspace(WorkspaceAction::Create { organization_id: OrganizationId::default(), name }).await;
    house
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_that_is_answered_here_holds_there() {
    let ground = Ground::of(Setting::Nodes).await;
    let house = made(&ground).await;
    let publishing = house.start().await;
    let there = Node::start(&ground, 2, |house| house.scheduler = false).await;
    let mut accounts = Vec::new();
    for class in CLASSES {
        accounts.push(house.connect(class, class).await);
        house.fault(Fault { times: None, ..Fault::next(Some(class), FaultKind::AnswerLate { seconds: 0.05 }, 1) });
    }
    let mut posts = Vec::new();
    for post in 0..10 {
        let part = |part: usize| Open::new(format!("post {post}, part {part}"));
        let content = Content { body: part(0), thread: vec![part(1), part(2)], ..Content::default() };
        posts.push(house.schedule(content, &accounts, house.clock.now()).await);
    }
    let received = || ground.sandbox.journal().requests.len();
    until("the burst is in its middle", || received() >= 20).await;
    house.pause(&publishing).await;
    let sent = received();
    assert!(sent < 90, "the burst was in its middle: {sent}");
    // That nothing comes shows in time alone.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(received(), sent, "after the answer nothing leaves");

    house.resume(&publishing).await;
    for post in posts {
        let state = there.house.ended(post).await;
        assert!(state.targets.iter().all(|it| it.status() == TargetStatus::Published), "{:#?}", state.targets);
    }
    let counts = counts(&ground);
    assert_eq!(counts.len(), 90);
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_between_an_intent_and_its_request_keeps_it_back() {
    let ground = Ground::of(Setting::Nodes).await;
    let house = made(&ground).await;
    let publishing = house.start().await;
    let (there, word, thaw) = freezing(&ground).await;
    let account = house.connect("owl", "blind").await;
    let post = house.schedule(text("not now"), &[account], house.clock.now()).await;
    comes(word).await;
    house.workspace(WorkspaceAction::Pause).await;
    let held = publishing.held(ground.workspace);
    let mut held = std::pin::pin!(held);
    let early = tokio::time::timeout(Duration::from_millis(200), &mut held).await;
    assert!(early.is_err(), "somebody is about to send");
    thaw.send(()).expect("it is frozen");
    assert!(held.await, "what was about to be sent has come back");
    let state = house.post(post).await;
    let target = &state.targets[0];
    let failure = target.attempts[0].end.as_ref().and_then(|end| end.failure.as_ref());
    assert_eq!(failure.and_then(|failure| failure.code.as_deref()), Some("paused"), "{target:#?}");
    assert_eq!(ground.sandbox.journal().requests.len(), 0, "by the answer it was stopped");
    house.resume(&publishing).await;
    assert_eq!(there.house.ended(post).await.targets[0].status(), TargetStatus::Published);
    assert_eq!(house.visible("owl").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_nats_each_node_with_workers_goes_on_from_the_database() {
    let ground = Ground::of(Setting::Nodes).await;
    let house = made(&ground).await;
    let leader = house.start().await;
    until("it leads", || matches!(leader.leader(), Some(Leader::This { .. }))).await;
    let there = Node::start(&ground, 2, |house| house.scheduler = false).await;
    assert_eq!(there.publishing.leader(), None);
    let accounts = accounts(&house, 3).await;
    ground.servers().nats().kill9();
    let mut posts = Vec::new();
    for number in 0..5 {
        posts.push(house.schedule(text(&format!("ding {number}")), &accounts, house.clock.now()).await);
    }
    for post in posts {
        let state = house.ended(post).await;
        assert!(state.targets.iter().all(|it| it.status() == TargetStatus::Published), "{:#?}", state.targets);
    }
    let counts = counts(&ground);
    assert!(counts.len() == 15 && counts.values().all(|count| *count == 1), "{counts:?}");
}

/// A node's clock that it can't trust while it is told so.
#[derive(Debug)]
struct Doubtful {
    clock: SharedClock,
    is_in_doubt: Arc<AtomicBool>,
}

impl Clock for Doubtful {
    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    fn check(&self) -> Result<(), ClockTrouble> {
        if self.is_in_doubt.load(Ordering::Acquire) {
            return Err(ClockTrouble::Apart(Duration::from_secs(3)));
        }
        self.clock.check()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_not_sure_of_the_time_claims_nothing() {
    let ground = Ground::of(Setting::Nodes).await;
    let is_in_doubt = Arc::new(AtomicBool::new(false));
    let doubt = Arc::clone(&is_in_doubt);
    let one = Node::start(&ground, 2, move |house| {
        house.clock = Arc::new(Doubtful { clock: house.clock.clone(), is_in_doubt: doubt });
    })
    .await;
    until("it leads", || one.leads()).await;
    let account = one.house.connect("owl", "keyed").await;
    is_in_doubt.store(true, Ordering::Release);
    until("it leads no longer", || !one.leads()).await;
    let part = one.publishing.status().await.into_iter().find(|it| it.part == "clock").expect("a part");
    assert!(!part.ok && part.text.contains("3.0 s apart"), "{part:?}");
    let post = one.house.schedule(text("in doubt"), &[account], one.house.clock.now()).await;
    // Another's job, or one from before: it isn't taken.
    let other = Node::start(&ground, 2, |house| house.workers = 0).await;
    until("another leads", || other.leads()).await;
    // That nothing comes shows in time alone: as long as five sweeps.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(one.house.post(post).await.targets[0].attempts.is_empty(), "nothing was begun");
    is_in_doubt.store(false, Ordering::Release);
    assert_eq!(one.house.ended(post).await.targets[0].status(), TargetStatus::Published);
    assert!(!one.leads() && other.leads(), "who leads goes on to");
}
