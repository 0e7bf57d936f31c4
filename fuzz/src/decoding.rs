//! Decoders of content codings, which are not of the libraries that encode.

use antiphon_core::values::content_coding::ContentCoding;
use brotli_decompressor::DecompressorWriter;
use crc32fast::Hasher;
use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZFlush, MZStatus};
use std::io::Write;

/// Content that is decoded piece by piece.
pub enum Decoder {
    Gzip(Box<Gzip>),
    Br(Box<DecompressorWriter<Vec<u8>>>),
}

impl Decoder {
    /// # Panics
    ///
    /// It is the coding `zstd`.
    #[must_use]
    pub fn of(coding: ContentCoding) -> Self {
        match coding {
            ContentCoding::Gzip => Self::Gzip(Box::default()),
            ContentCoding::Br => Self::Br(Box::new(DecompressorWriter::new(Vec::new(), 4096))),
            ContentCoding::Zstd => panic!("no decoder of zstd"),
        }
    }

    /// Decodes all that has come so far; returns what is new.
    ///
    /// # Panics
    ///
    /// It is not in the coding.
    pub fn decode(&mut self, encoded: &[u8]) -> Vec<u8> {
        match self {
            Self::Gzip(gzip) => gzip.decode(encoded),
            Self::Br(writer) => {
                writer.write_all(encoded).expect("brotli");
                // It leaves what does not fit its buffer once it has read all, until it is asked again.
                let mut before = 0;
                while before < writer.get_ref().len() {
                    before = writer.get_ref().len();
                    drop(writer.write(&[]));
                }
                std::mem::take(writer.get_mut())
            }
        }
    }

    /// # Panics
    ///
    /// The content has not come to its end, or not to this one.
    pub fn end(self) {
        match self {
            Self::Gzip(gzip) => gzip.end(),
            Self::Br(mut writer) => writer.close().expect("an end of brotli"),
        }
    }
}

/// RFC 1952: a header of ten bytes, deflated content, its checksum and its length.
pub struct Gzip {
    inflating: InflateState,
    /// What is not read yet.
    waiting: Vec<u8>,
    has_begun: bool,
    has_ended: bool,
    checksum: Hasher,
    length: u32,
}

impl Default for Gzip {
    fn default() -> Self {
        Self {
            inflating: InflateState::new(DataFormat::Raw),
            waiting: Vec::new(),
            has_begun: false,
            has_ended: false,
            checksum: Hasher::new(),
            length: 0,
        }
    }
}

impl Gzip {
    fn decode(&mut self, encoded: &[u8]) -> Vec<u8> {
        self.waiting.extend_from_slice(encoded);
        let mut content = Vec::new();
        if !self.has_begun {
            if self.waiting.len() < HEADER {
                return content;
            }
            assert_eq!(
                self.waiting[..4],
                [0x1F, 0x8B, 8, 0],
                "a header without options"
            );
            self.waiting.drain(..HEADER);
            self.has_begun = true;
        }
        let mut piece = [0; 4096];
        while !self.has_ended {
            let result = inflate(
                &mut self.inflating,
                &self.waiting,
                &mut piece,
                MZFlush::None,
            );
            self.waiting.drain(..result.bytes_consumed);
            content.extend_from_slice(&piece[..result.bytes_written]);
            match result.status {
                Ok(MZStatus::StreamEnd) => self.has_ended = true,
                Ok(_) if result.bytes_written > 0 || result.bytes_consumed > 0 => {}
                Ok(_) | Err(miniz_oxide::MZError::Buf) => break,
                Err(error) => panic!("deflate: {error:?}"),
            }
        }
        self.checksum.update(&content);
        self.length = self
            .length
            .wrapping_add(u32::try_from(content.len()).expect("a chunk"));
        content
    }

    fn end(self) {
        assert!(self.has_ended, "no last block");
        let trailer = [self.checksum.finalize(), self.length].map(u32::to_le_bytes);
        assert_eq!(self.waiting, trailer.concat(), "checksum and length");
    }
}

const HEADER: usize = 10;
