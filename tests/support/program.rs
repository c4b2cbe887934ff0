//! The program, run to its end.

use std::{path::Path, process::Command};

use campanile_events::sabotage::MUTANT;

use super::{Process, SOON};

/// What a command came to.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code.
    pub code: Option<i32>,
    /// What it wrote to its output.
    pub output: String,
    /// What it wrote to its error output.
    pub errors: String,
}

/// The program with a clean environment: what the machine's own settings say must not decide a test. A mutant stays one.
pub fn campanile() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_campanile"));
    for (name, _) in std::env::vars_os() {
        if name == "RUST_LOG" || (name.to_string_lossy().starts_with("CAMPANILE_") && name != MUTANT) {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a command on a data folder, in that folder.
pub fn campanile_in(folder: &Path, arguments: &[&str]) -> Ran {
    let mut command = campanile();
    Ran::of(command.args(arguments).env("CAMPANILE_DATA", folder).current_dir(folder))
}

impl Ran {
    /// Runs it.
    pub fn of(command: &mut Command) -> Self {
        let output = command.output().expect("the program starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), output: text(&output.stdout), errors: text(&output.stderr) }
    }

    /// Serves with a program, which is refused. One that serves all the same is ended, and fails the test.
    pub fn refused_to_serve(mut program: Command, outputs: &Path) -> Self {
        let mut process = Process::start("refused", program.args(["serve", "--listen", "127.0.0.1:0"]), outputs);
        let code = process.ended(SOON).code();
        Self { code, output: String::new(), errors: process.said() }
    }

    /// Its output, when it went well.
    pub fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "the command failed:\n{}{}", self.output, self.errors);
        self.output
    }
}
