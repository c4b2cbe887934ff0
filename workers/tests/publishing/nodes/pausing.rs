//! A pause that one node answers holds on all.

use std::time::Duration;

use campanile_events::{
    post::{Content, TargetStatus},
    seal::Open,
    workspace::WorkspaceAction,
};
use campanile_workers::platforms::sandbox::{Fault, FaultKind};

use super::{
    freezer::{comes, freezing},
    node::{CLASSES, Node, counts, made, until},
};
use crate::house::{Ground, Setting, text};

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
