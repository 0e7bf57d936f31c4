//! A blocking reader, as an iterator of blocks.

use bytes::Bytes;
use std::io::{self, Read};
use std::mem;

/// The content of a reader, block by block.
pub(crate) struct Blocks<R> {
    reader: R,
    block: Vec<u8>,
}

impl<R> Blocks<R> {
    pub(crate) const fn new(reader: R) -> Self {
        let block = Vec::new();
        Self { reader, block }
    }
}

impl<R: Read> Iterator for Blocks<R> {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<io::Result<Bytes>> {
        self.block.resize(BLOCK_LEN, 0);
        let read = loop {
            match self.reader.read(&mut self.block) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        match read {
            Ok(0) => None,
            // Little content shall not hold much memory.
            Ok(length) if length < BLOCK_LEN / 2 => {
                Some(Ok(Bytes::copy_from_slice(&self.block[..length])))
            }
            Ok(length) => {
                self.block.truncate(length);
                Some(Ok(mem::take(&mut self.block).into()))
            }
            Err(error) => Some(Err(error)),
        }
    }
}

/// The length of a block of a reader that has as much.
const BLOCK_LEN: usize = 64 << 10;
