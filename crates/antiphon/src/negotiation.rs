//! What a program says of compression, and what a request does.

use antiphon_coding::{Compression, Encoder, Extent};
use antiphon_core::fields::Headers;
use antiphon_core::request::fields::RequestFields;
use antiphon_core::response::compression::{self, Answer, Described};
use antiphon_core::values::content_coding::ContentCoding;
use std::sync::Arc;

/// The two sides by which the coding of one answer is found.
#[derive(Clone, Debug)]
pub(crate) struct Negotiation {
    compression: Arc<Compression>,
    /// Whose tags of coded content have been led back to those of the content as it is.
    request: RequestFields,
}

/// What a head comes to, before it is changed.
pub(crate) struct Agreed {
    pub(crate) answer: Answer,
    /// The number of bytes of the content as it is, if the head says it.
    pub(crate) length: Option<u64>,
}

impl Negotiation {
    /// Brings both sides together. Returns whether `request` was for coded content, so that it has changed.
    pub(crate) fn of(compression: &Arc<Compression>, mut request: RequestFields) -> (Self, bool) {
        let is_changed = request.uncode(compression.terms().codings_for(None));
        let negotiation = Self {
            compression: Arc::clone(compression),
            request,
        };
        (negotiation, is_changed)
    }

    /// The request, as it is to be answered.
    pub(crate) const fn request(&self) -> &RequestFields {
        &self.request
    }

    /// Tells whether the client takes any of the codings, so that a response may be in one.
    pub(crate) fn may_agree(&self) -> bool {
        let codings = self.compression.terms().codings_for(None);
        self.request.accepted().ranked(codings).next().is_some()
    }

    /// Decides how an answer with this head is sent.
    pub(crate) fn agree(&self, status: u16, headers: &Headers) -> Agreed {
        let fields = headers
            .iter()
            .map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        let described = Described::of(status, fields);
        Agreed {
            answer: compression::plan(self.compression.terms(), &described, &self.request),
            length: described.length(),
        }
    }

    /// Makes an encoder; `None`, with a line in the log, if there is none.
    pub(crate) fn encoder(&self, coding: ContentCoding, extent: Extent) -> Option<Encoder> {
        let made = self.compression.encoder(coding, extent);
        made.inspect_err(|error| tracing::error!(%error, "content cannot be compressed"))
            .ok()
    }

    /// Encodes content that lies ready; `None`, with a line in the log, if that cannot be.
    pub(crate) fn encode(&self, coding: ContentCoding, content: &[u8]) -> Option<Vec<u8>> {
        let encoded = self.compression.encode(coding, content);
        encoded
            .inspect_err(|error| tracing::error!(%error, "content cannot be compressed"))
            .ok()
    }
}
