//! Publishing, whole: journal, read models, scheduler, workers and the sandbox in one process, judged by what the sandbox
//! knows to have become visible.

mod doubt;
mod house;
mod media;
mod moments;
mod threads;
