//! What is known of an open file, and what a read of it gives.

/// What the operating system says of an open file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FileFacts {
    /// The number of bytes; 0 for a file that [is generated](crate::OpenFile::is_generated).
    pub length: u64,
    /// When its content was modified: nanoseconds since 1970, negative before. Programs can set it.
    pub modified: i128,
    /// When its content, its name or its times were changed, which no program can set: nanoseconds since
    /// 1970; `None` on systems that do not tell, such as Windows.
    pub changed: Option<i128>,
    /// Its number in its file system; 0 on systems that do not tell.
    pub inode: u64,
    /// The number of its file system; 0 on systems that do not tell.
    pub device: u64,
}

/// All that a system is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stat {
    pub(crate) facts: FileFacts,
    /// How much of a disk it takes, in units of the system's; 1 where that is not known.
    #[cfg_attr(
        not(any(target_os = "linux", target_os = "android")),
        expect(dead_code, reason = "only Linux has files that this tells of")
    )]
    pub(crate) blocks: u64,
}

/// What a read that must not wait gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// So many bytes; 0 at the end of the file.
    Bytes(usize),
    /// The bytes are not in memory.
    WouldBlock,
}
