//! The bus on NATS, against a real server and against all that can befall one.

mod authentication;
mod contract;
mod loss;
mod nodes;
mod outages;
mod rig;
mod wakes;
