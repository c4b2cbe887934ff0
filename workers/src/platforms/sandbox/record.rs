//! The sandbox's file: one JSON line for each thing that happened.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Seek, SeekFrom, Write},
    path::Path,
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Received, Removed, SandboxAccount, Submission, Uploaded, Visible};

/// One line of the file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub(super) enum Record {
    /// An account was made, or its delivery changed.
    Account(SandboxAccount),
    /// A request came.
    Received(Received),
    /// A picture or film was brought.
    Uploaded(Uploaded),
    /// A post became visible.
    Visible(Visible),
    /// A post was taken away.
    Removed(Removed),
    /// A key is kept.
    Key(Key),
    /// An effect is to come.
    Late(Late),
    /// It came.
    Settled {
        /// The request's number.
        request_seq: u64,
    },
}

/// A key that is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Key {
    pub(super) account: String,
    pub(super) marker: String,
    pub(super) remote_id: String,
    pub(super) from: DateTime<Utc>,
    pub(super) until: DateTime<Utc>,
}

/// An effect that is to come.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Late {
    pub(super) due: DateTime<Utc>,
    pub(super) request_seq: u64,
    pub(super) account: String,
    pub(super) submission: Submission,
}

/// The file, open at its end, and the lines of the last write, whose memory the next one takes.
#[derive(Debug)]
pub(super) struct Records {
    file: File,
    lines: Vec<u8>,
}

impl Records {
    /// Reads the file from its beginning. A last line that was cut off is taken away: its request was never answered.
    pub(super) fn open(path: &Path) -> io::Result<(Self, Vec<Record>)> {
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        let (mut read, mut whole) = (Vec::new(), 0);
        let mut lines = BufReader::new(&file);
        let mut line = String::new();
        while lines.read_line(&mut line)? > 0 {
            if !line.ends_with('\n') {
                break;
            }
            read.push(serde_json::from_str(&line).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?);
            whole += line.len() as u64;
            line.clear();
        }
        file.set_len(whole)?;
        file.seek(SeekFrom::End(0))?;
        Ok((Self { file, lines: Vec::new() }, read))
    }

    /// Adds lines, all in one write.
    pub(super) fn append(&mut self, records: &[Record]) -> io::Result<()> {
        self.lines.clear();
        for record in records {
            serde_json::to_writer(&mut self.lines, record)?;
            self.lines.push(b'\n');
        }
        self.file.write_all(&self.lines)
    }
}
