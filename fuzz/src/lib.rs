//! What the targets share.

pub mod answers;
pub mod decoding;

/// Splits an input at the unit separator (0x1F), which no field needs; what is empty or missing is
/// `None`.
#[must_use]
pub fn fields<const N: usize>(input: &[u8]) -> [Option<&[u8]>; N] {
    let mut parts = input.split(|byte| *byte == 0x1F);
    std::array::from_fn(|_| parts.next().filter(|part| !part.is_empty()))
}

/// [`fields`] of text.
#[must_use]
pub fn texts<const N: usize>(input: &str) -> [Option<&str>; N] {
    let mut parts = input.split('\u{1F}');
    std::array::from_fn(|_| parts.next().filter(|part| !part.is_empty()))
}

/// Asserts that a header's value cannot end its line, or begin another.
///
/// # Panics
///
/// It holds a control character other than the tab.
pub fn assert_one_line(value: &[u8]) {
    let controls = value
        .iter()
        .any(|byte| byte.is_ascii_control() && *byte != b'\t');
    assert!(!controls, "{:?}", String::from_utf8_lossy(value));
}
