//! The memory that files are read into.
//!
//! Buffers go round: one that has been sent is read into again, by this response or by the next. So
//! memory is neither cleared nor asked of the operating system for each chunk, which for large files
//! costs more than reading them. A response has at most two chunks out; it waits for one to come back.

use bytes::Bytes;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// The size of a chunk of a large file.
pub(crate) const CHUNK_LEN: usize = 128 * 1024;

/// Below this, a buffer of the right size is made, which malloc has at hand.
const SMALL_LEN: usize = 16 * 1024;

/// How many chunks of one response are out at a time.
const CHUNKS_OUT: usize = 2;

/// How many buffers are kept for other responses.
const BUFFERS_KEPT: usize = 32;

static KEPT: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// Nothing panics while a lock is held, so a poisoned one is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The chunks that one response has out.
#[derive(Debug, Default)]
pub(crate) struct Lender(Arc<Mutex<Lent>>);

#[derive(Debug, Default)]
struct Lent {
    out: usize,
    waiting: Option<Waker>,
}

/// Memory to read into, of which the first bytes are then sent.
#[derive(Debug)]
pub(crate) struct Buffer {
    memory: Vec<u8>,
    lent: Option<Arc<Mutex<Lent>>>,
}

impl Lender {
    /// A buffer for `length` bytes, at most [`CHUNK_LEN`], once there is one to spare.
    pub(crate) fn poll_buffer(&self, length: u64, context: &mut Context<'_>) -> Poll<Buffer> {
        let length = usize::try_from(length).unwrap_or(CHUNK_LEN).min(CHUNK_LEN);
        if length <= SMALL_LEN {
            return Poll::Ready(Buffer {
                memory: vec![0; length],
                lent: None,
            });
        }
        let mut lent = lock(&self.0);
        if lent.out == CHUNKS_OUT {
            lent.waiting = Some(context.waker().clone());
            return Poll::Pending;
        }
        lent.out += 1;
        drop(lent);
        let memory = lock(&KEPT).pop().unwrap_or_else(|| vec![0; CHUNK_LEN]);
        Poll::Ready(Buffer {
            memory,
            lent: Some(Arc::clone(&self.0)),
        })
    }
}

impl Buffer {
    pub(crate) fn memory(&mut self, length: u64) -> &mut [u8] {
        let length = usize::try_from(length)
            .unwrap_or(CHUNK_LEN)
            .min(self.memory.len());
        &mut self.memory[..length]
    }

    /// The first `length` bytes, to be sent.
    pub(crate) fn into_bytes(mut self, length: usize) -> Bytes {
        if self.lent.is_some() {
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
        let Some(lent) = self.lent.take() else { return };
        let mut kept = lock(&KEPT);
        if kept.len() < BUFFERS_KEPT {
            kept.push(mem::take(&mut self.memory));
        }
        drop(kept);
        let mut lent = lock(&lent);
        lent.out -= 1;
        let waiting = lent.waiting.take();
        drop(lent);
        if let Some(waker) = waiting {
            waker.wake();
        }
    }
}
