//! The memory that files are read into.
//!
//! Buffers go round: one that has been sent is read into again, by this response or by the next. So
//! memory is neither cleared nor asked of the operating system for each chunk, which for large files
//! costs more than reading them.

use bytes::Bytes;
use std::mem;
use std::sync::{Mutex, PoisonError};

/// The size of a chunk of a large file: what is read is still in the processor's cache when it is sent.
pub(crate) const CHUNK_LEN: usize = 64 * 1024;

/// Up to this length, what is left of a file goes out at once.
const WHOLE_LEN: usize = 2 * CHUNK_LEN;

static SHELVES: [Shelf; 3] = [
    Shelf::new(16 * 1024),
    Shelf::new(CHUNK_LEN),
    Shelf::new(WHOLE_LEN),
];

/// How many buffers of a size are kept while no response needs them.
const BUFFERS_KEPT: usize = 32;

/// Buffers of one size that no response needs now.
#[derive(Debug)]
struct Shelf {
    size: usize,
    buffers: Mutex<Vec<Vec<u8>>>,
}

impl Shelf {
    const fn new(size: usize) -> Self {
        Self {
            size,
            buffers: Mutex::new(Vec::new()),
        }
    }

    fn take(&self) -> Vec<u8> {
        // Nothing panics while the lock is held, so a poisoned one is as good as any.
        let mut buffers = self.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = buffers.pop();
        drop(buffers);
        kept.unwrap_or_else(|| vec![0; self.size])
    }

    fn put_back(&self, buffer: Vec<u8>) {
        let mut buffers = self.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        if buffers.len() < BUFFERS_KEPT {
            buffers.push(buffer);
        }
    }
}

/// Memory to read into, of which the first bytes are then sent.
#[derive(Debug)]
pub(crate) struct Buffer {
    memory: Vec<u8>,
    shelf: &'static Shelf,
    wanted: usize,
}

impl Buffer {
    /// A buffer for the next of `remaining` bytes: for all of them, or for a chunk.
    pub(crate) fn new(remaining: u64) -> Self {
        let remaining = usize::try_from(remaining).unwrap_or(usize::MAX);
        let wanted = if remaining > WHOLE_LEN {
            CHUNK_LEN
        } else {
            remaining
        };
        let [small, chunk, whole] = &SHELVES;
        let shelf = [small, chunk]
            .into_iter()
            .find(|shelf| wanted <= shelf.size)
            .unwrap_or(whole);
        Self {
            memory: shelf.take(),
            shelf,
            wanted,
        }
    }

    pub(crate) fn memory(&mut self) -> &mut [u8] {
        &mut self.memory[..self.wanted]
    }

    /// The first `length` bytes, to be sent.
    pub(crate) fn into_bytes(self, length: usize) -> Bytes {
        Bytes::from_owner(self).slice(..length)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.memory
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.shelf.put_back(mem::take(&mut self.memory));
    }
}
