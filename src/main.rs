//! The one binary: a command and what it answers with.

use std::process::ExitCode;

use campanile::cli::Arguments;
use clap::Parser;

fn main() -> ExitCode {
    Arguments::parse().run()
}
