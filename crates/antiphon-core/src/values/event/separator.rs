//! How the lines of an event end, and the shortest event: a ping.

use super::error::{Fault, InvalidEvent};
use core::str::FromStr;

/// How the lines of an event end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Separator {
    /// `\r\n`.
    #[default]
    CrLf,
    /// `\n`.
    Lf,
    /// `\r`.
    Cr,
}

impl Separator {
    /// The separator itself.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CrLf => "\r\n",
            Self::Lf => "\n",
            Self::Cr => "\r",
        }
    }
}

impl FromStr for Separator {
    type Err = InvalidEvent;

    /// Reads the text that a separator stands for.
    ///
    /// # Errors
    ///
    /// [`InvalidEvent`] for any other text: a client would not split lines there, or would split them
    /// differently.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::values::event::Separator;
    ///
    /// assert_eq!("\n".parse(), Ok(Separator::Lf));
    /// assert_eq!(
    ///     "\n\n".parse::<Separator>().unwrap_err().to_string(),
    ///     r#"event separator: expected "\r\n", "\n" or "\r", but found "\n\n""#,
    /// );
    /// ```
    ///
    /// # Starlette
    ///
    /// `sse_starlette.ServerSentEvent` takes any text (divergence D-22).
    fn from_str(text: &str) -> Result<Self, InvalidEvent> {
        [Self::CrLf, Self::Lf, Self::Cr]
            .into_iter()
            .find(|separator| separator.as_str() == text)
            .ok_or_else(|| InvalidEvent(Fault::Separator(text.into())))
    }
}

/// The comment `: ping`, which tells proxies and servers that an idle connection is alive, and the
/// client nothing.
///
/// # Examples
///
/// ```
/// use antiphon_core::values::event::{self, Separator};
///
/// assert_eq!(event::ping(Separator::CrLf), ": ping\r\n\r\n");
/// ```
///
/// # Starlette
///
/// sse-starlette adds the time, which no client sees; without it all connections share one ping
/// (divergence D-23). A [`comment`](super::ServerSentEvent::comment) of one's own says whatever one likes.
#[must_use]
pub const fn ping(separator: Separator) -> &'static str {
    match separator {
        Separator::CrLf => ": ping\r\n\r\n",
        Separator::Lf => ": ping\n\n",
        Separator::Cr => ": ping\r\r",
    }
}
