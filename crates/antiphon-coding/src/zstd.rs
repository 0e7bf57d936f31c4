//! Zstandard, `zstd` ([RFC 8878](https://www.rfc-editor.org/rfc/rfc8878)).

use crate::extent::Extent;
use ::zstd::stream::raw::{CParameter, Encoder, InBuffer, Operation, OutBuffer};
use std::io;

pub(crate) struct Zstd(Encoder<'static>);

impl Zstd {
    pub(crate) fn new(level: u32, extent: Extent) -> io::Result<Self> {
        let mut encoder = Encoder::new(level.try_into().unwrap_or(i32::MAX))?;
        match extent {
            Extent::Bytes(length) => encoder.set_pledged_src_size(Some(length))?,
            Extent::Stream => encoder.set_parameter(CParameter::WindowLog(STREAM_BITS))?,
        }
        Ok(Self(encoder))
    }

    pub(crate) fn chunk(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut encoded = self.run(bytes)?;
        self.drain(&mut encoded, |encoder, output| encoder.flush(output))?;
        Ok(encoded)
    }

    pub(crate) fn last_chunk(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut encoded = self.run(bytes)?;
        self.drain(&mut encoded, |encoder, output| encoder.finish(output, true))?;
        Ok(encoded)
    }

    fn run(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut encoded = Vec::with_capacity(bytes.len() / 4 + OVERHEAD);
        let mut input = InBuffer::around(bytes);
        while input.pos() < bytes.len() {
            let start = encoded.len();
            let mut output = OutBuffer::around_pos(&mut encoded, start);
            self.0.run(&mut input, &mut output)?;
            encoded.reserve(OVERHEAD);
        }
        Ok(encoded)
    }

    /// Asks for what is left until nothing is.
    fn drain(
        &mut self,
        encoded: &mut Vec<u8>,
        ask: impl Fn(&mut Encoder<'static>, &mut OutBuffer<'_, Vec<u8>>) -> io::Result<usize>,
    ) -> io::Result<()> {
        loop {
            encoded.reserve(encoded.len().max(OVERHEAD));
            let start = encoded.len();
            let mut output = OutBuffer::around_pos(encoded, start);
            if ask(&mut self.0, &mut output)? == 0 {
                return Ok(());
            }
        }
    }
}

/// A window of 128 KiB.
const STREAM_BITS: u32 = 17;

/// The head of a frame, and of a block.
const OVERHEAD: usize = 64;
