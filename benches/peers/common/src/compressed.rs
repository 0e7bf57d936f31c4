//! What the peers answer with whose answers are compressed.

use crate::nanoseconds;
use bytes::Bytes;
use std::collections::HashMap;
use std::fmt::Write;
use std::io;
use std::path::Path;
use std::time::Duration;

/// An event of `/events` is published so often.
pub const EVENT_INTERVAL: Duration = Duration::from_millis(10);

/// And one of `/large`.
pub const LARGE_INTERVAL: Duration = Duration::from_millis(200);

/// `/slow` waits so long before each of its chunks.
pub const SLOW_PAUSE: Duration = Duration::from_millis(200);
pub const SLOW_CHUNK: &str = "the quick brown fox jumps over the lazy dog\n";
pub const SLOW_CHUNKS: u32 = 2;

/// The data of an event that is published now: when that is, and some words.
#[must_use]
pub fn event(number: u64) -> String {
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    format!(
        r#"{{"at":{},"number":{number},"room":"room {}","user":"user {}","text":"message {:x} for all"}}"#,
        nanoseconds(),
        number % 17,
        number * 7919 % 1000,
        mixed >> 32,
    )
}

/// The data of an event of some 4 KB.
#[must_use]
pub fn large_event(number: u64) -> String {
    let mut data = event(number);
    for part in 0..40_u64 {
        let one = (number * 40 + part).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let other = one.wrapping_mul(0xD1B5_4A32_D192_ED03);
        // Writing into memory does not fail.
        let _ = write!(
            data,
            r#",{{"key":"{one:016x}","value":"{other:016x}","name":"a name that comes again"}}"#
        );
    }
    data
}

/// What `COMPRESS` asks for.
#[derive(Clone, Copy, Debug)]
pub enum Wrap {
    /// `no`: nothing around the application.
    None,
    /// `preset`: compression as it is by default.
    Preset,
    /// `fastest`, where a peer has that.
    Fastest,
}

impl Wrap {
    /// Reads the environment.
    ///
    /// # Errors
    ///
    /// `COMPRESS` is something else.
    pub fn asked() -> io::Result<Self> {
        match std::env::var("COMPRESS").as_deref() {
            Ok("no") => Ok(Self::None),
            Ok("preset") => Ok(Self::Preset),
            Ok("fastest") => Ok(Self::Fastest),
            other => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("COMPRESS: expected no, preset or fastest, but found {other:?}"),
            )),
        }
    }
}

/// Content that lies in memory.
#[derive(Debug)]
pub struct Content {
    pub media_type: &'static str,
    pub bytes: Bytes,
}

/// All content, by its path.
#[derive(Debug)]
pub struct Contents(HashMap<String, Content>);

impl Contents {
    /// Reads the files of the folder.
    ///
    /// # Errors
    ///
    /// The folder or a file cannot be read.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let mut contents = HashMap::new();
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let media_type = match path.extension().and_then(|text| text.to_str()) {
                Some("html") => "text/html",
                Some("json") => "application/json",
                Some("png") => "image/png",
                _ => continue,
            };
            let name = path.file_name().and_then(|text| text.to_str());
            let bytes = std::fs::read(&path)?.into();
            contents.insert(
                format!("/{}", name.unwrap_or_default()),
                Content { media_type, bytes },
            );
        }
        Ok(Self(contents))
    }

    /// What is sent from a path.
    #[must_use]
    pub fn at(&self, path: &str) -> Option<&Content> {
        self.0.get(path)
    }
}
