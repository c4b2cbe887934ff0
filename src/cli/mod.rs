//! The command line: a file for each command, and one enum of them.

/// Prints a line. Who reads along may have seen enough: that ends the command, and is no failure.
macro_rules! say {
    ($($what:tt)*) => {
        $crate::cli::failure::say(format_args!($($what)*))
    };
}

mod bench;
mod demo;
mod failure;
mod init;
mod keys;
mod log;
mod logging;
mod master_key;
mod one_line;
mod openapi;
mod operator;
mod pauses;
mod people;
mod peppers;
mod plans;
mod progress;
mod projections;
mod refused;
mod sandbox;
mod serve;
mod session;
mod shutdown;
mod telemetry;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
pub use failure::Failure;
use operator::Operator;
use progress::Progress;
use telemetry::Telemetry;

const ABOUT: &str = "Schedules and publishes posts to social platforms: at the right moment, once, with proof";

const FIRST_STEPS: &str = "First steps:
  campanile demo                            see the whole loop in half a minute
  campanile init --email you@example.com    make an engine in ./campanile-data; prints an API key, once
  campanile serve                           run it, on http://127.0.0.1:8080
  campanile log verify                      check that nobody altered its history

Exit codes: 0 done, 1 failed, 2 refused or used wrongly (then nothing was changed).
Every flag of `serve` has a variable; `campanile.toml` in the working folder may hold the same settings.";

/// What was asked for.
#[derive(Debug, Parser)]
#[command(name = "campanile", version, about = ABOUT, after_help = FIRST_STEPS)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Demo),
    Init(init::Init),
    Serve(Box<serve::Serve>),
    #[command(subcommand)]
    Keys(keys::Keys),
    #[command(subcommand)]
    People(people::People),
    #[command(subcommand)]
    Peppers(peppers::Peppers),
    #[command(subcommand)]
    Plans(plans::Plans),
    Login(session::Login),
    Logout(session::Logout),
    Whoami(session::Whoami),
    #[command(subcommand)]
    Log(log::Log),
    Pause(pauses::Pause),
    Resume(pauses::Resume),
    #[command(subcommand)]
    Projections(projections::Projections),
    Sandbox(sandbox::Sandbox),
    Bench(bench::Bench),
    MasterKey(master_key::PrintMasterKey),
    Openapi(openapi::PrintOpenApi),
}

impl Arguments {
    /// Carries the command out.
    pub fn run(self) -> ExitCode {
        let done = match self.command {
            Command::Demo(command) => command.run(),
            Command::Init(command) => command.run(),
            Command::Serve(command) => command.run(),
            Command::Keys(command) => command.run(),
            Command::People(command) => command.run(),
            Command::Peppers(command) => command.run(),
            Command::Plans(command) => command.run(),
            Command::Login(command) => command.run(),
            Command::Logout(command) => command.run(),
            Command::Whoami(command) => command.run(),
            Command::Log(command) => command.run(),
            Command::Pause(command) => command.run(),
            Command::Resume(command) => command.run(),
            Command::Projections(command) => command.run(),
            Command::Sandbox(command) => command.run(),
            Command::Bench(command) => command.run(),
            Command::MasterKey(command) => command.run(),
            Command::Openapi(command) => command.run(),
        };
        done.map_or_else(Failure::report, |()| ExitCode::SUCCESS)
    }
}
