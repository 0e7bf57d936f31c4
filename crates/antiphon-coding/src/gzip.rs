//! `gzip` ([RFC 1952](https://www.rfc-editor.org/rfc/rfc1952)).

use crate::extent::Extent;
use flate2::{Compress, FlushCompress, Status};
use std::io;

pub(crate) struct Gzip(Compress);

impl Gzip {
    pub(crate) fn new(level: u32, extent: Extent) -> Self {
        let window = match extent {
            // No match lies farther back than the content is long.
            Extent::Bytes(length) => {
                let bits = u64::BITS - length.leading_zeros();
                u8::try_from(bits).map_or(MOST_BITS, |bits| bits.clamp(LEAST_BITS, MOST_BITS))
            }
            Extent::Stream => MOST_BITS,
        };
        Self(Compress::new_gzip(flate2::Compression::new(level), window))
    }

    pub(crate) fn chunk(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        self.encode(bytes, FlushCompress::Sync)
    }

    pub(crate) fn last_chunk(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        self.encode(bytes, FlushCompress::Finish)
    }

    fn encode(&mut self, bytes: &[u8], flush: FlushCompress) -> io::Result<Vec<u8>> {
        let (mut rest, mut encoded) = (bytes, Vec::with_capacity(bytes.len() / 4 + OVERHEAD));
        loop {
            let before = self.0.total_in();
            let status = self.0.compress_vec(rest, &mut encoded, flush)?;
            let taken = usize::try_from(self.0.total_in() - before).unwrap_or(rest.len());
            rest = &rest[taken..];
            // Room that is left says that there was nothing more to write.
            if status == Status::StreamEnd || rest.is_empty() && encoded.len() < encoded.capacity()
            {
                return Ok(encoded);
            }
            encoded.reserve(encoded.len().max(OVERHEAD));
        }
    }
}

/// Windows of 1 KiB and of 32 KiB: smaller ones save no memory, and there are no larger ones.
const LEAST_BITS: u8 = 10;
const MOST_BITS: u8 = 15;

/// The header, the trailer, and what a flush ends with.
const OVERHEAD: usize = 64;
