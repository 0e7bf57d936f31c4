//! Files that the kernel makes while they are read.

use crate::facts::Stat;
use rustix::fs::{fstatfs, major};
use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

/// Tells whether a file is one of procfs, sysfs or the like, which say that all are empty, or a page
/// long.
pub(crate) fn is_generated(file: &File, stat: &Stat) -> io::Result<bool> {
    let device = stat.facts.device;
    // Such a file is on no disk, neither its content nor its file system.
    let may_be = stat.blocks == 0 && matches!(stat.facts.length, 0 | PAGE) && major(device) == 0;
    if !may_be || ORDINARY.load(Ordering::Relaxed) == device {
        return Ok(false);
    }
    let magic = fstatfs(file)?.f_type;
    let is_generated = MAGIC
        .iter()
        .any(|known| i128::from(*known) == i128::from(magic));
    if !is_generated {
        ORDINARY.store(device, Ordering::Relaxed);
    }
    Ok(is_generated)
}

/// The file system of the last empty file that was one: a program has its files in few of them, and
/// the next is not asked about.
static ORDINARY: AtomicU64 = AtomicU64::new(u64::MAX);

const PAGE: u64 = 4096;

/// The numbers of `<linux/magic.h>`.
const MAGIC: [u32; 8] = [
    0x9fa0,      // procfs
    0x6265_6572, // sysfs
    0x0027_e0eb, // cgroup
    0x6367_7270, // cgroup2
    0x6462_6720, // debugfs
    0x7472_6163, // tracefs
    0x7363_6673, // securityfs
    0x6265_6570, // configfs
];
