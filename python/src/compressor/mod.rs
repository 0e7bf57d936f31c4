//! What compresses the messages of one answer, one after the other.
//!
//! | message                    | while the content is in a coding                                        |
//! |----------------------------|-------------------------------------------------------------------------|
//! | head without a length      | goes out at once                                                        |
//! | head with a length         | waits for the first content: if that is all, the length is that of the coded bytes; if not, there is none |
//! | content                    | becomes one message, encoded and flushed                                |
//! | the path of a file         | becomes content, read here                                              |
//!
//! What is decided is the core's to say, and how content is encoded `antiphon_coding`'s. Which thread does it
//! is Python's (`antiphon/_compressed.py`).

mod messages;
mod own_scope;

use self::messages::{body_of, changed, copied, fields_of, filled, is_set, pairs};
use self::own_scope::{OwnScope, without_descriptors};
use crate::convert::compression::PyCompression;
use crate::convert::path::file_path;
use crate::convert::{error, scope};
use antiphon_coding::{Encoder, Extent};
use antiphon_core::request::fields::RequestFields;
use antiphon_core::request::method::Method;
use antiphon_core::response::compression::{self, Answer, Described};
use antiphon_fs::OpenFile;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyMemoryView, PySlice};
use std::io;
use std::mem;

/// Content of so many bytes is encoded in less than a millisecond, where it is.
const AT_ONCE: usize = 32 << 10;

/// Content that lies ready is encoded as a whole up to so many bytes, and in pieces beyond.
const WHOLE: usize = 1 << 20;

/// How long such a piece is.
const PIECE: usize = 256 << 10;

/// How much of a file is read in one go.
const FILE_PIECE: u64 = 64 << 10;

/// What compresses the messages of one answer.
#[pyclass(module = "antiphon._antiphon")]
pub(crate) struct Compressor {
    compression: Py<PyCompression>,
    /// Whose tags of coded content have been led back to those of the content as it is.
    request: RequestFields,
    /// Whether the content is made for HEAD, too: it lies ready, and its length is told.
    is_content_made: bool,
    content: Content,
    /// How many bytes of the announced length have not come yet.
    left: Option<u64>,
    /// The file that is being sent, and how much of it has been read.
    file: Option<(OpenFile, u64)>,
}

/// What becomes of the content.
enum Content {
    /// It is sent as it is, or it has ended.
    AsItIs,
    /// The request is for the head alone.
    Withheld,
    /// The head waits for the first of it.
    Held(Box<(Head, Encoder)>),
    Encoded(Encoder),
}

/// A head that waits.
struct Head {
    start: Py<PyAny>,
    /// A copy of its fields.
    fields: Py<PyList>,
    answer: Answer,
}

type Messages<'py> = Vec<Bound<'py, PyDict>>;

/// Return what compresses the answer to a request, and the scope for whoever makes it.
///
/// That is the same scope, unless the request names content in a coding by its tag, is one for a head of
/// content that is made, or the server takes file descriptors, which cannot be read here.
#[pyfunction]
pub(crate) fn compressor<'py>(
    compression: Bound<'py, PyCompression>,
    scope: &Bound<'py, PyAny>,
    is_content_made: bool,
) -> PyResult<(Compressor, Bound<'py, PyAny>)> {
    let (_, method) = scope::request_in_any_case(scope)?;
    let mut request = scope::request_fields(scope, method)?;
    let codings = compression.get().rule().terms().codings_for(None);
    let is_changed = request.uncode(codings);
    let may_agree = request.accepted().ranked(codings).next().is_some();
    let makes_content = is_content_made && method == Method::Head;
    let own = OwnScope {
        headers: is_changed.then_some(&request),
        extensions: if may_agree {
            without_descriptors(scope)?
        } else {
            None
        },
        makes_content,
    };
    let scope = own.of(scope)?;
    let compressor = Compressor {
        compression: compression.unbind(),
        request,
        is_content_made,
        content: Content::AsItIs,
        left: None,
        file: None,
    };
    Ok((compressor, scope))
}

#[pymethods]
impl Compressor {
    /// Whether the content is not sent as it is.
    #[getter]
    const fn changes_content(&self) -> bool {
        !matches!(self.content, Content::AsItIs)
    }

    /// Decide by the head, and return it as it is sent; `None` if it waits for the content.
    fn start<'py>(&mut self, message: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = message.py();
        self.content = Content::AsItIs;
        self.left = None;
        let Ok(status) = message.get_item(intern!(py, "status"))?.extract::<u16>() else {
            return Ok(Some(message.clone()));
        };
        let headers = scope::entry(message, intern!(py, "headers"))?;
        let (fields, is_new) = fields_of(py, headers)?;
        let held = pairs(&fields)?;
        let described = Described::of(status, held.iter().map(|(name, value)| (name, value)));
        let length = described.length();
        let compression = self.compression.get().rule();
        let answer = compression::plan(compression.terms(), &described, &self.request);
        let is_head = self.request.method() == Method::Head;
        if is_head && (answer.coding.is_some() || self.is_content_made) {
            self.content = Content::Withheld;
        }
        let coding = answer.coding.filter(|_| !is_head || self.is_content_made);
        let Some(coding) = coding else {
            if answer.is_alone() && !is_new {
                return Ok(Some(message.clone()));
            }
            let start = changed(message, &fields, answer.patches(None))?;
            return Ok(Some(start.into_any()));
        };
        let extent = length.map_or(Extent::Stream, Extent::Bytes);
        let encoder = compression.encoder(coding, extent)?;
        self.left = length;
        // HTTP/1.1 has no trailers after content with a length.
        if length.is_some() && !is_set(message, intern!(py, "trailers"))? {
            let head = Head {
                start: copied(message)?.into_any().unbind(),
                fields: fields.unbind(),
                answer,
            };
            self.content = Content::Held(Box::new((head, encoder)));
            return Ok(None);
        }
        if !is_head {
            self.content = Content::Encoded(encoder);
        }
        let start = changed(message, &fields, answer.patches(None))?;
        Ok(Some(start.into_any()))
    }

    /// Encode content: return the messages that are sent of it, with the head that waited for it.
    ///
    /// Returns `None` if that takes a while, unless it may.
    #[pyo3(signature = (message, may_take_long=false))]
    fn encode<'py>(
        &mut self,
        message: &Bound<'py, PyAny>,
        may_take_long: bool,
    ) -> PyResult<Option<Messages<'py>>> {
        let py = message.py();
        let body = body_of(message)?;
        let is_encoded = matches!(self.content, Content::Held(_) | Content::Encoded(_));
        if is_encoded && body.len() > AT_ONCE && !may_take_long {
            return Ok(None);
        }
        let more_body = is_set(message, intern!(py, "more_body"))?;
        self.encoded(&copied(message)?, &body, more_body).map(Some)
    }

    /// Cut content that lies ready into pieces, if it is not to be encoded as a whole.
    fn cut<'py>(&self, message: &Bound<'py, PyAny>) -> PyResult<Messages<'py>> {
        let py = message.py();
        let whole = copied(message)?;
        let more = intern!(py, "more_body");
        let is_last = !is_set(message, more)?;
        let name = intern!(py, "body");
        let body = body_of(message)?;
        if !matches!(self.content, Content::Held(_)) || !is_last || body.len() <= WHOLE {
            return Ok(vec![whole]);
        }
        let length = body.len();
        let view = PyMemoryView::from(body.into_pyobject(py)?.as_any())?;
        // One is enough to know that the head has no length.
        let end = if self.is_head() { PIECE } else { length };
        let mut pieces = Vec::new();
        for start in (0..end).step_by(PIECE) {
            let end = (start + PIECE).min(length);
            let piece = whole.copy()?;
            piece.set_item(
                name,
                view.get_item(PySlice::new(py, start as _, end as _, 1))?,
            )?;
            piece.set_item(more, end < length)?;
            pieces.push(piece);
        }
        if self.is_head() {
            whole.set_item(name, PyBytes::new(py, b""))?;
            pieces.push(whole);
        }
        Ok(pieces)
    }

    /// Read the next piece of the file that a message names, and encode it: return the messages that are
    /// sent of it, and whether there is more. May wait.
    fn encode_file<'py>(&mut self, message: &Bound<'py, PyAny>) -> PyResult<(Messages<'py>, bool)> {
        let py = message.py();
        let own = PyDict::new(py);
        own.set_item(intern!(py, "type"), intern!(py, "http.response.body"))?;
        if matches!(self.content, Content::Withheld) {
            return Ok((self.encoded(&own, b"", false)?, false));
        }
        let (file, offset) = match self.file.take() {
            Some(opened) => opened,
            None => {
                let given = message.get_item(intern!(py, "path"))?;
                let path = file_path(&given)?;
                let opened = py.detach(|| OpenFile::open(&path));
                (opened.map_err(|error| error::open(&given, &error))?, 0)
            }
        };
        let most = self.left.unwrap_or(FILE_PIECE).min(FILE_PIECE);
        let mut piece = vec![0; most as usize];
        let read = py.detach(|| file.read_at(&mut piece, offset))?;
        piece.truncate(read);
        let read = read as u64;
        let more_body = read > 0 && self.left.is_none_or(|left| read < left);
        own.set_item(intern!(py, "more_body"), more_body)?;
        let messages = self.encoded(&own, &piece, more_body)?;
        if more_body {
            self.file = Some((file, offset + read));
        }
        Ok((messages, more_body))
    }
}

impl Compressor {
    fn is_head(&self) -> bool {
        self.request.method() == Method::Head
    }

    /// The messages of a piece of content; `own` is the program's, to be changed.
    fn encoded<'py>(
        &mut self,
        own: &Bound<'py, PyDict>,
        body: &[u8],
        more_body: bool,
    ) -> PyResult<Messages<'py>> {
        let py = own.py();
        if matches!(self.content, Content::Held(_) | Content::Encoded(_)) {
            self.count(body.len(), more_body)?;
        }
        let (head, encoder) = match mem::replace(&mut self.content, Content::AsItIs) {
            Content::AsItIs => return Ok(vec![own.clone()]),
            Content::Withheld => {
                self.content = Content::Withheld;
                return Ok(vec![filled(own, b"")?]);
            }
            Content::Held(held) => (Some(held.0), held.1),
            Content::Encoded(encoder) => (None, encoder),
        };
        let is_head = self.is_head();
        let mut encoder = Some(encoder);
        let encoded = if is_head && more_body {
            Vec::new()
        } else {
            encode(py, &mut encoder, body, more_body)?
        };
        let mut messages = Vec::with_capacity(2);
        if let Some(Head {
            start,
            fields,
            answer,
        }) = head
        {
            let length = (!more_body).then_some(encoded.len() as u64);
            let (start, fields) = (start.into_bound(py), fields.into_bound(py));
            messages.push(changed(&start, &fields, answer.patches(length))?);
        }
        messages.push(filled(own, if is_head { b"" } else { &encoded })?);
        if more_body {
            self.content = match encoder {
                Some(encoder) if !is_head => Content::Encoded(encoder),
                _ => Content::Withheld,
            };
        }
        Ok(messages)
    }

    /// Holds the content to the length that was announced, which nobody after us knows.
    fn count(&mut self, length: usize, more_body: bool) -> PyResult<()> {
        let Some(left) = &mut self.left else {
            return Ok(());
        };
        match left.checked_sub(length as u64) {
            Some(rest) if more_body || rest == 0 => *left = rest,
            Some(rest) => return Err(error::too_short(rest)),
            None => return Err(error::too_long(length as u64 - *left)),
        }
        Ok(())
    }
}

/// Encodes a piece of content, while other threads run. The last takes the encoder.
fn encode(
    py: Python<'_>,
    encoder: &mut Option<Encoder>,
    body: &[u8],
    more_body: bool,
) -> PyResult<Vec<u8>> {
    let encoded = py.detach(|| match encoder.take() {
        None => Ok(Vec::new()),
        Some(last) if !more_body => last.last_chunk(body),
        Some(mut own) => {
            let encoded = own.chunk(body);
            *encoder = Some(own);
            encoded
        }
    });
    encoded.map_err(|error: io::Error| error.into())
}
