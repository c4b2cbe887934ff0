//! How the kernel reaches the disk: one folder, through FUSE.

use std::{
    ffi::OsStr,
    io,
    os::unix::fs::MetadataExt,
    path::Path,
    process::{Command, Stdio},
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::disk::{Dark, Disk};
use fuser::{
    BsdFileFlags, Config, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo,
    LockOwner, MountOption, OpenFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyEmpty, ReplyEntry, ReplyOpen,
    ReplyWrite, Request, TimeOrNow, WriteFlags,
};

/// How long the kernel may remember what it was told: nobody else changes it.
const TTL: Duration = Duration::from_secs(1);

/// The disk, and who owns what is on it.
#[derive(Clone)]
struct Shared {
    disk: Arc<Mutex<Disk>>,
    user: u32,
    group: u32,
}

/// Serves a disk at a folder until told to stop, and gives it back.
///
/// # Errors
/// Where there is no FUSE, or none for us.
pub fn serve(disk: Disk, folder: &Path, until: impl FnOnce()) -> io::Result<Disk> {
    let owner = folder.metadata()?;
    let disk = Arc::new(Mutex::new(disk));
    let shared = Shared { disk: Arc::clone(&disk), user: owner.uid(), group: owner.gid() };
    let mut config = Config::default();
    config.mount_options.push(MountOption::FSName("power_cut".to_owned()));
    let session = fuser::spawn_mount(shared, folder, &config)?;
    until();
    // Whoever may looks no further; else it must not be in use any more.
    let let_go = Command::new("umount").arg("--lazy").arg(folder).stderr(Stdio::null()).status();
    if let_go.is_ok_and(|status| status.success()) {
        session.join()?;
    } else {
        session.umount_and_join()?;
    }
    let disk = Arc::into_inner(disk).ok_or_else(|| io::Error::other("the disk is still served"))?;
    Ok(disk.into_inner().expect("no operation panics"))
}

impl Shared {
    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().expect("no operation panics")
    }

    fn attributes(&self, number: INodeNo) -> Option<FileAttr> {
        let size = if number == INodeNo::ROOT { 0 } else { self.disk().size(number.0)? };
        let kind = if number == INodeNo::ROOT { FileType::Directory } else { FileType::RegularFile };
        Some(FileAttr {
            ino: number,
            size: size as u64,
            blocks: size.div_ceil(512) as u64,
            atime: UNIX_EPOCH,
            mtime: UNIX_EPOCH,
            ctime: UNIX_EPOCH,
            crtime: UNIX_EPOCH,
            kind,
            perm: if kind == FileType::Directory { 0o755 } else { 0o644 },
            nlink: 1,
            uid: self.user,
            gid: self.group,
            rdev: 0,
            blksize: 4096,
            flags: 0,
        })
    }
}

fn done(result: &Result<(), Dark>, reply: ReplyEmpty) {
    match result {
        Ok(()) => reply.ok(),
        Err(Dark) => reply.error(Errno::EIO),
    }
}

impl Filesystem for Shared {
    fn lookup(&self, _: &Request, _: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let number = self.disk().number(name).map(INodeNo);
        match number.and_then(|number| self.attributes(number)) {
            Some(attributes) => reply.entry(&TTL, &attributes, Generation(0)),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn getattr(&self, _: &Request, number: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        match self.attributes(number) {
            Some(attributes) => reply.attr(&TTL, &attributes),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn setattr(
        &self,
        _: &Request,
        number: INodeNo,
        _: Option<u32>,
        _: Option<u32>,
        _: Option<u32>,
        size: Option<u64>,
        _: Option<TimeOrNow>,
        _: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let resized = size.map_or(Ok(()), |size| self.disk().resize(number.0, size as usize));
        match (resized, self.attributes(number)) {
            (Ok(()), Some(attributes)) => reply.attr(&TTL, &attributes),
            (Err(Dark), _) => reply.error(Errno::EIO),
            (_, None) => reply.error(Errno::ENOENT),
        }
    }

    fn create(&self, _: &Request, _: INodeNo, name: &OsStr, _: u32, _: u32, _: i32, reply: ReplyCreate) {
        let created = self.disk().create(name).ok().map(INodeNo);
        match created.and_then(|number| self.attributes(number)) {
            Some(attributes) => {
                reply.created(&TTL, &attributes, Generation(0), FileHandle(0), FopenFlags::FOPEN_KEEP_CACHE);
            }
            None => reply.error(Errno::EIO),
        }
    }

    fn open(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        reply.opened(FileHandle(0), FopenFlags::FOPEN_KEEP_CACHE);
    }

    fn read(
        &self,
        _: &Request,
        number: INodeNo,
        _: FileHandle,
        at: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        reply.data(self.disk().read(number.0, at as usize, size as usize));
    }

    fn write(
        &self,
        _: &Request,
        number: INodeNo,
        _: FileHandle,
        at: u64,
        bytes: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        match self.disk().write(number.0, at as usize, bytes) {
            Ok(()) => reply.written(bytes.len() as u32),
            Err(Dark) => reply.error(Errno::EIO),
        }
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        reply.ok();
    }

    fn fsync(&self, _: &Request, number: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        done(&self.disk().sync(number.0), reply);
    }

    fn fsyncdir(&self, _: &Request, number: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        done(&self.disk().sync(number.0), reply);
    }

    fn unlink(&self, _: &Request, _: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        match self.disk().unlink(name) {
            Ok(true) => reply.ok(),
            Ok(false) => reply.error(Errno::ENOENT),
            Err(Dark) => reply.error(Errno::EIO),
        }
    }
}
