//! What every event or command goes through, one at a time: `cargo bench -p campanile-events`.

use std::{convert::Infallible, hint::black_box};

use campanile_events::{
    catalog,
    commands::{decide, new_events},
    ids::{AccountId, EventId, Position, PostId, Version, WorkspaceId},
    journal::{Actor, Hash, Metadata, Recorded, StreamId, StreamKind},
    merkle::{Frontier, Leaf, leaf_hash},
    post::{
        Content, ContentInHand, Limits, MediaRules, Post, PostAction, PostCommand, PostServices, Rules, TargetRef,
        TargetRules, TextCount, When,
    },
    seal::{DataKey, Open},
};
use chrono::{DateTime, Utc};
use criterion::{Criterion, criterion_group, criterion_main};
use futures::FutureExt;
use uuid::Uuid;
use zeroize::Zeroizing;

const BODY: &str = "Rings at the right moment, once, and says of itself as much as posts usually do.";

fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_764_590_400, 0).expect("a time")
}

fn data_key() -> DataKey {
    DataKey::new(Uuid::nil(), Zeroizing::new([7; 32]))
}

/// A draft of a post to one account.
fn draft(key: &DataKey) -> PostCommand {
    let account = AccountId::fresh(noon());
    let open = Content { body: Open::new(BODY), ..Content::default() };
    let Ok(sealed) = open.try_map(|field, text| Ok::<_, Infallible>(key.seal(field, text)));
    let digests = [(account, key.digest("post.content", BODY.as_bytes()))].into();
    let content = Box::new(ContentInHand { sealed, open, digests, media: Vec::new() });
    let rules = Rules {
        max_text: 5_000,
        max_bytes: None,
        count: TextCount::default(),
        max_parts: 1,
        first_comment: false,
        max_media: 0,
        media: MediaRules::default(),
    };
    let target = TargetRef { account_id: account, platform: "sandbox".to_owned() };
    let targets = vec![TargetRules { target, rules }];
    let action = PostAction::Draft { content, targets, tags: Vec::new(), limits: Limits::default() };
    PostCommand::new(noon(), 0.5, action)
}

fn decided(post: &Post, command: PostCommand) -> (Vec<<Post as cqrs_es::Aggregate>::Event>, Post) {
    let decided = decide(post, command, &PostServices::default()).now_or_never();
    decided.expect("nothing is waited for").expect("it is allowed")
}

/// The draft, as the log holds it.
fn recorded(key: &DataKey) -> Recorded {
    let id = PostId::fresh(noon());
    let (events, _) = decided(&Post::default(), draft(key));
    let metadata = Metadata::by(Actor::operator());
    let written = new_events::<Post>(id.uuid(), &events, &metadata, noon()).expect("it is written");
    let event = written.into_iter().next().expect("a draft is an event");
    Recorded {
        position: Position(1),
        id: EventId::fresh(noon()),
        workspace: WorkspaceId::fresh(noon()),
        workspace_number: 1,
        stream: StreamId::new(StreamKind::Post, id.uuid()),
        version: Version(1),
        event_type: event.event_type,
        schema: event.schema,
        payload: event.payload,
        metadata,
        claims: Vec::new(),
        recorded_at: noon(),
        leaf_hash: Hash::default(),
    }
}

fn merkle(criterion: &mut Criterion) {
    criterion.bench_function("merkle append", |bench| {
        let mut frontier = Frontier::default();
        bench.iter(|| frontier.push(black_box(Hash([7; 32]))));
    });
}

fn events(criterion: &mut Criterion) {
    let event = recorded(&data_key());
    criterion.bench_function("canonical encoding", |bench| bench.iter(|| Leaf::of(black_box(&event)).encode()));
    criterion.bench_function("leaf hash", |bench| bench.iter(|| leaf_hash(&Leaf::of(black_box(&event)))));
    criterion.bench_function("event decode", |bench| bench.iter(|| catalog::check_readable(black_box(&event))));
}

fn commands(criterion: &mut Criterion) {
    let key = data_key();
    let command = draft(&key);
    criterion.bench_function("post: handle a draft", |bench| {
        bench.iter(|| decided(black_box(&Post::default()), command.clone()));
    });
    let (_, post) = decided(&Post::default(), command);
    let schedule = PostCommand::new(noon(), 0.5, PostAction::Schedule { when: When::instant(noon()) });
    criterion.bench_function("post: handle a schedule", |bench| {
        bench.iter(|| decided(black_box(&post), schedule.clone()));
    });
}

criterion_group!(hot, merkle, events, commands);
criterion_main!(hot);
