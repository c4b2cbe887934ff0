//! Who has the folder.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

const FILE: &str = "campanile.lock";
/// How long a process that was killed may take to end.
const TO_END: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);

/// The folder is this process's until this is dropped, or the process ends in whatever way: the operating system keeps
/// the lock, the file's text only says whose it is.
#[derive(Debug)]
pub struct FolderLock(#[expect(dead_code, reason = "the lock lives as long as its file is open")] File);

/// Why the folder can't be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("the data folder {} is held by {holder}", folder.display())]
    Held {
        /// Which folder.
        folder: PathBuf,
        /// Who, as far as it is known.
        holder: String,
        /// Its process id.
        pid: Option<u32>,
    },
    /// The file can't be used.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}

impl FolderLock {
    /// Takes the folder, which must be there.
    ///
    /// # Errors
    /// [`LockError::Held`] at once if another process has it, and after a while if that one was killed and doesn't end.
    pub fn take(folder: &Path) -> Result<Self, LockError> {
        let begun = Instant::now();
        loop {
            match Self::try_take(folder) {
                Err(LockError::Held { pid: Some(pid), .. }) if is_ending(pid) && begun.elapsed() < TO_END => {
                    std::thread::sleep(PAUSE);
                }
                taken => return taken,
            }
        }
    }

    fn try_take(folder: &Path) -> Result<Self, LockError> {
        let path = folder.join(FILE);
        let failed = |error| LockError::File { path: path.clone(), error };
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Unreadable or empty: somebody has it all the same.
                let _ = file.read_to_string(&mut holder);
                let pid = holder.trim().parse::<u32>().ok();
                let holder = pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
                return Err(LockError::Held { folder: folder.to_owned(), holder, pid });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        file.set_len(0).map_err(failed)?;
        file.rewind().map_err(failed)?;
        writeln!(file, "{}", std::process::id()).map_err(failed)?;
        Ok(Self(file))
    }
}

/// Whether a process that was there a moment ago is on its way out, such as after `kill -9` in the middle of much work: who
/// starts its successor at once would be refused.
fn is_ending(pid: u32) -> bool {
    let read = |name: &str| std::fs::read_to_string(format!("/proc/{pid}/{name}"));
    match (read("stat"), read("status")) {
        (Ok(stat), Ok(status)) => is_over(&stat) || is_killed(&status),
        // Gone, where there is such a place to look at all.
        _ => Path::new("/proc/self/stat").exists(),
    }
}

/// By its line of `/proc/…/stat`: dead, or marked as exiting.
fn is_over(stat: &str) -> bool {
    const EXITING: u64 = 4;
    let mut fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let is_dead = fields.next().is_some_and(|state| matches!(state, "Z" | "X"));
    let flags = fields.nth(5).and_then(|flags| flags.parse::<u64>().ok());
    is_dead || flags.is_some_and(|flags| flags & EXITING != 0)
}

/// By `/proc/…/status`: SIGKILL waits for it.
fn is_killed(status: &str) -> bool {
    const KILL: u64 = 1 << (9 - 1);
    let pending = status.lines().filter_map(|line| line.strip_prefix("SigPnd:").or(line.strip_prefix("ShdPnd:")));
    let mut masks = pending.filter_map(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    masks.any(|mask| mask & KILL != 0)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn what_a_killed_process_still_holds_is_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let held = FolderLock::take(folder.path()).expect("free");
        let mut child = Command::new("true").spawn().expect("a child");
        child.wait().expect("ended");
        std::fs::write(folder.path().join(FILE), format!("{}\n", child.id())).expect("written");
        let waiting = std::thread::spawn({
            let folder = folder.path().to_owned();
            move || FolderLock::take(&folder).is_ok()
        });
        std::thread::sleep(PAUSE);
        assert!(!waiting.is_finished(), "it waits for as long as the lock is held");
        drop(held);
        assert!(waiting.join().expect("no panic"));
    }

    #[test]
    fn who_was_killed_is_known_to_be_ending() {
        assert!(!is_ending(std::process::id()));
        let mut child = Command::new("sleep").arg("600").spawn().expect("a child");
        assert!(!is_ending(child.id()));
        child.kill().expect("killed");
        // Not waited for yet, it is there, and dead or about to be.
        assert!(is_ending(child.id()));
        child.wait().expect("ended");
        assert!(is_ending(child.id()));
    }

    #[test]
    fn the_kernel_s_words_are_read() {
        let stat = |state: &str, flags: u32| format!("7 (a) b) {state} 1 7 7 0 -1 {flags} 0 0");
        for (state, flags, over) in [("S", 4_194_304, false), ("R", 4_194_308, true), ("Z", 4_194_304, true)] {
            assert_eq!(is_over(&stat(state, flags)), over, "{state} {flags}");
        }
        let status = |own: &str, shared: &str| format!("Name:\tx\nSigPnd:\t{own}\nShdPnd:\t{shared}\n");
        assert!(is_killed(&status("0000000000000100", "0000000000000000")));
        assert!(is_killed(&status("0000000000000000", "0000000000000100")));
        assert!(!is_killed(&status("0000000000000000", "0000000000004000")));
    }

    #[test]
    fn a_folder_has_one_holder_and_says_which() {
        let folder = tempfile::tempdir().expect("a folder");
        let held = FolderLock::take(folder.path()).expect("free");
        let refused = FolderLock::take(folder.path()).unwrap_err().to_string();
        assert!(refused.ends_with(&format!("is held by process {}", std::process::id())), "{refused}");
        drop(held);
        assert!(FolderLock::take(folder.path()).is_ok());
    }
}
