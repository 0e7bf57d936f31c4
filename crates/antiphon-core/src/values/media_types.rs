//! Which media type a file has, by its name.
//!
//! The operating system and libraries have tables of that, which differ from machine to machine and know
//! little of what the web is made of today: a script that is labelled `text/plain` does not run
//! ([WHATWG HTML §8.1.4.2]), nor does a module of WebAssembly compile while it arrives. So the types that
//! browsers depend on are told here, and all others left to the face.
//!
//! A table of one's own stands before ours. Parameters and content are not looked at.
//!
//! [WHATWG HTML §8.1.4.2]: https://html.spec.whatwg.org/multipage/webappapis.html#fetch-a-classic-script

use crate::fields::InvalidHeader;
use crate::values::media_type::MediaType;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

/// What the name of a file tells of its media type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guess {
    /// The type.
    Type(MediaType),
    /// What lies in the same folder tells: see [`of_ts`].
    Neighbours,
    /// Nothing.
    Unknown,
}

/// The media types of files, by the extensions of their names: ours, and before them those that a program
/// has added.
///
/// # Examples
///
/// ```
/// use antiphon_core::values::media_type::MediaType;
/// use antiphon_core::values::media_types::{Guess, MediaTypes};
///
/// let types = MediaTypes::new().with(".gltf", "model/gltf+json")?.with("js", "text/x-own")?;
/// assert_eq!(types.of_name("a.GLTF"), Guess::Type(MediaType::from_static("model/gltf+json")));
/// assert_eq!(types.of_name("a.js"), Guess::Type(MediaType::from_static("text/x-own")));
/// assert_eq!(types.of_name("a.wasm"), Guess::Type(MediaType::from_static("application/wasm")));
/// assert_eq!(types.of_name("a.unheard-of"), Guess::Unknown);
/// # Ok::<(), antiphon_core::values::media_types::InvalidMediaTypes>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MediaTypes {
    /// Extensions in lower case, without the dot; the first counts. `None` if there are none.
    own: Option<Arc<Vec<(String, MediaType)>>>,
}

impl MediaTypes {
    /// Returns our table, to which nothing was added.
    #[must_use]
    pub const fn new() -> Self {
        Self { own: None }
    }

    /// Adds an extension, with or without its dot and in whatever case, or replaces one.
    ///
    /// # Errors
    ///
    /// [`InvalidMediaTypes`] if the extension is empty, or holds a dot behind the first character, a `/`
    /// or a `\`, so that no name ends in it; or if the type cannot stand in a header field.
    pub fn with<M>(mut self, extension: &str, media_type: M) -> Result<Self, InvalidMediaTypes>
    where
        M: TryInto<MediaType, Error: Into<InvalidHeader>>,
    {
        let plain = extension.strip_prefix('.').unwrap_or(extension);
        if plain.is_empty() || plain.contains(['.', '/', '\\']) {
            return Err(InvalidMediaTypes::Extension(extension.into()));
        }
        let media_type = media_type
            .try_into()
            .map_err(|error| InvalidMediaTypes::Type(plain.to_lowercase(), error.into()))?;
        let own = Arc::make_mut(self.own.get_or_insert_with(Arc::default));
        own.insert(0, (plain.to_lowercase(), media_type));
        Ok(self)
    }

    /// Tells the type of a file by its name, or by its path.
    #[must_use]
    pub fn of_name(&self, name: &str) -> Guess {
        match (self.added_for(name), extension(name)) {
            (Some(added), _) => Guess::Type(added.clone()),
            (None, Some(extension)) => of_extension(extension),
            (None, None) => Guess::Unknown,
        }
    }

    /// Returns the type of a file of this name, or of this path, if it [was added](Self::with).
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::values::media_types::MediaTypes;
    ///
    /// let types = MediaTypes::new().with(".gltf", "model/gltf+json")?;
    /// assert!(types.added_for("a.gltf").is_some());
    /// assert!(types.added_for("a.js").is_none());
    /// # Ok::<(), antiphon_core::values::media_types::InvalidMediaTypes>(())
    /// ```
    #[must_use]
    pub fn added_for(&self, name: &str) -> Option<&MediaType> {
        let own = self.own.as_ref()?;
        let lower = extension(name)?.to_lowercase();
        let added = own.iter().find(|(own, _)| *own == lower);
        added.map(|(_, media_type)| media_type)
    }
}

/// Tells the type of a file whose name ends in a dot and `extension`, by our table alone.
///
/// # Examples
///
/// ```
/// use antiphon_core::values::media_type::MediaType;
/// use antiphon_core::values::media_types::{Guess, of_extension};
///
/// assert_eq!(of_extension("mjs"), Guess::Type(MediaType::from_static("text/javascript")));
/// assert_eq!(of_extension("ts"), Guess::Neighbours);
/// ```
#[must_use]
pub fn of_extension(extension: &str) -> Guess {
    let mut lower = [0; LONGEST];
    let Some(lower) = lower.get_mut(..extension.len()) else {
        return Guess::Unknown;
    };
    lower.copy_from_slice(extension.as_bytes());
    lower.make_ascii_lowercase();
    match known(lower) {
        Some(text) => Guess::Type(MediaType::from_static(text)),
        None if lower == b"ts" => Guess::Neighbours,
        None => Guess::Unknown,
    }
}

/// The type of a file whose name ends in `.ts`: a segment of a transport stream where the playlist that
/// lists it (`*.m3u8`) lies in the same folder, and the source of a program in TypeScript elsewhere.
///
/// # Examples
///
/// ```
/// use antiphon_core::values::media_types::of_ts;
///
/// assert_eq!(of_ts(true).as_bytes(), b"video/mp2t");
/// assert_eq!(of_ts(false).as_bytes(), b"text/plain");
/// ```
///
/// Source: [RFC 8216 §3.2](https://www.rfc-editor.org/rfc/rfc8216#section-3.2); TypeScript has no type of
/// its own.
#[must_use]
pub const fn of_ts(is_beside_playlist: bool) -> MediaType {
    if is_beside_playlist {
        MediaType::from_static("video/mp2t")
    } else {
        MediaType::PLAIN_TEXT
    }
}

/// The extensions of our table, without their dots, in the table's order.
///
/// # Examples
///
/// ```
/// use antiphon_core::values::media_types;
///
/// assert!(media_types::extensions().any(|extension| extension == "woff2"));
/// ```
pub fn extensions() -> impl Iterator<Item = &'static str> {
    EXTENSIONS.iter().copied().chain(["ts"])
}

/// What follows the last dot of a name, unless the name begins with that dot.
fn extension(name: &str) -> Option<&str> {
    let name = name.rsplit('/').next().unwrap_or(name);
    let (stem, extension) = name.rsplit_once('.')?;
    (!stem.is_empty() && !extension.is_empty()).then_some(extension)
}

macro_rules! table {
    ($($($extension:literal)|+ => $media_type:literal,)*) => {
        fn known(extension: &[u8]) -> Option<&'static str> {
            // The compiler makes a tree of lengths and words of it.
            match core::str::from_utf8(extension).ok()? {
                $($($extension)|+ => Some($media_type),)*
                _ => None,
            }
        }

        const EXTENSIONS: &[&str] = &[$($($extension),+),*];
    };
}

table! {
    "html" | "htm" => "text/html",
    "css" => "text/css",
    "js" | "mjs" => "text/javascript",
    "json" | "map" => "application/json",
    "wasm" => "application/wasm",
    "webmanifest" => "application/manifest+json",
    "txt" => "text/plain",
    "md" => "text/markdown",
    "csv" => "text/csv",
    "pdf" => "application/pdf",
    "svg" => "image/svg+xml",
    "png" => "image/png",
    "jpg" | "jpeg" => "image/jpeg",
    "gif" => "image/gif",
    "ico" => "image/vnd.microsoft.icon",
    "avif" => "image/avif",
    "webp" => "image/webp",
    "jxl" => "image/jxl",
    "woff" => "font/woff",
    "woff2" => "font/woff2",
    "ttf" => "font/ttf",
    "otf" => "font/otf",
    "m3u8" => "application/vnd.apple.mpegurl",
    "mpd" => "application/dash+xml",
    "m4s" => "video/iso.segment",
    "mp4" => "video/mp4",
    "webm" => "video/webm",
    "vtt" => "text/vtt",
    "mp3" => "audio/mpeg",
    "gz" => "application/gzip",
    "zst" => "application/zstd",
    "br" => "application/octet-stream",
}

/// No extension of the table is longer.
const LONGEST: usize = 11;

/// The error of [`MediaTypes::with`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidMediaTypes {
    /// No name ends in this extension.
    Extension(String),
    /// The type of this extension cannot stand in a header field.
    Type(String, InvalidHeader),
}

impl fmt::Display for InvalidMediaTypes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Extension(found) => write!(
                formatter,
                "media_types: expected an extension such as \".js\", but found {found:?}"
            ),
            Self::Type(extension, error) => {
                write!(formatter, "media_types, .{extension}: {error}")
            }
        }
    }
}

impl core::error::Error for InvalidMediaTypes {}

#[cfg(test)]
mod tests {
    use super::{Guess, LONGEST, MediaTypes, extension, extensions, of_extension};
    use alloc::string::ToString;

    #[test]
    fn every_extension_of_the_table_is_found_in_any_case() {
        for own in extensions() {
            assert!(own.len() <= LONGEST, "{own}");
            assert_ne!(of_extension(own), Guess::Unknown, "{own}");
            assert_eq!(
                of_extension(&own.to_uppercase()),
                of_extension(own),
                "{own}"
            );
        }
    }

    #[test]
    fn an_extension_is_what_follows_the_last_dot_of_a_name() {
        for (name, expected) in [
            ("a.js", Some("js")),
            ("a.min.js", Some("js")),
            ("b.d/a.js", Some("js")),
            ("b.d/a", None),
            (".js", None),
            ("a.", None),
            ("a", None),
            ("", None),
        ] {
            assert_eq!(extension(name), expected, "{name}");
        }
    }

    #[test]
    fn the_last_type_that_was_added_counts() {
        let types = MediaTypes::new().with("a", "x/1").unwrap();
        let types = types.with(".A", "x/2").unwrap();
        let Guess::Type(found) = types.of_name("x.a") else {
            panic!("nothing was found");
        };
        assert_eq!(found.as_bytes(), b"x/2");
    }

    #[test]
    fn what_no_name_ends_in_is_refused() {
        for (extension, media_type) in
            [("", "a/b"), (".", "a/b"), ("..a", "a/b"), ("tar.gz", "a/b")]
        {
            let error = MediaTypes::new().with(extension, media_type).unwrap_err();
            assert!(error.to_string().contains("such as \".js\""), "{error}");
        }
        let error = MediaTypes::new().with(".x", "a/b\r\nc: d").unwrap_err();
        assert!(
            error.to_string().starts_with("media_types, .x: "),
            "{error}"
        );
    }

    #[test]
    fn names_of_any_bytes_tell_nothing() {
        for name in ["a.ü", "a.\u{0}", "a.webmanifestx", "a.JSON\u{301}"] {
            assert_eq!(MediaTypes::new().of_name(name), Guess::Unknown, "{name}");
        }
    }
}
