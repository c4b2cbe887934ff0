//! Publishing, whole: journal, read models, scheduler, workers and the sandbox in one process, judged by what the sandbox
//! knows to have become visible.

mod doubt;
#[expect(dead_code, reason = "the tests against real platforms need more of the house")]
mod house;
mod media;
mod moments;
mod pausing;
mod removal;
mod repeats;
mod threads;
