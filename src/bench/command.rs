//! `command`: drafts through the executor, decided and appended.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use campanile_events::{
    commands::Request,
    ids::{AccountId, PostId},
    post::PostCommand,
    random,
};

use super::{
    Figures, Place, Plan, Telling,
    house::House,
    lives,
    load::load,
    rows::{self, Rows},
};
use crate::{
    configuration::{Configuration, Role, Roles},
    engine::{Engine, PATIENCE},
};

pub(super) async fn measure(plan: &Plan, place: &Place, telling: &dyn Telling) -> anyhow::Result<Figures> {
    let (house, store) = House::build(place, "command").await?;
    let rows = Rows::create(&house.configuration, &store.clock, plan.clients).await?;
    drop(store);
    let configuration = Configuration { roles: Roles::only([Role::Api]), ..house.configuration };
    let engine = Engine::open(&configuration).await?;
    let account = AccountId::fresh(engine.core().clock.now());
    let (core, key, workspace) = (Arc::clone(engine.core()), house.key, house.workspace);
    let numbers = Arc::new(AtomicU64::new(0));
    let commanded = load("drafts", plan.clients, plan.length, telling, move |_| {
        let (core, key) = (Arc::clone(&core), Arc::clone(&key));
        let number = numbers.fetch_add(1, Ordering::Relaxed);
        async move {
            let now = core.clock.now();
            let action = lives::draft(&key, &format!("Draft {number}, as long as drafts are."), account);
            let command = PostCommand::new(now, random::unit(), action);
            let id = PostId::fresh(now).uuid();
            core.posts.begin(Request { workspace, id, command, metadata: lives::by(), receipt: None }).await?;
            Ok(())
        }
    });
    let commanded = commanded.await?;
    engine.drain(PATIENCE).await;
    let one_row = load("one-row inserts", plan.clients, plan.length, telling, move |_| {
        let rows = rows.clone();
        async move { rows.insert().await }
    });
    let figures = Figures::of("command", plan.clients, &commanded, (rows::ONE_ROW, &one_row.await?));
    Ok(figures.with("engine", place.engine()))
}
