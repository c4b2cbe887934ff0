//! Lists: filters, pages, and cursors that stay where they are.

use std::collections::{BTreeMap, BTreeSet};

use campanile_events::{
    account::AccountStatus,
    db::Engine,
    ids::Position,
    journal::Actor,
    post::{Post, PostStatus, TargetStatus},
};
use campanile_projections::{
    accounts::{self, AccountFilter},
    keys::{self, KeyFilter},
    page::Page,
    posts::{self, PostFilter},
};

use crate::support::House;

campanile_events::on_every_engine!(
    a_cursor_stays_where_it_is_while_posts_are_added,
    offsets_and_cursors_give_the_same_list,
    filters_find_what_the_states_say,
    who_keeps_up_with_keys_sees_each_change,
    disconnected_accounts_are_listed_on_request_only,
);

type Holds = Box<dyn Fn(&Post) -> bool>;

async fn a_cursor_stays_where_it_is_while_posts_are_added(engine: Engine) {
    let house = House::new(engine).await;
    let mut town = house.town(10);
    let db = house.tables("a").await;
    let runner = house.runner(&db).await;
    town.live(300).await;
    runner.catch_up().await.unwrap();
    let [workspace, _] = town.workspaces;
    let listed = town.posts.iter().filter(|(_, (of, post, _))| *of == workspace && !post.deleted);
    let before: BTreeSet<_> = listed.map(|(id, _)| *id).collect();

    let (mut seen, mut times, mut cursor) = (Vec::new(), Vec::new(), None);
    loop {
        let page = Page { cursor: cursor.take(), ..Page::first(4) };
        let page = posts::list(db.as_ref(), workspace, &PostFilter::default(), &page).await.unwrap();
        seen.extend(page.rows.iter().map(|row| row.id));
        times.extend(page.rows.iter().map(|row| row.recorded_at));
        for _ in 0..3 {
            town.draft().await;
        }
        runner.catch_up().await.unwrap();
        let Some(next) = page.next_cursor else { break };
        assert_eq!(page.rows.len(), 4);
        cursor = Some(next);
    }
    assert!(before.len() > 12, "{} posts", before.len());
    assert_eq!(seen.len(), before.len(), "none twice");
    assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), before);
    assert!(times.is_sorted_by(|newer, older| newer > older));
}

async fn offsets_and_cursors_give_the_same_list(engine: Engine) {
    let house = House::new(engine).await;
    let mut town = house.town(11);
    let db = house.tables("a").await;
    town.live(400).await;
    house.runner(&db).await.catch_up().await.unwrap();
    let [workspace, _] = town.workspaces;
    let all = keys::list(db.as_ref(), workspace, &KeyFilter::default(), &Page::first(1_000)).await.unwrap();
    assert_eq!(all.next_cursor, None);
    assert!(all.rows.len() > 4);
    let mut by_offset = Vec::new();
    for offset in 0..all.rows.len() {
        let page = Page { offset, ..Page::first(1) };
        by_offset.extend(keys::list(db.as_ref(), workspace, &KeyFilter::default(), &page).await.unwrap().rows);
    }
    assert_eq!(by_offset, all.rows);
    let exactly =
        keys::list(db.as_ref(), workspace, &KeyFilter::default(), &Page::first(all.rows.len())).await.unwrap();
    assert_eq!(exactly, all, "a page that ends with the list has no next one");
}

async fn who_keeps_up_with_keys_sees_each_change(engine: Engine) {
    let house = House::new(engine).await;
    let mut town = house.town(13);
    let db = house.tables("a").await;
    let (mut seen, mut upto) = (BTreeMap::new(), Position(0));
    for _ in 0..3 {
        town.live(150).await;
        house.runner(&db).await.catch_up().await.unwrap();
        let before = upto;
        loop {
            let changed = keys::changed_after(db.as_ref(), upto, 2).await.unwrap();
            assert!(changed.len() <= 2 && changed.iter().all(|key| key.position > upto));
            let Some(last) = changed.last() else { break };
            upto = last.position;
            seen.extend(changed.into_iter().map(|key| (key.id, (key.workspace, key.key))));
        }
        assert!(upto > before, "some key changed");
        let all = town.keys.iter().map(|(id, (workspace, key, _))| (*id, (*workspace, key.clone())));
        assert_eq!(seen, all.collect());
    }
}

async fn filters_find_what_the_states_say(engine: Engine) {
    let house = House::new(engine).await;
    let mut town = house.town(12);
    let db = house.tables("a").await;
    town.live(600).await;
    house.runner(&db).await.catch_up().await.unwrap();
    let [workspace, _] = town.workspaces;
    let account = *town.accounts.iter().find(|(_, (of, _, _))| *of == workspace).unwrap().0;
    let published = town
        .posts
        .values()
        .filter(|(of, post, _)| *of == workspace && post.status() == PostStatus::Published && !post.deleted);
    let mut instants: Vec<_> = published.filter_map(|(_, post, _)| post.when.as_ref()).map(|when| when.at).collect();
    instants.sort_unstable();
    let instant = instants[instants.len() / 2];

    let cases: Vec<(PostFilter, Holds)> = vec![
        (PostFilter::default(), Box::new(|_| true)),
        (
            PostFilter { status: Some(PostStatus::Scheduled), ..PostFilter::default() },
            Box::new(|post| post.status() == PostStatus::Scheduled),
        ),
        (
            PostFilter { target_status: Some(TargetStatus::Scheduled), ..PostFilter::default() },
            Box::new(|post| post.targets.iter().any(|it| it.status() == TargetStatus::Scheduled)),
        ),
        (
            PostFilter { account_id: Some(account), ..PostFilter::default() },
            Box::new(move |post| post.target(account).is_some()),
        ),
        (
            PostFilter { platform: Some("mastodon".to_owned()), ..PostFilter::default() },
            Box::new(|post| post.targets.iter().any(|target| target.platform == "mastodon")),
        ),
        (
            PostFilter { tag_index: Some("b".to_owned()), ..PostFilter::default() },
            Box::new(|post| post.tags.iter().any(|tag| tag.index == "b")),
        ),
        (
            PostFilter { from: Some(instant), status: Some(PostStatus::Published), ..PostFilter::default() },
            Box::new(move |post| {
                post.status() == PostStatus::Published && post.when.as_ref().is_some_and(|when| when.at >= instant)
            }),
        ),
        (
            PostFilter { to: Some(instant), status: Some(PostStatus::Published), ..PostFilter::default() },
            Box::new(move |post| {
                post.status() == PostStatus::Published && post.when.as_ref().is_some_and(|when| when.at < instant)
            }),
        ),
    ];
    for (filter, holds) in cases {
        let found = posts::list(db.as_ref(), workspace, &filter, &Page::first(1_000)).await.unwrap().rows;
        let found: BTreeSet<_> = found.into_iter().map(|row| row.id).collect();
        let expected: BTreeSet<_> = town
            .posts
            .iter()
            .filter(|(_, (of, post, _))| *of == workspace && !post.deleted && holds(post))
            .map(|(id, _)| *id)
            .collect();
        assert_eq!(found, expected, "{filter:?}");
        assert!(!found.is_empty(), "{filter:?}");
    }
    let nobody = Actor::operator();
    let filter = PostFilter { created_by: Some(nobody), ..PostFilter::default() };
    assert!(posts::list(db.as_ref(), workspace, &filter, &Page::first(10)).await.unwrap().rows.is_empty());
}

async fn disconnected_accounts_are_listed_on_request_only(engine: Engine) {
    let house = House::new(engine).await;
    let mut town = house.town(13);
    let db = house.tables("a").await;
    town.live(800).await;
    house.runner(&db).await.catch_up().await.unwrap();
    let mut found = 0;
    for workspace in town.workspaces {
        for status in [AccountStatus::Connected, AccountStatus::NeedsReconnect, AccountStatus::Disconnected] {
            let filter = AccountFilter { status: Some(status), ..AccountFilter::default() };
            let rows = accounts::list(db.as_ref(), workspace, &filter, &Page::first(100)).await.unwrap().rows;
            assert!(rows.iter().all(|row| row.account.status == status));
            found += rows.len();
        }
        let usual = accounts::list(db.as_ref(), workspace, &AccountFilter::default(), &Page::first(100)).await.unwrap();
        let gone = AccountStatus::Disconnected;
        assert!(usual.rows.iter().all(|row| row.account.status != gone));
    }
    assert_eq!(found, town.accounts.len());
}
