//! The journal on PostgreSQL: the contract, and what only several nodes and a real server can show.

mod contract;
mod copies;
mod given;
mod nodes;
mod outages;
mod way;
