//! What an engine's stream calls its entries.

use std::fmt;

/// The id of an entry of a Redis stream: when it was added, in milliseconds, and which it was of that
/// millisecond.
///
/// # Examples
///
/// ```
/// use antiphon_channel::follow::EntryId;
///
/// let id = EntryId::parse(b"1700000000000-3").unwrap();
/// assert_eq!((id.milliseconds, id.sequence), (1_700_000_000_000, 3));
/// assert_eq!(id.to_string(), "1700000000000-3");
/// assert_eq!(EntryId::parse(b"5"), None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId {
    /// The milliseconds since 1970, by the engine's clock.
    pub milliseconds: u64,
    /// The number within the millisecond.
    pub sequence: u64,
}

impl EntryId {
    /// The position before every entry.
    pub const ZERO: Self = Self {
        milliseconds: 0,
        sequence: 0,
    };

    /// Reads an id as the engine writes it; `None` for anything else, such as a number alone, which the
    /// engine itself would take for an id.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (milliseconds, sequence) = str::from_utf8(text).ok()?.split_once('-')?;
        Some(Self {
            milliseconds: number(milliseconds)?,
            sequence: number(sequence)?,
        })
    }
}

/// A number without a sign or a leading zero, either of which would make another text.
fn number(text: &str) -> Option<u64> {
    let is_plain = text.starts_with(|first: char| first.is_ascii_digit())
        && (text.len() == 1 || !text.starts_with('0'));
    text.parse().ok().filter(|_| is_plain)
}

impl fmt::Display for EntryId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.milliseconds, self.sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_engine_writes_is_an_id() {
        for text in ["0-0", "1-0", "18446744073709551615-18446744073709551615"] {
            assert_eq!(EntryId::parse(text.as_bytes()).unwrap().to_string(), text);
        }
        for text in [
            "",
            "-",
            "5",
            "5-",
            "-5",
            "+5-1",
            "5-+1",
            "05-1",
            "5-01",
            "5-1 ",
            " 5-1",
            "5-1-1",
            "5-*",
            "$",
            "18446744073709551616-0",
            "a-b",
            "5–1",
        ] {
            assert_eq!(EntryId::parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(EntryId::parse(b"\xFF-1"), None);
    }

    #[test]
    fn ids_are_ordered_by_their_numbers() {
        let id = |text: &str| EntryId::parse(text.as_bytes()).unwrap();
        assert!(EntryId::ZERO < id("0-1") && id("9-9") < id("10-0") && id("10-9") < id("10-10"));
    }
}
