//! The one binary: a command and what it answers with.

use std::process::ExitCode;

use campanile::cli::Arguments;
use clap::Parser;
use mimalloc::MiMalloc;

/// Requests and jobs go from thread to thread: what one has allocated another gives back, all the time.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    Arguments::parse().run()
}
