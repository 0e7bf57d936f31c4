//! Files that the kernel makes while they are read.

use crate::facts::FileFacts;
use rustix::fs::{fstatfs, major};
use std::fs::File;
use std::io;

/// Tells whether a file is one of procfs, which says that all are empty, or of sysfs, which says that
/// all are a page long.
pub(crate) fn is_generated(file: &File, facts: &FileFacts) -> io::Result<bool> {
    // No disk is behind them. Any other file need not be asked.
    let may_be = matches!(facts.length, 0 | PAGE) && major(facts.device) == 0;
    Ok(may_be && matches!(fstatfs(file)?.f_type as i64, PROCFS | SYSFS))
}

const PAGE: u64 = 4096;

const PROCFS: i64 = 0x9fa0;

const SYSFS: i64 = 0x6265_6572;
