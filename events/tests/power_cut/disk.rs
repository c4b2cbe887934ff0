//! A disk that keeps what was synced for certain, and of the rest what chance leaves.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
};

use crate::chance::Chance;

/// What a disk writes whole or not at all.
const SECTOR: usize = 512;

/// Files by their names, as they are found when the power is back.
pub type Image = BTreeMap<OsString, Vec<u8>>;

/// The power is gone.
#[derive(Debug)]
pub struct Dark;

#[derive(Debug)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Size(usize),
}

impl Change {
    fn make(&self, file: &mut Vec<u8>) {
        match self {
            Self::Write { at, bytes } => {
                let end = at + bytes.len();
                if file.len() < end {
                    file.resize(end, 0);
                }
                file[*at..end].copy_from_slice(bytes);
            }
            Self::Size(size) => file.resize(*size, 0),
        }
    }
}

#[derive(Debug, Default)]
struct File {
    shown: Vec<u8>,
    synced: Vec<u8>,
    since: Vec<Change>,
}

#[derive(Debug)]
pub struct Disk {
    files: BTreeMap<u64, File>,
    names: BTreeMap<OsString, u64>,
    /// A sync of any file keeps all names as they are then, as journaling file systems do.
    synced_names: BTreeMap<OsString, u64>,
    next: u64,
    /// How many operations until it goes dark.
    left: Option<u64>,
}

impl Disk {
    pub fn new(image: Image) -> Self {
        let (mut files, mut names, mut next) = (BTreeMap::new(), BTreeMap::new(), 2);
        for (name, bytes) in image {
            files.insert(next, File { shown: bytes.clone(), synced: bytes, since: Vec::new() });
            names.insert(name, next);
            next += 1;
        }
        Self { files, synced_names: names.clone(), names, next, left: None }
    }

    /// Goes dark after so many more writes and syncs.
    pub const fn go_dark_after(&mut self, operations: u64) {
        self.left = Some(operations);
    }

    /// One operation nearer to the dark.
    fn live(&mut self) -> Result<(), Dark> {
        match &mut self.left {
            Some(0) => Err(Dark),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    pub fn is_dark(&self) -> bool {
        self.left == Some(0)
    }

    pub fn number(&self, name: &OsStr) -> Option<u64> {
        self.names.get(name).copied()
    }

    pub fn size(&self, number: u64) -> Option<usize> {
        self.files.get(&number).map(|file| file.shown.len())
    }

    pub fn create(&mut self, name: &OsStr) -> Result<u64, Dark> {
        self.live()?;
        let number = self.next;
        self.next += 1;
        self.files.insert(number, File::default());
        self.names.insert(name.to_owned(), number);
        Ok(number)
    }

    /// Whoever has it open keeps it.
    pub fn unlink(&mut self, name: &OsStr) -> Result<bool, Dark> {
        self.live()?;
        Ok(self.names.remove(name).is_some())
    }

    pub fn read(&self, number: u64, at: usize, size: usize) -> &[u8] {
        let shown = self.files.get(&number).map_or(&[][..], |file| &file.shown);
        let begin = at.min(shown.len());
        &shown[begin..(begin + size).min(shown.len())]
    }

    pub fn write(&mut self, number: u64, at: usize, bytes: &[u8]) -> Result<(), Dark> {
        self.change(number, Change::Write { at, bytes: bytes.to_owned() })
    }

    pub fn resize(&mut self, number: u64, size: usize) -> Result<(), Dark> {
        self.change(number, Change::Size(size))
    }

    fn change(&mut self, number: u64, change: Change) -> Result<(), Dark> {
        self.live()?;
        if let Some(file) = self.files.get_mut(&number) {
            change.make(&mut file.shown);
            file.since.push(change);
        }
        Ok(())
    }

    pub fn sync(&mut self, number: u64) -> Result<(), Dark> {
        self.live()?;
        if let Some(file) = self.files.get_mut(&number) {
            let File { synced, since, .. } = file;
            since.drain(..).for_each(|change| change.make(synced));
        }
        self.synced_names.clone_from(&self.names);
        Ok(())
    }

    /// What is found when the power is back: at times nothing but what was synced, at times some of the rest besides.
    pub fn left_over(&self, chance: &mut Chance) -> Image {
        let none = chance.below(2) == 0;
        let mut survives = |_: &Change| !none && chance.below(2) == 0;
        let found = |file: &File, survives: &mut dyn FnMut(&Change) -> bool| {
            let mut bytes = file.synced.clone();
            let parts = file.since.iter().flat_map(sectors);
            parts.filter(|part| survives(part)).for_each(|part| part.make(&mut bytes));
            bytes
        };
        let names = self.synced_names.iter();
        names.map(|(name, number)| (name.clone(), found(&self.files[number], &mut survives))).collect()
    }
}

/// A change in the parts that are made whole or not at all.
fn sectors(change: &Change) -> Vec<Change> {
    let Change::Write { at, bytes } = change else {
        let Change::Size(size) = change else { return Vec::new() };
        return vec![Change::Size(*size)];
    };
    let (mut parts, mut begin) = (Vec::new(), 0);
    while begin < bytes.len() {
        let end = (begin + SECTOR - (at + begin) % SECTOR).min(bytes.len());
        parts.push(Change::Write { at: at + begin, bytes: bytes[begin..end].to_owned() });
        begin = end;
    }
    parts
}
