//! `Accept-Encoding`: the content codings that a client takes ([RFC 9110 §12.5.3]).
//!
//! | the field says           | so content is sent                                                  |
//! |--------------------------|---------------------------------------------------------------------|
//! | (there is none)          | as it is                                                            |
//! | (nothing)                | as it is                                                            |
//! | `gzip, br`               | in either, as the program prefers                                   |
//! | `gzip;q=1.0, br;q=0.5`   | in `gzip` before `br`                                               |
//! | `gzip;q=0`               | as it is                                                            |
//! | `*`                      | in any, as the program prefers                                      |
//! | `identity, gzip;q=0.5`   | as it is                                                            |
//! | `identity;q=0, br`       | in `br`; as it is if there is no such copy, rather than not at all  |
//!
//! What is not a coding with a weight is passed over, as if it were not there. Of a coding that is named
//! twice the first weight counts. `x-gzip` is `gzip` ([RFC 9110 §8.4.1.3]).
//!
//! [RFC 9110 §12.5.3]: https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3
//! [RFC 9110 §8.4.1.3]: https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1.3

use crate::text::weight;
use crate::values::content_coding::ContentCoding;

/// The codings that a client takes, and how much it likes each.
///
/// # Examples
///
/// ```
/// use antiphon_core::request::accept_encoding::AcceptEncoding;
/// use antiphon_core::values::content_coding::ContentCoding::{Br, Gzip, Zstd};
///
/// let mut accepted = AcceptEncoding::default();
/// accepted.note(b"gzip, br;q=0.9, zstd;q=0");
/// assert_eq!(accepted.ranked(&[Br, Zstd, Gzip]).collect::<Vec<_>>(), [Gzip, Br]);
/// assert_eq!(AcceptEncoding::default().ranked(&[Br]).next(), None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AcceptEncoding {
    br: Option<u16>,
    zstd: Option<u16>,
    gzip: Option<u16>,
    identity: Option<u16>,
    any: Option<u16>,
}

impl AcceptEncoding {
    /// Reads one line of the field; several are read as one.
    pub fn note(&mut self, line: &[u8]) {
        for member in weight::members(line) {
            let Some((name, weight)) = weight::weighted(member) else {
                continue;
            };
            if let Some(own) = self.own(name)
                && own.is_none()
            {
                *own = Some(weight);
            }
        }
    }

    fn own(&mut self, name: &[u8]) -> Option<&mut Option<u16>> {
        let is = |token: &str| name.eq_ignore_ascii_case(token.as_bytes());
        Some(match name {
            b"*" => &mut self.any,
            _ if is("gzip") || is("x-gzip") => &mut self.gzip,
            _ if is("br") => &mut self.br,
            _ if is("zstd") => &mut self.zstd,
            _ if is("identity") => &mut self.identity,
            _ => return None,
        })
    }

    /// Returns how much the client likes a coding, in thousandths; 0 if it does not take it.
    #[must_use]
    pub fn weight(&self, coding: ContentCoding) -> u16 {
        let own = match coding {
            ContentCoding::Br => self.br,
            ContentCoding::Zstd => self.zstd,
            ContentCoding::Gzip => self.gzip,
        };
        own.or(self.any).unwrap_or(0)
    }

    /// Tells whether the client wants content in no case as it is: by `identity;q=0`, or by `*;q=0` without
    /// another word of `identity`.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::request::accept_encoding::AcceptEncoding;
    ///
    /// let mut accepted = AcceptEncoding::default();
    /// assert!(!accepted.refuses_identity());
    /// accepted.note(b"gzip, *;q=0");
    /// assert!(accepted.refuses_identity());
    /// ```
    #[must_use]
    pub fn refuses_identity(&self) -> bool {
        self.identity.or(self.any) == Some(0)
    }

    /// Names the codings among `offered` that are to be tried before content is sent as it is: those that
    /// the client likes more first, and of equals the one that is offered first.
    ///
    /// A coding that is offered twice is named once. Content as it is comes last, also where the client
    /// refuses it: the RFC leaves a server to send what it has.
    pub fn ranked(&self, offered: &[ContentCoding]) -> impl Iterator<Item = ContentCoding> + use<> {
        // What the client says of content as it is counts if it says so; being allowed is no wish.
        let least = self.identity.or(self.any).unwrap_or(0).max(1);
        let mut left = [None; ContentCoding::ALL.len()];
        let mut count = 0;
        for coding in offered {
            let weight = self.weight(*coding);
            if weight >= least && !left[..count].contains(&Some((*coding, weight))) {
                left[count] = Some((*coding, weight));
                count += 1;
            }
        }
        // Stable, so that equals stay as they were offered; and an empty place has no weight.
        left[..count].sort_by_key(|place| core::cmp::Reverse(place.map(|(_, weight)| weight)));
        left.into_iter().flatten().map(|(coding, _)| coding)
    }
}

#[cfg(test)]
mod tests {
    use super::AcceptEncoding;
    use crate::values::content_coding::ContentCoding::{self, Br, Gzip, Zstd};
    use alloc::vec::Vec;

    fn ranked(lines: &[&[u8]], offered: &[ContentCoding]) -> Vec<ContentCoding> {
        let mut accepted = AcceptEncoding::default();
        lines.iter().for_each(|line| accepted.note(line));
        accepted.ranked(offered).collect()
    }

    #[test]
    fn several_lines_are_one_list_whose_first_word_counts() {
        assert_eq!(ranked(&[b"gzip;q=0", b"br"], &[Gzip, Br]), [Br]);
        assert_eq!(ranked(&[b"gzip;q=0", b"gzip"], &[Gzip, Br]), []);
    }

    #[test]
    fn a_coding_that_is_offered_twice_is_tried_once() {
        assert_eq!(ranked(&[b"*"], &[Zstd, Zstd, Br, Zstd]), [Zstd, Br]);
    }

    #[test]
    fn what_is_long_or_no_text_does_no_harm() {
        let long = b"gzip;q=0.5,".repeat(10_000);
        assert_eq!(ranked(&[&long], &[Gzip]), [Gzip]);
        assert_eq!(
            ranked(&[&[0xFF; 1000], b",;,;q=,=,"], &[Gzip, Br, Zstd]),
            []
        );
    }
}
