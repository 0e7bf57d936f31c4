//! Whether an application keeps to the length that it announces.

use crate::asgi::SendError;
use antiphon_core::fields::Headers;
use antiphon_core::text::number;

/// How much content a head announced, and how much has followed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Length {
    /// `None` if any length is true: none was announced, or no content is sent.
    announced: Option<u64>,
    sent: u64,
}

impl Length {
    /// Reads what a head announces. With HEAD, and with a status that has no content, the length is that
    /// of content which is not sent.
    ///
    /// # Errors
    ///
    /// [`SendError::InvalidLength`] if it is no number, or comes twice.
    pub(super) fn announced(
        status: u16,
        headers: &Headers,
        is_head: bool,
    ) -> Result<Self, SendError> {
        let mut lines = headers
            .iter()
            .filter(|(name, _)| name.as_str() == "content-length");
        let announced = match (lines.next(), lines.next()) {
            (None, _) => None,
            (Some((_, value)), None) => {
                Some(number::parse(value.as_bytes()).ok_or(SendError::InvalidLength)?)
            }
            (Some(_), Some(_)) => return Err(SendError::InvalidLength),
        };
        let has_content = !is_head && !matches!(status, 204 | 304);
        Ok(Self {
            announced: announced.filter(|_| has_content),
            sent: 0,
        })
    }

    /// Counts a piece of content.
    ///
    /// # Errors
    ///
    /// [`SendError::TooLong`] or [`SendError::TooShort`] if the length was a lie.
    pub(super) fn count(&mut self, piece: usize, more_body: bool) -> Result<(), SendError> {
        let Some(announced) = self.announced else {
            return Ok(());
        };
        let sent = self.sent.saturating_add(piece as u64);
        if sent > announced {
            return Err(SendError::TooLong);
        }
        if sent < announced && !more_body {
            return Err(SendError::TooShort);
        }
        self.sent = sent;
        Ok(())
    }
}
