//! The heap of what falls due next: `cargo bench -p campanile-workers`.

use std::hint::black_box;

use campanile_events::ids::{AccountId, PostId, WorkspaceId};
use campanile_workers::{bus::Job, publishing::Timers};
use chrono::{DateTime, TimeDelta, Utc};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use uuid::Uuid;

/// As many targets as fall due in a busy minute.
const TARGETS: u32 = 20_000;

fn job(number: u32) -> Job {
    let id = Uuid::from_u128(number.into());
    Job {
        workspace_id: WorkspaceId::from_uuid(id),
        post_id: PostId::from_uuid(id),
        account_id: AccountId::from_uuid(id),
        platform: "sandbox".to_owned(),
    }
}

/// Moments of one minute, in no order.
fn moment(number: u32) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::milliseconds((i64::from(number) * 7_919) % 60_000)
}

fn full() -> Timers {
    let mut timers = Timers::default();
    (0..TARGETS).for_each(|number| timers.set(moment(number), job(number)));
    timers
}

fn timers(criterion: &mut Criterion) {
    let end = DateTime::UNIX_EPOCH + TimeDelta::minutes(1);
    criterion.bench_function("set and take one among 20,000", |bencher| {
        let (mut timers, mut number) = (full(), TARGETS);
        bencher.iter(|| {
            number += 1;
            timers.set(moment(number), job(number));
            black_box(timers.take_due(end))
        });
    });
    criterion.bench_function("take 20,000 that are due", |bencher| {
        bencher.iter_batched(
            full,
            |mut timers| {
                while let Some(job) = timers.take_due(end) {
                    black_box(job);
                }
            },
            BatchSize::LargeInput,
        );
    });
}

criterion_group!(benches, timers);
criterion_main!(benches);
