//! How a command ends that wasn't carried out.

use std::{
    io::{ErrorKind, Write},
    process::ExitCode,
};

use crate::{
    configuration::ConfigurationError,
    engine::{
        InitializeError, OpenError,
        log::{ExportError, SourceError},
    },
};

/// Why a command wasn't carried out; what a person reads.
#[derive(Debug)]
pub enum Failure {
    /// It failed.
    Failed(String),
    /// It was refused, and nothing was changed: something has to be said or done differently first.
    Refused(String),
    /// It was carried out, and its answer is no. Everything is said already.
    Told,
}

impl Failure {
    /// Why, for who goes on all the same.
    pub(super) fn message(&self) -> &str {
        match self {
            Self::Failed(message) | Self::Refused(message) => message,
            Self::Told => "",
        }
    }

    /// Says why, and gives the process's exit code.
    pub(super) fn report(self) -> ExitCode {
        let (code, message) = match self {
            Self::Failed(message) => (1, message),
            Self::Refused(message) => (2, message),
            Self::Told => return ExitCode::from(1),
        };
        // Whoever started it may be gone with the terminal: there is still its exit code.
        let _ = writeln!(std::io::stderr(), "campanile: {message}");
        ExitCode::from(code)
    }
}

impl From<ConfigurationError> for Failure {
    fn from(error: ConfigurationError) -> Self {
        Self::Refused(error.to_string())
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        if error.is_refusal() { Self::Refused(error.to_string()) } else { Self::Failed(error.to_string()) }
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Open(error) => error.into(),
            SourceError::Served => Self::Refused(error.to_string()),
            error => Self::Failed(error.to_string()),
        }
    }
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Source(error) => error.into(),
            ExportError::Beyond(_) => Self::Refused(error.to_string()),
            ExportError::Io(_) | ExportError::Line { .. } => Self::Failed(error.to_string()),
        }
    }
}

impl From<InitializeError> for Failure {
    fn from(error: InitializeError) -> Self {
        match error {
            InitializeError::Used(_)
            | InitializeError::UsedDatabase
            | InitializeError::Email(_)
            | InitializeError::Password(_) => Self::Refused(error.to_string()),
            InitializeError::Storage(_) => Self::Failed(error.to_string()),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Prints a line, or ends the program if that can't be.
pub(super) fn say(line: std::fmt::Arguments<'_>) {
    let Err(error) = writeln!(std::io::stdout(), "{line}") else { return };
    if error.kind() == ErrorKind::BrokenPipe {
        std::process::exit(0);
    }
    let _ = writeln!(std::io::stderr(), "campanile: the output can't be written: {error}");
    std::process::exit(1);
}
