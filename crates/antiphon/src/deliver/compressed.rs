//! A planned response in a content coding.

use super::planned::{Content, Planned};
use crate::asgi;
use crate::coder::AT_ONCE;
use crate::content::coded::{self, FileChunks, Pieces};
use crate::content::file_reader::Reader;
use crate::content::metered::MeteredStream;
use crate::negotiation::Negotiation;
use antiphon_coding::{Encoder, Extent};
use antiphon_core::fields::HeaderPatch;
use bytes::Bytes;
use std::mem;

impl Planned {
    /// Has it sent in the coding that program and client agree on, if there is one. `unsent` is content that
    /// lies ready and is not sent, since the request is for the head alone.
    pub(crate) fn compress(&mut self, negotiation: &Negotiation, unsent: Option<&Bytes>) {
        let agreed = negotiation.agree(self.status.as_u16(), &self.headers);
        let Some(coding) = agreed.answer.coding else {
            return self.patch(agreed.answer.patches(None));
        };
        let whole = match &self.content {
            Content::Empty => unsent,
            Content::Bytes(bytes) => Some(bytes),
            Content::File(..) | Content::Stream(_) => None,
        };
        if let Some(whole) = whole.filter(|whole| whole.len() <= AT_ONCE) {
            let Some(encoded) = negotiation.encode(coding, whole) else {
                return;
            };
            self.patch(agreed.answer.patches(Some(encoded.len() as u64)));
            if !matches!(self.content, Content::Empty) {
                self.content = Content::Bytes(encoded.into());
            }
            return;
        }
        let extent = agreed.length.map_or(Extent::Stream, Extent::Bytes);
        let Some(encoder) = negotiation.encoder(coding, extent) else {
            return;
        };
        self.patch(agreed.answer.patches(None));
        self.encode(encoder);
    }

    /// Does so if `send` is what an application is [compressed](crate::Compressed) by, which then has nothing to
    /// do any more. Whoever forgets to ask has it done message by message.
    pub(crate) fn compress_for(&mut self, send: &mut asgi::Send) {
        if let Some(negotiation) = send.take_negotiation() {
            self.compress(&negotiation, None);
        }
    }

    fn patch(&mut self, patches: impl Iterator<Item = HeaderPatch>) {
        patches.for_each(|patch| self.headers.apply(patch));
    }

    fn encode(&mut self, encoder: Encoder) {
        let chunks = match mem::replace(&mut self.content, Content::Empty) {
            Content::Empty => return,
            Content::Bytes(bytes) => coded::boxed(Pieces(bytes), encoder),
            Content::File(file, content) => {
                coded::boxed(FileChunks(Reader::new(file, content)), encoder)
            }
            Content::Stream(stream) => {
                self.content = Content::Stream(stream.encoded(encoder));
                return;
            }
        };
        let mut stream = MeteredStream::new(chunks, None);
        if let Some(completion) = &self.completion {
            stream.count_in(completion.counter());
        }
        self.content = Content::Stream(stream.into());
    }
}
