//! How long files of a directory may be kept: `Cache-Control` by the path of what is served.

use crate::fields::{FieldName, FieldValue, InvalidHeader};
use crate::text::glob;
use alloc::string::String;
use alloc::vec::Vec;

/// Rules of which the first whose pattern fits the path counts.
///
/// A pattern is one of [`glob`]: `*.html`, `assets/**`, `**/*.js`. A path that no pattern fits gets no
/// `Cache-Control`.
///
/// # Examples
///
/// ```
/// use antiphon_core::values::cache_rules::{CacheRules, IMMUTABLE};
///
/// let rules = CacheRules::new().with("assets/**", IMMUTABLE)?.with("**", "no-cache")?;
/// assert_eq!(rules.of_path("assets/app.1f3a.js").unwrap(), "public, max-age=31536000, immutable");
/// assert_eq!(rules.of_path("index.html").unwrap(), "no-cache");
/// assert_eq!(CacheRules::new().of_path("index.html"), None);
/// # Ok::<(), antiphon_core::fields::InvalidHeader>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct CacheRules(Vec<(String, FieldValue)>);

/// What is said of a file whose name changes with its content, such as one with a hash in it: it may be
/// kept for a year, and nobody need ask whether it is the same still ([RFC 8246]).
///
/// [RFC 8246]: https://www.rfc-editor.org/rfc/rfc8246
pub const IMMUTABLE: &str = "public, max-age=31536000, immutable";

impl CacheRules {
    /// Makes an empty list.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a rule behind those that there are.
    ///
    /// # Errors
    ///
    /// [`InvalidHeader`] if the value holds a control character or is not Latin-1.
    pub fn with<V>(mut self, pattern: &str, value: V) -> Result<Self, InvalidHeader>
    where
        V: TryInto<FieldValue, Error: Into<InvalidHeader>>,
    {
        let (_, value) = crate::fields::field(FieldName::CACHE_CONTROL, value)?;
        self.0.push((pattern.into(), value));
        Ok(self)
    }

    /// Returns the value for a path: names with a `/` between them, and none before.
    #[must_use]
    pub fn of_path(&self, path: &str) -> Option<&FieldValue> {
        let fitting = self.0.iter().find(|(pattern, _)| glob::fits(pattern, path));
        fitting.map(|(_, value)| value)
    }
}
