//! Brotli, `br` ([RFC 7932](https://www.rfc-editor.org/rfc/rfc7932)).

use crate::extent::Extent;
use ::brotli::CompressorWriter;
use ::brotli::enc::BrotliEncoderParams;
use std::io::{self, Write};
use std::mem;

pub(crate) struct Brotli(CompressorWriter<Vec<u8>>);

impl Brotli {
    pub(crate) fn new(quality: u32, extent: Extent) -> Self {
        let window = match extent {
            Extent::Stream if quality < DEEP => STREAM_BITS,
            _ => MOST_BITS,
        };
        let parameters = BrotliEncoderParams {
            quality: i32::try_from(quality).unwrap_or(i32::MAX),
            lgwin: window,
            size_hint: match extent {
                Extent::Bytes(length) => usize::try_from(length).unwrap_or(usize::MAX),
                Extent::Stream => 0,
            },
            ..BrotliEncoderParams::default()
        };
        Self(CompressorWriter::with_params(
            Vec::new(),
            BUFFER,
            &parameters,
        ))
    }

    pub(crate) fn chunk(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        self.0.write_all(bytes)?;
        self.0.flush()?;
        Ok(mem::take(self.0.get_mut()))
    }

    pub(crate) fn last_chunk(mut self: Box<Self>, bytes: &[u8]) -> io::Result<Vec<u8>> {
        self.0.write_all(bytes)?;
        Ok(self.0.into_inner())
    }
}

/// From this quality on, the library keeps tables of 32 MiB for a small window.
const DEEP: u32 = 5;

/// Windows of 64 and of 256 KiB.
const STREAM_BITS: i32 = 16;
const MOST_BITS: i32 = 18;

/// The library writes its output in pieces of so many bytes.
const BUFFER: usize = 4096;
