//! A batch goes in one flight exactly while the log is as it was left, and what becomes of one that is not answered for.

mod asked;
mod doubt;
mod given;
mod left;
mod locks;
