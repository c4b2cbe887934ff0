//! What a key's secret goes through before anything is looked up: `cargo bench -p campanile --bench keys`. The whole way
//! from a secret to who asks is measured by `campanile bench authenticate`.

use std::hint::black_box;

use campanile::access::KeySecret;
use campanile_events::key::KeyMode;
use criterion::{Criterion, criterion_group, criterion_main};

fn keys(criterion: &mut Criterion) {
    let secret = KeySecret::generate(KeyMode::Live).expose().to_owned();
    let (rest, last) = secret.split_at(secret.len() - 1);
    let mistyped = format!("{rest}{}", if last == "x" { "y" } else { "x" });
    criterion.bench_function("read a secret and check its checksum", |bencher| {
        bencher.iter(|| black_box(KeySecret::read(black_box(&secret))).is_ok());
    });
    criterion.bench_function("refuse a wrong checksum", |bencher| {
        bencher.iter(|| black_box(KeySecret::read(black_box(&mistyped))).is_err());
    });
    criterion.bench_function("make a secret", |bencher| bencher.iter(|| KeySecret::generate(KeyMode::Live)));
}

criterion_group!(benches, keys);
criterion_main!(benches);
