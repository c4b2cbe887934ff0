//! The router in this process: every refusal in its envelope, and what the rest of the house can't check by itself.

mod envelope;
mod fixture;
mod house;
mod idempotency;
mod isolation;
mod keys;
mod media;
mod nodes;
mod origins;
mod people;
mod posts;
mod unavailable;
mod unchanged;
mod uploads;
