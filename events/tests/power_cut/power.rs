//! The disk's own process: one that serves itself a file system may wait for itself for ever.
//!
//! It is this program once more, at a test that does nothing unless it is told by the environment. Folders hold what the
//! disk begins with and what is left over; a line from it says that it is mounted, the end of its input ends it.

use std::{
    fs,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{
    chance::Chance,
    disk::{Disk, Image},
    mount::serve,
};

/// Folder, operations until it is dark, seed: where they are set, this process is the disk.
const TOLD: &str = "CAMPANILE_POWER_CUT_DISK";
const TEST: &str = "power::the_disk";
const MOUNTED: &str = "mounted";
const NO_DISK: &str = "no file system of our own";
const DARK: &str = "dark";
const SOON: Duration = Duration::from_secs(10);

/// A disk that will go dark, mounted.
pub struct Power {
    folder: TempDir,
    process: Child,
    output: BufReader<ChildStdout>,
}

impl Power {
    /// # Errors
    /// Why nothing can be mounted here.
    pub fn on(image: &Image, operations: u64, chance: &mut Chance) -> Result<Self, String> {
        let folder = tempfile::tempdir().expect("a folder");
        for part in ["disk", "before", "after"] {
            fs::create_dir(folder.path().join(part)).expect("a folder");
        }
        write(&folder.path().join("before"), image).expect("files");
        let told = format!("{} {operations} {}", folder.path().display(), chance.next());
        let mut process = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", TEST, "--nocapture"])
            .env(TOLD, told)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("this program starts");
        let output = BufReader::new(process.stdout.take().expect("its output"));
        let mut power = Self { folder, process, output };
        if power.hears(MOUNTED) {
            return Ok(power);
        }
        let mut why = String::new();
        let _ = power.process.stderr.take().map(|mut errors| errors.read_to_string(&mut why));
        Err(why.lines().find(|line| line.starts_with(NO_DISK)).unwrap_or(NO_DISK).to_owned())
    }

    pub fn disk(&self) -> PathBuf {
        self.folder.path().join("disk")
    }

    /// What is found when the power is back, and whether it was gone.
    pub fn back(mut self) -> (Image, bool) {
        self.wait_until_closed();
        drop(self.process.stdin.take());
        let went_dark = self.hears(DARK);
        assert!(self.process.wait().expect("it ends").success(), "the disk's process failed");
        (read(&self.folder.path().join("after")).expect("files"), went_dark)
    }

    /// SQLite's files are closed by threads of their own, a moment after the last who holds them lets go.
    fn wait_until_closed(&self) {
        let (disk, since) = (self.disk(), Instant::now());
        let is_on_it = |entry: io::Result<fs::DirEntry>| {
            entry.and_then(|it| fs::read_link(it.path())).is_ok_and(|file| file.starts_with(&disk))
        };
        while fs::read_dir("/proc/self/fd").expect("this process's files").any(is_on_it) {
            assert!(since.elapsed() < SOON, "files stay open on the disk");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn hears(&mut self, word: &str) -> bool {
        self.output.by_ref().lines().map_while(Result::ok).any(|line| line == word)
    }
}

impl Drop for Power {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

fn write(folder: &Path, image: &Image) -> io::Result<()> {
    image.iter().try_for_each(|(name, bytes)| fs::write(folder.join(name), bytes))
}

fn read(folder: &Path) -> io::Result<Image> {
    let file = |entry: io::Result<fs::DirEntry>| entry.and_then(|it| Ok((it.file_name(), fs::read(it.path())?)));
    fs::read_dir(folder)?.map(file).collect()
}

#[test]
fn the_disk() {
    let Ok(told) = std::env::var(TOLD) else { return };
    let mut told = told.rsplitn(3, ' ');
    let mut number = || told.next().and_then(|word| word.parse().ok()).expect("a number");
    let (seed, operations) = (number(), number());
    let folder = PathBuf::from(told.next().expect("a folder"));
    let mut disk = Disk::new(read(&folder.join("before")).expect("files"));
    disk.go_dark_after(operations);
    let until = || {
        println!("\n{MOUNTED}");
        let _ = io::stdin().read_to_end(&mut Vec::new());
    };
    match serve(disk, &folder.join("disk"), until) {
        Ok(disk) => {
            write(&folder.join("after"), &disk.left_over(&mut Chance::of(seed))).expect("files");
            println!("\n{}", if disk.is_dark() { DARK } else { "light" });
        }
        Err(error) => panic!("{NO_DISK}: {error}"),
    }
}
