//! What a program says of compression.

use antiphon_coding::Compression;
use antiphon_core::values::content_coding::ContentCoding;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyInt, PyString, PyTuple};

/// Which responses are compressed, in which content codings, and how hard.
///
/// It is given to ``CompressionMiddleware``, or to a response as ``compress=``. ``Compression()`` is
/// what ``compress=True`` means.
///
/// **Secrets.** How long a compressed response is tells what it repeats. Where a page shows a secret (a
/// CSRF token, an address) beside something that an attacker can choose (a search term), and the
/// attacker can make a browser ask for it many times and watch the lengths, the secret can be found out
/// letter by letter. That attack is called BREACH. Leave such responses uncompressed: give them no
/// ``compress``, or ``Cache-Control: no-transform``, with which the middleware lets them be. Or mask
/// the secret anew for each response, as Django does with its tokens. Cookies are header fields, which
/// are not compressed here.
///
/// **Memory.** An open stream holds 0.4 MiB more in ``gzip``, and 0.4 to 0.7 MiB in ``br``, at the levels
/// that are preset. Where thousands are open and that is too much, there is
/// ``exclude_media_types=["text/event-stream"]``.
///
/// Args:
///     codings: The codings that are offered, the best first: ``"br"``, ``"gzip"`` and ``"zstd"``. Of
///         those that a client likes equally it gets the first. By default ``br`` and ``gzip``, and
///         ``gzip`` and ``br`` for streams, which it makes smaller. ``zstd`` is there if the package
///         was built with it: ``pip install --no-binary antiphon
///         --config-settings="build-args=--features zstd" antiphon``.
///     minimum_size: Content of fewer bytes is left alone. That of a stream, whose length nobody
///         knows, never is.
///     media_types: What is compressed, such as ``"application/json"`` or ``"text/*"``, instead of
///         what is known to shrink: text, JSON, JavaScript, XML, fonts that are not compressed, and
///         the like.
///     exclude_media_types: What is not, whatever else holds.
///     gzip_level: How hard gzip tries, from 1, the fastest, to 9, the smallest; 4 by default, and 1
///         for streams.
///     brotli_quality: How hard brotli tries, from 0 to 11; 4 by default, and 2 for streams. From 5 on
///         a stream holds 2 MiB, from 10 on dozens.
///     zstd_level: How hard zstd tries, from 1 to 22; 3 by default, and 1 for streams.
///
/// Raises:
///     ValueError: If a coding is unknown or not built in, if there is none, if a media type is none
///         or has parameters, or if a number is out of range.
///     TypeError: If something is of another type, or text in the place of several texts.
///
/// Example:
///     >>> from antiphon.compression import Compression
///     >>> Compression(codings=["gzip"], gzip_level=6)
///     Compression(codings=['gzip'], gzip_level=6)
///     >>> Compression() == Compression(minimum_size=500)
///     True
///
/// Source: RFC 9110, section 8.4; Starlette has no such thing.
#[pyclass(
    frozen,
    eq,
    hash,
    name = "Compression",
    module = "antiphon.compression"
)]
#[derive(PartialEq)]
pub(crate) struct PyCompression {
    rule: Compression,
    given: Given,
}

/// What the constructor was given.
#[derive(PartialEq, Eq, Hash)]
struct Given {
    codings: Option<Vec<ContentCoding>>,
    minimum_size: u64,
    media_types: Option<Vec<String>>,
    excluded: Vec<String>,
    gzip_level: Option<u32>,
    brotli_quality: Option<u32>,
    zstd_level: Option<u32>,
}

impl std::hash::Hash for PyCompression {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.given.hash(state);
    }
}

#[pymethods]
impl PyCompression {
    #[new]
    #[pyo3(
        signature = (
            *, codings=None, minimum_size=None, media_types=None, exclude_media_types=None,
            gzip_level=None, brotli_quality=None, zstd_level=None,
        ),
        text_signature = "(*, codings=None, minimum_size=500, media_types=None, \
                          exclude_media_types=(), gzip_level=None, brotli_quality=None, \
                          zstd_level=None)"
    )]
    fn new(
        codings: Option<&Bound<'_, PyAny>>,
        minimum_size: Option<&Bound<'_, PyAny>>,
        media_types: Option<&Bound<'_, PyAny>>,
        exclude_media_types: Option<&Bound<'_, PyAny>>,
        gzip_level: Option<&Bound<'_, PyAny>>,
        brotli_quality: Option<&Bound<'_, PyAny>>,
        zstd_level: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let given = Given {
            codings: codings.map(known).transpose()?,
            minimum_size: match minimum_size {
                Some(bytes) => whole_number("minimum_size", bytes)?,
                None => antiphon_core::response::compression::MINIMUM_SIZE,
            },
            media_types: media_types
                .map(|types| texts("media_types", types))
                .transpose()?,
            excluded: match exclude_media_types {
                Some(types) => texts("exclude_media_types", types)?,
                None => Vec::new(),
            },
            gzip_level: level("gzip_level", gzip_level)?,
            brotli_quality: level("brotli_quality", brotli_quality)?,
            zstd_level: level("zstd_level", zstd_level)?,
        };
        let rule = given
            .rule()
            .map_err(|error| PyValueError::new_err(error.to_string()))?;
        Ok(Self { rule, given })
    }

    fn __getnewargs_ex__<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
        Ok((PyTuple::empty(py), self.given.keywords(py)?))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let mut shown = Vec::new();
        for (name, value) in self.given.keywords(py)?.iter() {
            shown.push(format!("{}={}", name.cast::<PyString>()?, value.repr()?));
        }
        Ok(format!("Compression({})", shown.join(", ")))
    }
}

impl PyCompression {
    pub(crate) const fn rule(&self) -> &Compression {
        &self.rule
    }
}

impl Given {
    fn rule(&self) -> Result<Compression, antiphon_coding::InvalidCompression> {
        fn listed(texts: &[String]) -> impl Iterator<Item = &str> {
            texts.iter().map(String::as_str)
        }
        let mut rule = Compression::new()
            .minimum_size(self.minimum_size)
            .exclude_media_types(listed(&self.excluded))?;
        if let Some(codings) = &self.codings {
            rule = rule.codings(codings.iter().copied())?;
        }
        if let Some(types) = &self.media_types {
            rule = rule.media_types(listed(types))?;
        }
        if let Some(level) = self.gzip_level {
            rule = rule.gzip_level(level)?;
        }
        if let Some(quality) = self.brotli_quality {
            rule = rule.brotli_quality(quality)?;
        }
        if let Some(level) = self.zstd_level {
            rule = rule.zstd_level(level)?;
        }
        Ok(rule)
    }

    /// The arguments that are not as they are by default.
    fn keywords<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let keywords = PyDict::new(py);
        if let Some(codings) = &self.codings {
            let tokens: Vec<_> = codings.iter().map(|coding| coding.token()).collect();
            keywords.set_item("codings", tokens)?;
        }
        if self.minimum_size != antiphon_core::response::compression::MINIMUM_SIZE {
            keywords.set_item("minimum_size", self.minimum_size)?;
        }
        if let Some(types) = &self.media_types {
            keywords.set_item("media_types", types)?;
        }
        if !self.excluded.is_empty() {
            keywords.set_item("exclude_media_types", &self.excluded)?;
        }
        for (name, level) in [
            ("gzip_level", self.gzip_level),
            ("brotli_quality", self.brotli_quality),
            ("zstd_level", self.zstd_level),
        ] {
            if let Some(level) = level {
                keywords.set_item(name, level)?;
            }
        }
        Ok(keywords)
    }
}

fn known(codings: &Bound<'_, PyAny>) -> PyResult<Vec<ContentCoding>> {
    let parse = |name: String| {
        name.parse()
            .map_err(|error| PyValueError::new_err(format!("codings: {error}")))
    };
    texts("codings", codings)?.into_iter().map(parse).collect()
}

/// Several texts; one alone would be taken for its letters.
fn texts(field: &str, given: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    if given.is_instance_of::<PyString>() || given.is_instance_of::<PyBytes>() {
        return Err(of_another_type(field, "several texts, as in a list", given));
    }
    let Ok(items) = given.try_iter() else {
        return Err(of_another_type(field, "several texts, as in a list", given));
    };
    let text = |item: PyResult<Bound<'_, PyAny>>| {
        let item = item?;
        item.extract()
            .map_err(|_| of_another_type(field, "several texts", &item))
    };
    items.map(text).collect()
}

fn level(field: &str, given: Option<&Bound<'_, PyAny>>) -> PyResult<Option<u32>> {
    given.map(|given| whole_number(field, given)).transpose()
}

fn whole_number<'py, N: FromPyObjectOwned<'py>>(
    field: &str,
    given: &Bound<'py, PyAny>,
) -> PyResult<N> {
    if !given.is_instance_of::<PyInt>() {
        return Err(of_another_type(field, "a whole number", given));
    }
    given.extract().map_err(|_| {
        let expected = if given.lt(0).unwrap_or(false) {
            "0 or more"
        } else {
            "a smaller number"
        };
        PyValueError::new_err(format!("{field}: expected {expected}, but found {given}"))
    })
}

fn of_another_type(field: &str, expected: &str, found: &Bound<'_, PyAny>) -> PyErr {
    let class = found.get_type();
    match class.getattr(intern!(found.py(), "__name__")) {
        Ok(name) => PyTypeError::new_err(format!("{field}: expected {expected}, but found {name}")),
        Err(error) => error,
    }
}
