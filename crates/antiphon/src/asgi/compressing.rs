//! Compressing what an application sends message by message.

use super::{Message, Result};
use crate::coder::Coder;
use crate::negotiation::Negotiation;
use antiphon_coding::Extent;
use antiphon_core::request::method::Method;
use std::future::poll_fn;

/// What stands between an application and its server.
///
/// The head goes on as it comes, and so does each piece of content, encoded and flushed. A response of ours does
/// not come here: it [takes](super::Send::take_negotiation) the negotiation, and has its content encoded where
/// it is made.
pub(super) struct Compressing {
    negotiation: Box<Negotiation>,
    content: Content,
}

/// What becomes of the content, once the head is known.
enum Content {
    AsItIs,
    Encoded(Coder),
    /// The request is for the head alone, which says that the content is coded.
    Withheld,
}

impl Compressing {
    pub(super) const fn new(negotiation: Box<Negotiation>) -> Self {
        Self {
            negotiation,
            content: Content::AsItIs,
        }
    }

    /// Gives up what it was for, before anything was sent.
    pub(super) fn into_negotiation(self) -> Box<Negotiation> {
        self.negotiation
    }

    /// Makes the message that is sent in the place of one.
    pub(super) async fn encode(&mut self, mut message: Message) -> Result<Message> {
        match &mut message {
            Message::Start {
                status, headers, ..
            } => {
                let agreed = self.negotiation.agree(*status, headers);
                let extent = agreed.length.map_or(Extent::Stream, Extent::Bytes);
                if let Some(coding) = agreed.answer.coding {
                    match self.negotiation.encoder(coding, extent) {
                        None => return Ok(message),
                        Some(_) if self.negotiation.request().method() == Method::Head => {
                            self.content = Content::Withheld;
                        }
                        Some(encoder) => self.content = Content::Encoded(Coder::new(encoder)),
                    }
                }
                let patches = agreed.answer.patches(None);
                patches.for_each(|patch| headers.apply(patch));
            }
            Message::Body {
                body, more_body, ..
            } => match &mut self.content {
                Content::AsItIs => {}
                Content::Withheld => body.clear(),
                Content::Encoded(coder) => {
                    coder.begin(std::mem::take(body), !*more_body);
                    *body = poll_fn(|context| coder.poll_encoded(context)).await?;
                }
            },
            Message::EarlyHint { .. } | Message::Pathsend { .. } => {}
        }
        Ok(message)
    }
}
