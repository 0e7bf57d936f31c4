//! Copying text, and seeing on the way whether JSON escapes anything in it.

/// Copies `bytes`, as many as `out` has, and tells whether none of them needs an escape.
///
/// Eight bytes are looked at and copied in one step, four if there are no more than seven; the last
/// of them may have been before.
#[inline(always)]
pub(super) fn copied(bytes: &[u8], out: &mut [u8]) -> bool {
    let mut found = 0;
    if let (Some(last), Some(end)) = (bytes.last_chunk::<8>(), out.last_chunk_mut::<8>()) {
        found |= escapes(u64::from_ne_bytes(*last));
        *end = *last;
        let chunks = bytes.as_chunks::<8>().0.iter();
        for (chunk, place) in chunks.zip(out.as_chunks_mut::<8>().0) {
            found |= escapes(u64::from_ne_bytes(*chunk));
            *place = *chunk;
        }
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let both =
            u64::from(u32::from_ne_bytes(*first)) << 32 | u64::from(u32::from_ne_bytes(*last));
        found |= escapes(both);
        if let Some(begin) = out.first_chunk_mut::<4>() {
            *begin = *first;
        }
        if let Some(end) = out.last_chunk_mut::<4>() {
            *end = *last;
        }
    } else if let (&[first, ..], &[.., last]) = (bytes, bytes) {
        // Up to three: the one in the middle is one of the others if there are not so many.
        let middle = bytes.len() / 2;
        let word = [first, bytes[middle], last, last, last, last, last, last];
        found |= escapes(u64::from_ne_bytes(word));
        out[middle] = bytes[middle];
        out[0] = first;
        out[bytes.len() - 1] = last;
    }
    found == 0
}

/// Not 0 if one of the eight bytes needs an escape.
const fn escapes(word: u64) -> u64 {
    // A byte is less than n if taking n away borrows from its highest bit, which was not set; it is n
    // if what is left of it after exclusive-or is less than 1.
    let quote = word ^ (EVERY * b'"' as u64);
    let backslash = word ^ (EVERY * b'\\' as u64);
    let control = word.wrapping_sub(EVERY * b' ' as u64) & !word;
    let quote = quote.wrapping_sub(EVERY) & !quote;
    let backslash = backslash.wrapping_sub(EVERY) & !backslash;
    (control | quote | backslash) & (EVERY * 0x80)
}

const EVERY: u64 = u64::from_ne_bytes([1; 8]);
