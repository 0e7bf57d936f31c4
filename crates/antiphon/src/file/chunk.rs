//! The memory that files are read into.
//!
//! Buffers go round: one that has been sent is read into again, by this response or by the next. So
//! memory is neither cleared nor asked of the operating system for each chunk, which for large files
//! costs more than reading them.

use bytes::Bytes;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The size of a chunk of a large file.
pub(crate) const CHUNK_LEN: usize = 128 * 1024;

/// Below this, a buffer of the right size is made, which malloc has at hand.
const SMALL_LEN: usize = 16 * 1024;

/// How many buffers are kept while no response needs them.
const BUFFERS_KEPT: usize = 32;

static KEPT: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// Nothing panics while the lock is held, so a poisoned one is as good as any.
fn kept() -> MutexGuard<'static, Vec<Vec<u8>>> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Memory to read into, of which the first bytes are then sent.
#[derive(Debug)]
pub(crate) struct Buffer {
    memory: Vec<u8>,
    wanted: usize,
}

impl Buffer {
    /// A buffer for `wanted` bytes, at most [`CHUNK_LEN`].
    pub(crate) fn new(wanted: u64) -> Self {
        let wanted = usize::try_from(wanted).unwrap_or(CHUNK_LEN).min(CHUNK_LEN);
        let memory = if wanted <= SMALL_LEN {
            vec![0; wanted]
        } else {
            kept().pop().unwrap_or_else(|| vec![0; CHUNK_LEN])
        };
        Self { memory, wanted }
    }

    pub(crate) fn memory(&mut self) -> &mut [u8] {
        &mut self.memory[..self.wanted]
    }

    /// The first `length` bytes, to be sent.
    pub(crate) fn into_bytes(mut self, length: usize) -> Bytes {
        if self.memory.len() == CHUNK_LEN {
            return Bytes::from_owner(self).slice(..length);
        }
        let mut memory = mem::take(&mut self.memory);
        memory.truncate(length);
        Bytes::from(memory)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.memory
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if self.memory.len() == CHUNK_LEN {
            let mut kept = kept();
            if kept.len() < BUFFERS_KEPT {
                kept.push(mem::take(&mut self.memory));
            }
        }
    }
}
