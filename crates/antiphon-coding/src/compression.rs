//! What a program says of compression.

use crate::encoder::Encoder;
use crate::extent::Extent;
use antiphon_core::response::compression::Terms;
use antiphon_core::values::content_coding::ContentCoding;
use antiphon_core::values::media_range::{InvalidMediaRange, MediaRange};
use std::fmt;
use std::io;

/// Which responses are compressed, in which content codings, and how hard.
///
/// | what                  | by default                                                                      |
/// |-----------------------|---------------------------------------------------------------------------------|
/// | codings               | `br`, `gzip`; for streams `gzip`, `br`, since flushed chunks become smaller by it |
/// | what is too small     | fewer than 500 bytes                                                            |
/// | media types           | text, JSON, JavaScript, XML and all else that [shrinks]; no pictures, no archives |
/// | gzip                  | level 4; for streams 1                                                          |
/// | brotli                | quality 4; for streams 2                                                        |
/// | zstd (feature `zstd`) | level 3; for streams 1                                                          |
///
/// **Secrets.** Compression tells by the length of a response what it repeats. If a page holds a secret (a
/// CSRF token, an address) beside something that an attacker can choose (a search term that is shown again), and
/// the attacker can have a browser ask for it often and see the lengths, it can be guessed letter by letter: that
/// attack is called BREACH. Do not compress such a response: give it no compression, or
/// `Cache-Control: no-transform`, by which a layer around it leaves it alone. Or mask the secret anew in each
/// response, as Django does with its tokens. Cookies in fields are not compressed, and not at risk.
///
/// # Examples
///
/// ```
/// use antiphon_coding::Compression;
/// use antiphon_core::values::content_coding::ContentCoding;
///
/// let compression = Compression::new()
///     .codings([ContentCoding::Gzip])?
///     .minimum_size(1024)
///     .gzip_level(9)?;
/// assert!(Compression::new().gzip_level(10).is_err());
/// # let _ = compression;
/// # Ok::<(), antiphon_coding::InvalidCompression>(())
/// ```
///
/// [shrinks]: antiphon_core::values::compressible::shrinks
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compression {
    terms: Terms,
    gzip_level: Option<u32>,
    brotli_quality: Option<u32>,
    zstd_level: Option<u32>,
}

impl Compression {
    /// Compresses as the table says.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the codings that are offered, the best first: of those that a client likes equally, it gets the
    /// first.
    ///
    /// # Errors
    ///
    /// [`InvalidCompression`] if there is none, or `zstd` is among them without the feature `zstd`.
    pub fn codings(
        mut self,
        codings: impl IntoIterator<Item = ContentCoding>,
    ) -> Result<Self, InvalidCompression> {
        let codings: Vec<_> = codings.into_iter().collect();
        if codings.is_empty() {
            return Err(InvalidCompression(Fault::NoCoding));
        }
        if cfg!(not(feature = "zstd")) && codings.contains(&ContentCoding::Zstd) {
            return Err(InvalidCompression(Fault::NoZstd));
        }
        self.terms.codings = Some(codings);
        Ok(self)
    }

    /// Sets how many bytes are too few to be compressed; content whose length is unknown never is.
    #[must_use]
    pub const fn minimum_size(mut self, bytes: u64) -> Self {
        self.terms.minimum_size = bytes;
        self
    }

    /// Sets the media types that are compressed, such as `application/json` or `text/*`, instead of those
    /// that are known to shrink.
    ///
    /// # Errors
    ///
    /// [`InvalidCompression`] if one is no media type without parameters.
    pub fn media_types<'a>(
        mut self,
        ranges: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, InvalidCompression> {
        self.terms.media_types = Some(parsed("media_types", ranges)?);
        Ok(self)
    }

    /// Sets media types that are not compressed, whatever else holds: `text/event-stream`, say, where
    /// thousands of streams are open and memory is short.
    ///
    /// # Errors
    ///
    /// [`InvalidCompression`] if one is no media type without parameters.
    pub fn exclude_media_types<'a>(
        mut self,
        ranges: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, InvalidCompression> {
        self.terms.excluded = parsed("exclude_media_types", ranges)?;
        Ok(self)
    }

    /// Sets how hard gzip tries: from 1, the fastest, to 9, the smallest.
    ///
    /// # Errors
    ///
    /// [`InvalidCompression`] if it is another number.
    pub fn gzip_level(mut self, level: u32) -> Result<Self, InvalidCompression> {
        self.gzip_level = Some(in_range("gzip_level", level, 1, 9)?);
        Ok(self)
    }

    /// Sets how hard brotli tries: from 0, the fastest, to 11, the smallest. From 5 on a stream holds 2 MiB,
    /// from 10 on dozens.
    ///
    /// # Errors
    ///
    /// [`InvalidCompression`] if it is another number.
    pub fn brotli_quality(mut self, quality: u32) -> Result<Self, InvalidCompression> {
        self.brotli_quality = Some(in_range("brotli_quality", quality, 0, 11)?);
        Ok(self)
    }

    /// Sets how hard zstd tries: from 1, the fastest, to 22, the smallest.
    ///
    /// # Errors
    ///
    /// [`InvalidCompression`] if it is another number.
    pub fn zstd_level(mut self, level: u32) -> Result<Self, InvalidCompression> {
        self.zstd_level = Some(in_range("zstd_level", level, 1, 22)?);
        Ok(self)
    }

    /// Returns what the core has to know, to decide about a response.
    #[must_use]
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Makes an encoder for one response.
    ///
    /// # Errors
    ///
    /// [`io::Error`] if the coding is `zstd`, which is not built in or has no memory.
    pub fn encoder(&self, coding: ContentCoding, extent: Extent) -> io::Result<Encoder> {
        let is_stream = extent == Extent::Stream;
        let preset = |whole, stream| if is_stream { stream } else { whole };
        match coding {
            ContentCoding::Gzip => {
                let level = self.gzip_level.unwrap_or_else(|| preset(4, 1));
                Ok(Encoder::gzip(level, extent))
            }
            ContentCoding::Br => {
                let quality = self.brotli_quality.unwrap_or_else(|| preset(4, 2));
                Ok(Encoder::brotli(quality, extent))
            }
            #[cfg(feature = "zstd")]
            ContentCoding::Zstd => {
                let level = self.zstd_level.unwrap_or_else(|| preset(3, 1));
                Encoder::zstd(level, extent)
            }
            #[cfg(not(feature = "zstd"))]
            ContentCoding::Zstd => Err(io::Error::new(
                io::ErrorKind::Unsupported,
                InvalidCompression(Fault::NoZstd),
            )),
        }
    }

    /// Encodes content that lies ready.
    ///
    /// # Errors
    ///
    /// Those of [`encoder`](Self::encoder).
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_coding::Compression;
    /// use antiphon_core::values::content_coding::ContentCoding;
    ///
    /// let text = "all work and no play ".repeat(100);
    /// let encoded = Compression::new().encode(ContentCoding::Br, text.as_bytes())?;
    /// assert!(encoded.len() < 100);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn encode(&self, coding: ContentCoding, content: &[u8]) -> io::Result<Vec<u8>> {
        let encoder = self.encoder(coding, Extent::Bytes(content.len() as u64))?;
        encoder.last_chunk(content)
    }
}

fn in_range(
    field: &'static str,
    found: u32,
    least: u32,
    most: u32,
) -> Result<u32, InvalidCompression> {
    if (least..=most).contains(&found) {
        return Ok(found);
    }
    Err(InvalidCompression(Fault::Level {
        field,
        found,
        least,
        most,
    }))
}

fn parsed<'a>(
    field: &'static str,
    ranges: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<MediaRange>, InvalidCompression> {
    let parse = |text: &str| {
        let range = text.parse();
        range.map_err(|error| InvalidCompression(Fault::MediaRange(field, error)))
    };
    ranges.into_iter().map(parse).collect()
}

/// The error of a [`Compression`] that cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidCompression(Fault);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Fault {
    NoCoding,
    NoZstd,
    Level {
        field: &'static str,
        found: u32,
        least: u32,
        most: u32,
    },
    MediaRange(&'static str, InvalidMediaRange),
}

impl fmt::Display for InvalidCompression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Fault::NoCoding => formatter.write_str("codings: expected at least one, but found none"),
            Fault::NoZstd => formatter.write_str(
                "codings: expected \"br\" or \"gzip\", but found \"zstd\", which this build leaves out; build \
                 it with the feature `zstd`",
            ),
            Fault::Level { field, found, least, most } => write!(
                formatter,
                "{field}: expected a number from {least} to {most}, but found {found}"
            ),
            Fault::MediaRange(field, error) => write!(formatter, "{field}: {error}"),
        }
    }
}

impl std::error::Error for InvalidCompression {}
