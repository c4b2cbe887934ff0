//! A password: from a file, from standard input, or asked for on the terminal without showing it. Never from the command
//! line, where every process of the machine could read it.

use std::{
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, Read, Write},
    path::PathBuf,
};

use clap::Args;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use secrecy::SecretString;

use crate::cli::Failure;

/// From where.
#[derive(Debug, Args)]
pub(super) struct PasswordFlags {
    /// Read the password from this file [default: ask on the terminal]
    #[arg(long, value_name = "FILE", conflicts_with = "password_stdin")]
    password_file: Option<PathBuf>,

    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
}

impl PasswordFlags {
    /// The password, without the line's end.
    pub(super) fn read(&self) -> Result<SecretString, Failure> {
        let text = if let Some(path) = &self.password_file {
            let read = std::fs::read_to_string(path);
            read.map_err(|error| Failure::Refused(format!("{}: {error}", path.display())))?
        } else if self.password_stdin {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            text
        } else {
            asked()?
        };
        Ok(text.trim_end_matches(['\n', '\r']).into())
    }
}

/// What somebody types, unseen.
fn asked() -> Result<String, Failure> {
    let opened = OpenOptions::new().read(true).write(true).open("/dev/tty");
    let no_terminal =
        |_| Failure::Refused("there is no terminal to ask on: use `--password-file` or `--password-stdin`".to_owned());
    let mut terminal = opened.map_err(no_terminal)?;
    write!(terminal, "Password: ")?;
    let silent = Silent::of(terminal.try_clone()?)?;
    let mut text = String::new();
    let read = BufReader::new(&terminal).read_line(&mut text);
    drop(silent);
    writeln!(terminal)?;
    read?;
    Ok(text)
}

/// A terminal that shows nothing of what is typed, for as long as this lives.
struct Silent {
    terminal: File,
    before: Termios,
}

impl Silent {
    fn of(terminal: File) -> Result<Self, Failure> {
        let before = tcgetattr(&terminal).map_err(std::io::Error::from)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&terminal, OptionalActions::Flush, &silent).map_err(std::io::Error::from)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        // Nothing more can be done about a terminal that is gone.
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}
