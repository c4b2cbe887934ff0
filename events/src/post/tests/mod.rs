//! Given what happened to a post, when this is asked, then that follows.
//!
//! Every case goes through [`fixture::Story`], which also holds each of them to two laws: folding the given and the
//! produced events equals the state that `handle` left, and what the read models keep of that reads as the same.

mod clients;
mod fixture;
mod frozen;
mod keyed;
mod late;
mod machine;
mod removal;
mod restored;
mod searchable;
mod threads;
