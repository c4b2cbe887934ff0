//! Black-box tests: the real program as a process, on a real folder, against platforms that keep the truth.
//!
//! A module for each noun of the API, and one for each promise of the whole.

#[path = "../support/mod.rs"]
mod support;

mod accounts;
mod adapters;
mod admission;
mod bluesky;
mod connect;
mod cors;
mod crash_points;
mod demo;
mod docs;
mod envelope;
mod keys;
mod kills;
mod layering;
mod limits;
mod load;
mod log;
mod mastodon;
mod mastodon_deleting;
mod media;
mod mutants;
mod nodes;
mod openapi;
mod operators;
mod peppers;
mod plans;
mod posts;
mod requests;
mod sandbox;
mod secrets;
mod stand_in;
mod startup;
mod timing;
