//! Memory to write into.

use super::copy::copied;
use crate::direct_mapped::DirectMapped;
use pyo3::prelude::*;
use pyo3::types::PyString;
use std::cell::Cell;

/// Bytes, of which the first `len` are written. The others are there already, so that writing is but
/// copying.
#[derive(Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    len: usize,
    /// `None` until a key is remembered.
    keys: Option<Box<DirectMapped<Key, KEYS>>>,
}

/// A key of an object, and how it is written.
///
/// The string is kept, so that no other can come to lie where it lies.
struct Key {
    string: Py<PyString>,
    written: [u8; LONGEST_KEY],
    len: usize,
}

impl Buffer {
    /// The memory that the thread keeps, which would be asked for and given back for each response.
    pub(crate) fn take() -> Self {
        let mut buffer = KEPT.take();
        buffer.len = 0;
        buffer
    }

    /// Gives the memory back.
    pub(crate) fn keep(mut self) {
        if self.bytes.len() > MAX_KEPT {
            self.bytes = Vec::new();
        }
        KEPT.set(self);
    }

    /// What is written.
    pub(crate) fn written(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    #[inline]
    pub(crate) fn push(&mut self, byte: u8) {
        self.room(1)[0] = byte;
        self.len += 1;
    }

    #[inline]
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        self.room(bytes.len()).copy_from_slice(bytes);
        self.len += bytes.len();
    }

    /// A few bytes, as numbers have, for which calling a function to copy them is too much.
    #[inline]
    pub(crate) fn few(&mut self, bytes: &[u8]) {
        copied(bytes, self.room(bytes.len()));
        self.len += bytes.len();
    }

    /// Bytes whose number is known beforehand, for which copying is one store.
    #[inline]
    pub(crate) fn constant<const N: usize>(&mut self, bytes: [u8; N]) {
        if let Some(place) = self.room(N).first_chunk_mut() {
            *place = bytes;
        }
        self.len += N;
    }

    /// Writes a key and its colon, if it is one that was written lately.
    ///
    /// Objects mostly have the same few keys, which Python keeps one string of.
    #[inline]
    pub(crate) fn known_key(&mut self, key: &Bound<'_, PyString>) -> bool {
        let Some(known) = self.keys.as_ref().and_then(|keys| keys.get(place(key))) else {
            return false;
        };
        if !known.string.is(key) {
            return false;
        }
        let (written, len) = (known.written, known.len);
        if let Some(room) = self.room(LONGEST_KEY).first_chunk_mut() {
            *room = written;
        }
        self.len += len;
        true
    }

    /// How many bytes are written.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Remembers what was written since `start` as the form of a key and its colon.
    pub(crate) fn remember_key(&mut self, key: &Bound<'_, PyString>, start: usize) {
        let len = self.len - start;
        let mut written = [0; LONGEST_KEY];
        let Some(begin) = written.get_mut(..len) else {
            return;
        };
        begin.copy_from_slice(&self.bytes[start..self.len]);
        let string = key.clone().unbind();
        let keys = self
            .keys
            .get_or_insert_with(|| Box::new(DirectMapped::new()));
        drop(keys.replace(
            place(key),
            Key {
                string,
                written,
                len,
            },
        ));
    }

    /// The next `count` bytes, which count as written once [`advance`](Self::advance) says so.
    #[inline]
    pub(crate) fn room(&mut self, count: usize) -> &mut [u8] {
        if self.bytes.len() - self.len < count {
            self.grow(count);
        }
        &mut self.bytes[self.len..][..count]
    }

    #[inline]
    pub(crate) fn advance(&mut self, count: usize) {
        self.len += count;
    }

    #[cold]
    fn grow(&mut self, count: usize) {
        let least = (self.bytes.len() * 2).max(FIRST);
        self.bytes.resize(least.max(self.len + count), 0);
    }
}

fn place(key: &Bound<'_, PyString>) -> usize {
    let address = key.as_ptr().addr();
    address >> 4 ^ address >> 11
}

thread_local! {
    static KEPT: Cell<Buffer> = const { Cell::new(Buffer { bytes: Vec::new(), len: 0, keys: None }) };
}

const FIRST: usize = 1 << 10;

/// Keys that are remembered at a time.
const KEYS: usize = 128;

/// A key of more bytes than these, with its quotes and its colon, is not remembered.
const LONGEST_KEY: usize = 24;

/// More memory than this many bytes goes back.
const MAX_KEPT: usize = 1 << 20;
