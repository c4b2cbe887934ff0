//! The bus on NATS, against a real server and against all that can befall one.

mod authentication;
mod contract;
mod engines;
mod loss;
mod nodes;
mod outages;
mod replicas;
mod rig;
mod wakes;
