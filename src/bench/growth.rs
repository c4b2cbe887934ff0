//! `growth`: what an append, a read, a list and the look for what is due cost as posts grow more.

use std::{net::SocketAddr, sync::Arc};

use anyhow::{Context, ensure};
use campanile_events::{
    commands::Request as Asked,
    ids::{AccountId, PostId},
    post::PostCommand,
    random,
};
use campanile_projections::due;
use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use serde_json::Value;
use tokio::{net::TcpListener, sync::oneshot};

use super::{
    Figures, Place, Plan, Telling,
    bare::{self, Bare},
    connection::{Connection, Request},
    figures::Measured,
    house::House,
    http::ask_all,
    lives::{self, Life},
    load::load,
};
use crate::{
    configuration::{Configuration, Role, Roles},
    engine::{Core, Engine, PATIENCE},
};

/// How many posts there are when it is measured: these, up to what is asked for.
const SIZES: [usize; 3] = [10_000, 100_000, 1_000_000];
const MOST: usize = 100_000;
/// Posts that go into one append.
const TOGETHER: usize = 250;
/// What is measured at each size gets a part of the time.
const PARTS: u32 = 6;
const FEWEST: &str = "the same with the fewest posts";
/// Places of the list where lists are gone on with, at most: one in each of as many parts of it.
const PLACES: usize = 1_000;
/// So that a part is worth a place.
const POSTS_OF_A_PLACE: usize = 10;
/// The first post is due then, and each that follows a second later: how many are due soon doesn't grow.
const FIRST_DUE: TimeDelta = TimeDelta::seconds(30);
/// How far ahead the scheduler looks, and how many rows it reads at once.
const AHEAD: TimeDelta = TimeDelta::seconds(60);
const ROWS: usize = 100_000;

/// An engine with posts, all of them scheduled.
struct Town {
    house: House,
    core: Arc<Core>,
    account: AccountId,
    address: SocketAddr,
    begun: DateTime<Utc>,
    posts: Vec<PostId>,
}

pub(super) async fn measure(plan: &Plan, place: &Place, telling: &dyn Telling) -> anyhow::Result<Vec<Figures>> {
    let most = plan.posts.unwrap_or(MOST);
    let sizes = SIZES.into_iter().filter(|size| *size < most).chain([most]);
    let (house, store) = House::build(place, "growth").await?;
    drop(store);
    let roles = Roles::only([Role::Api, Role::Projector]);
    let engine = Engine::open(&Configuration { roles, ..house.configuration.clone() }).await?;
    let core = Arc::clone(engine.core());
    let account = house.connect(&core, "bench").await?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let served = tokio::spawn(async move {
        // A sender that is gone says the same.
        engine.serve(Some(listener), async { drop(stopped.await) }).await
    });

    let begun = core.clock.now();
    let mut town = Town { house, core, account, address, begun, posts: Vec::new() };
    let (mut figures, mut fewest): (Vec<Figures>, Option<Vec<Measured>>) = (Vec::new(), None);
    for size in sizes {
        town.grow(size, telling).await?;
        let (measured, selected) = town.measured(plan, telling).await?;
        let fewest = fewest.get_or_insert_with(|| measured.iter().map(|(_, measured)| measured.clone()).collect());
        for ((what, measured), fewest) in measured.iter().zip(fewest) {
            let clients = if *what == "due" { 1 } else { plan.clients };
            let mut held = Figures::of("growth", clients, measured, (FEWEST, fewest));
            if *what == "get" {
                held = held.against("indexed_select", bare::SELECT, &selected);
            }
            figures.push(held.with("what", *what).with("posts", size).with("engine", place.engine()));
        }
    }
    drop(stop);
    served.await??;
    Ok(figures)
}

impl Town {
    /// Schedules posts until there are so many, and waits until they can be read.
    async fn grow(&mut self, size: usize, telling: &dyn Telling) -> anyhow::Result<()> {
        telling.begins("scheduling", size as u64);
        while self.posts.len() < size {
            let mut lives = Vec::with_capacity(TOGETHER);
            for number in self.posts.len()..size.min(self.posts.len() + TOGETHER) {
                let mut life = Life::new(self.core.clock.now());
                let due = self.begun + FIRST_DUE + TimeDelta::seconds(number as i64);
                let text = format!("Bell number {number}, as long as posts usually are, and of no other's words.");
                life.goes_on(lives::scheduled(&self.house.key, &text, self.account, due)).await?;
                self.posts.push(life.id());
                lives.push(life);
            }
            lives::append(&self.house, self.core.journal.everywhere().as_ref(), lives).await?;
            let head = self.core.journal.head().await?.position;
            ensure!(self.core.runner.wait_for(head, PATIENCE).await, "the read models don't follow");
            telling.at(self.posts.len() as u64);
        }
        Ok(())
    }

    /// Each part, and the bare SELECT that `get` is held against.
    async fn measured(
        &self,
        plan: &Plan,
        telling: &dyn Telling,
    ) -> anyhow::Result<(Vec<(&'static str, Measured)>, Measured)> {
        let plan = &part_of(plan);
        let posts: Arc<[PostId]> = self.posts.as_slice().into();
        let get = move |_| Request::get(format!("/v1/posts/{}", random::one_of(&posts).expect("there are posts")));
        let list = |_| Request::get("/v1/posts");
        let mut measured =
            vec![("append", self.append(plan, telling).await?), ("get", self.ask(plan, telling, get).await?)];
        let selected = self.select(plan, telling).await?;
        measured.push(("list", self.ask(plan, telling, list).await?));
        // Only now: who looks for them walks through all that `get` and the SELECT ask for.
        let cursors = self.cursors().await?;
        let list_on =
            move |_| Request::get(format!("/v1/posts?cursor={}", random::one_of(&cursors).expect("there are pages")));
        measured.push(("list_cursor", self.ask(plan, telling, list_on).await?));
        measured.push(("due", self.due(plan, telling).await?));
        Ok((measured, selected))
    }

    /// What `get` is held against besides: of the same posts.
    async fn select(&self, plan: &Plan, telling: &dyn Telling) -> anyhow::Result<Measured> {
        let posts = self.posts.iter().map(|post| post.uuid()).collect();
        let bare = Bare::serve(Arc::clone(self.core.read.everywhere()), posts, None).await?;
        let select = |_| Request::get("/");
        ask_all("a bare GET", plan, telling, (bare.address(), None), StatusCode::OK, select).await
    }

    async fn ask(
        &self,
        plan: &Plan,
        telling: &dyn Telling,
        request: impl Fn(u64) -> Request + Send + Sync + 'static,
    ) -> anyhow::Result<Measured> {
        let to = (self.address, Some(self.house.secret.as_str()));
        ask_all("requests", plan, telling, to, StatusCode::OK, request).await
    }

    /// Drafts, decided and appended: they are posts as well, but too few to count.
    async fn append(&self, plan: &Plan, telling: &dyn Telling) -> anyhow::Result<Measured> {
        let (core, key) = (Arc::clone(&self.core), Arc::clone(&self.house.key));
        let (workspace, account) = (self.house.workspace, self.account);
        let measured = load("drafts", plan.clients, plan.length, telling, move |_| {
            let (core, key) = (Arc::clone(&core), Arc::clone(&key));
            async move {
                let now = core.clock.now();
                let action = lives::draft(&key, "A draft, as long as drafts are.", account);
                let command = PostCommand::new(now, random::unit(), action);
                let id = PostId::fresh(now).uuid();
                core.posts.begin(Asked { workspace, id, command, metadata: lives::by(), receipt: None }).await?;
                Ok(())
            }
        });
        let measured = measured.await?;
        // What comes next is not to share the machine with what the read models still have to take in.
        let head = self.core.journal.head().await?.position;
        ensure!(self.core.runner.wait_for(head, PATIENCE).await, "the read models don't follow");
        Ok(measured)
    }

    /// What the scheduler and the sweeper ask, by one client: the due times of the next minute, and the oldest.
    async fn due(&self, plan: &Plan, telling: &dyn Telling) -> anyhow::Result<Measured> {
        let (core, from) = (Arc::clone(&self.core), self.begun + FIRST_DUE);
        let measured = load("looks", 1, plan.length, telling, move |_| {
            let core = Arc::clone(&core);
            async move {
                let soon = due::between(core.read.everywhere().as_ref(), from, from + AHEAD, ROWS).await?;
                ensure!(!soon.is_empty(), "nothing is due");
                due::oldest(core.read.everywhere().as_ref()).await?.context("nothing waits")?;
                Ok(())
            }
        });
        measured.await
    }

    /// Cursors over the whole list: it is cut into parts of the same length, and each has one at random.
    async fn cursors(&self) -> anyhow::Result<Arc<[String]>> {
        let posts = self.listed().await?;
        let mut connection = Connection::open(self.address, Some(&self.house.secret)).await?;
        let places = PLACES.min(posts / POSTS_OF_A_PLACE);
        let (mut cursors, mut passed, mut path) = (Vec::with_capacity(places), 0, "/v1/posts?limit=1".to_owned());
        for part in 0..places {
            let (from, to) = (part * posts / places, (part + 1) * posts / places);
            // After the last one nothing is to be gone on with.
            let place = (from + (random::unit() * (to - from) as f64) as usize).min(posts - 2);
            let (status, answer) = connection.ask(Request::get(format!("{path}&offset={}", place - passed))).await?;
            ensure!(status == StatusCode::OK, "{status}: {}", String::from_utf8_lossy(&answer));
            let answer: Value = serde_json::from_slice(&answer)?;
            let cursor = answer["next_cursor"].as_str().context("the list ends before its last post")?;
            path = format!("/v1/posts?limit=1&cursor={cursor}");
            passed = place + 1;
            cursors.push(cursor.to_owned());
        }
        Ok(cursors.into())
    }

    /// How many posts the list has: the drafts of smaller sizes, too.
    async fn listed(&self) -> anyhow::Result<usize> {
        let counted = self.core.read.everywhere().query("select count(*) as posts from posts", vec![]).await?;
        Ok(usize::try_from(counted.first().context("a count")?.integer("posts")?)?)
    }
}

fn part_of(plan: &Plan) -> Plan {
    Plan { length: plan.length / PARTS, ..*plan }
}
