//! Gathering pieces of a stream into chunks that are worth a write.
//!
//! A write costs about as much as copying some kilobytes. So small pieces that are ready together
//! are copied into one chunk, and a large piece is handed on as it came. When the pieces are ready
//! and when a chunk goes out is the face's to say; nothing here waits.

use alloc::vec::Vec;
use core::mem;

/// Pieces on their way into one chunk.
///
/// | what has been pushed                | what [`take`](Self::take) returns                     |
/// |-------------------------------------|-------------------------------------------------------|
/// | one piece                           | that piece, not copied                                |
/// | small pieces                        | their bytes, joined                                   |
/// | small pieces, then a large one      | the small ones, joined; then the large one, not copied |
///
/// Push until [`is_full`](Self::is_full), then take until there is nothing left.
///
/// # Examples
///
/// ```
/// use antiphon_core::body::gather::Gathered;
///
/// let mut gathered = Gathered::default();
/// gathered.push(b"ab".to_vec());
/// gathered.push(b"c".to_vec());
/// assert_eq!(gathered.take(std::mem::take), Some(b"abc".to_vec()));
/// assert_eq!(gathered.take(std::mem::take), None);
/// ```
#[derive(Debug)]
pub struct Gathered<P> {
    /// The first piece, as long as it is the only one.
    one: Option<P>,
    /// The bytes of all pieces, if there are several.
    many: Vec<u8>,
    /// A large piece that came after others: the next chunk.
    next: Option<P>,
}

impl<P> Default for Gathered<P> {
    fn default() -> Self {
        Self {
            one: None,
            many: Vec::new(),
            next: None,
        }
    }
}

impl<P: AsRef<[u8]>> Gathered<P> {
    /// Adds a piece behind those that are there.
    ///
    /// A piece that is pushed although [`is_full`](Self::is_full) is copied.
    pub fn push(&mut self, piece: P) {
        if self.one.is_none() && self.many.is_empty() {
            self.one = Some(piece);
        } else if self.next.is_none() && is_large(&piece) {
            self.next = Some(piece);
        } else {
            self.writer().extend_from_slice(piece.as_ref());
        }
    }

    /// Returns what is gathered, as bytes to be written on.
    ///
    /// For whoever makes pieces by writing them, such as the lines of an event.
    pub fn writer(&mut self) -> &mut Vec<u8> {
        if let Some(one) = self.one.take() {
            let one = one.as_ref();
            self.many.reserve(2 * one.len());
            self.many.extend_from_slice(one);
        }
        if let Some(next) = self.next.take() {
            self.many.extend_from_slice(next.as_ref());
        }
        &mut self.many
    }

    /// Tells whether it is time to send: there is a large piece, or [`FULL`] bytes of small ones.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.next.is_some() || self.many.len() >= FULL || self.one.as_ref().is_some_and(is_large)
    }

    /// Tells whether there is nothing to take.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.one.is_none() && self.many.is_empty()
    }

    /// Takes the next chunk, if there is any. `join` makes a chunk of joined bytes, and leaves none.
    pub fn take(&mut self, join: impl FnOnce(&mut Vec<u8>) -> P) -> Option<P> {
        let next = self.next.take();
        if self.many.is_empty() {
            return mem::replace(&mut self.one, next);
        }
        let chunk = join(&mut self.many);
        self.many.clear();
        self.one = next;
        Some(chunk)
    }
}

fn is_large(piece: &impl AsRef<[u8]>) -> bool {
    piece.as_ref().len() >= LARGE
}

/// A chunk of so many bytes is sent. Measured with streams of 100-byte pieces: with 16 to 256 KiB
/// the cost of a stream is the same within 15 %.
pub const FULL: usize = 64 << 10;

/// A piece of so many bytes is not worth copying to save a write.
pub const LARGE: usize = 8 << 10;

/// How long pieces wait for others, by a clock that the face reads after each pull.
///
/// A pull that took longer than [`SLOW_PULL`] is followed by a flush, and no piece is held longer than
/// [`MAX_HOLD`] and one more pull. Numbers are nanoseconds of any clock that does not go back.
///
/// # Examples
///
/// ```
/// use antiphon_core::body::gather::Pace;
///
/// let mut pace = Pace::default();
/// pace.begin(0);
/// assert!(!pace.is_due(10_000), "one piece after 10 µs");
/// assert!(pace.is_due(1_500_000), "and another after 1.5 ms, which is too slow to wait for a third");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    /// When the first of the pieces that wait was asked for.
    began: u64,
    /// When the last piece came.
    last: u64,
}

impl Pace {
    /// Begins to gather anew: nothing waits, and the next piece is about to be asked for.
    pub const fn begin(&mut self, now: u64) {
        self.began = now;
        self.last = now;
    }

    /// Takes note that a piece has come, and tells whether it is time to send.
    pub const fn is_due(&mut self, now: u64) -> bool {
        let pull = now.saturating_sub(self.last);
        self.last = now;
        pull > SLOW_PULL || now.saturating_sub(self.began) > MAX_HOLD
    }
}

/// After a pull that took longer than so many nanoseconds, what there is goes out.
pub const SLOW_PULL: u64 = 1_000_000;

/// No piece waits longer than so many nanoseconds for others, except for one more pull.
pub const MAX_HOLD: u64 = 5_000_000;
