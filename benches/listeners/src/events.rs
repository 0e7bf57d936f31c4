//! Finds the events in a stream of them, cut at any place.
//!
//! Lines may end with LF or CR LF, but not with CR alone, which no server here sends. Of the
//! fields, only the data count; an event has one line of them.

use memchr::memchr;

/// The state between two pieces of a stream.
#[derive(Default)]
pub(crate) struct Events {
    line: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
}

impl Events {
    /// Hands on the data of each event that ends in `piece`.
    pub(crate) fn find(&mut self, mut piece: &[u8], mut event: impl FnMut(&[u8])) {
        while let Some(end) = memchr(b'\n', piece) {
            if self.line.is_empty() {
                self.finish(&piece[..end], &mut event);
            } else {
                let mut line = std::mem::take(&mut self.line);
                line.extend_from_slice(&piece[..end]);
                self.finish(&line, &mut event);
                line.clear();
                self.line = line;
            }
            piece = &piece[end + 1..];
        }
        self.line.extend_from_slice(piece);
    }

    fn finish(&mut self, line: &[u8], event: &mut impl FnMut(&[u8])) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if let Some(data) = line.strip_prefix(b"data:") {
            self.data.clear();
            self.data
                .extend_from_slice(data.strip_prefix(b" ").unwrap_or(data));
            self.has_data = true;
        } else if line.is_empty() && self.has_data {
            event(&self.data);
            self.has_data = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_the_same_however_the_stream_was_cut() {
        let stream = b": ping\n\nretry: 5\n\nevent: tick\ndata: 17\n\ndata:4\r\nid: 1\r\n\r\n";
        for cut in 0..=stream.len() {
            let (head, tail) = stream.split_at(cut);
            let mut events = Events::default();
            let mut found = Vec::new();
            for piece in [head, tail] {
                events.find(piece, |data| found.push(data.to_vec()));
            }
            assert_eq!(found, [b"17".to_vec(), b"4".to_vec()]);
        }
    }
}
