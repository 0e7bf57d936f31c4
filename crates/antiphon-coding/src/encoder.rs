//! One encoder of any coding.

use crate::brotli::Brotli;
use crate::extent::Extent;
use crate::gzip::Gzip;
#[cfg(feature = "zstd")]
use crate::zstd::Zstd;
use std::fmt;
use std::io;

/// Content on its way into a coding.
///
/// [`Compression::encoder`](crate::Compression::encoder) makes one.
///
/// # Examples
///
/// ```
/// use antiphon_coding::{Compression, Extent};
/// use antiphon_core::values::content_coding::ContentCoding;
/// use std::io::Read;
///
/// let mut encoder = Compression::new().encoder(ContentCoding::Gzip, Extent::Stream)?;
/// let mut sent = encoder.chunk(b"tick")?;
/// sent.extend(encoder.chunk(b" tock")?);
/// sent.extend(encoder.finish()?);
///
/// let mut text = String::new();
/// flate2::read::GzDecoder::new(&sent[..]).read_to_string(&mut text)?;
/// assert_eq!(text, "tick tock");
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Encoder(Inner);

/// On the heap, for each is large, and moved with its stream.
enum Inner {
    Gzip(Box<Gzip>),
    Brotli(Box<Brotli>),
    #[cfg(feature = "zstd")]
    Zstd(Box<Zstd>),
}

impl Encoder {
    pub(crate) fn gzip(level: u32, extent: Extent) -> Self {
        Self(Inner::Gzip(Box::new(Gzip::new(level, extent))))
    }

    pub(crate) fn brotli(quality: u32, extent: Extent) -> Self {
        Self(Inner::Brotli(Box::new(Brotli::new(quality, extent))))
    }

    #[cfg(feature = "zstd")]
    pub(crate) fn zstd(level: u32, extent: Extent) -> io::Result<Self> {
        Ok(Self(Inner::Zstd(Box::new(Zstd::new(level, extent)?))))
    }

    /// Encodes a chunk, and flushes: whoever decodes what has come out so far has all that went in.
    ///
    /// An empty chunk comes out empty.
    ///
    /// # Errors
    ///
    /// The library's own; none is known.
    pub fn chunk(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        if bytes.is_empty() {
            return Ok(Vec::new());
        }
        match &mut self.0 {
            Inner::Gzip(gzip) => gzip.chunk(bytes),
            Inner::Brotli(brotli) => brotli.chunk(bytes),
            #[cfg(feature = "zstd")]
            Inner::Zstd(zstd) => zstd.chunk(bytes),
        }
    }

    /// Encodes the last chunk, and ends the content.
    ///
    /// # Errors
    ///
    /// The library's own; none is known.
    pub fn last_chunk(self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        match self.0 {
            Inner::Gzip(mut gzip) => gzip.last_chunk(bytes),
            Inner::Brotli(brotli) => brotli.last_chunk(bytes),
            #[cfg(feature = "zstd")]
            Inner::Zstd(mut zstd) => zstd.last_chunk(bytes),
        }
    }

    /// Ends the content, and returns what is still to be sent of it: a few bytes.
    ///
    /// # Errors
    ///
    /// The library's own; none is known.
    pub fn finish(self) -> io::Result<Vec<u8>> {
        self.last_chunk(&[])
    }
}

impl fmt::Debug for Encoder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let coding = match self.0 {
            Inner::Gzip(_) => "gzip",
            Inner::Brotli(_) => "br",
            #[cfg(feature = "zstd")]
            Inner::Zstd(_) => "zstd",
        };
        formatter.debug_tuple("Encoder").field(&coding).finish()
    }
}
