//! What a crate's sources have that the check cannot follow.

use std::fmt;

/// A place in the sources that cannot be followed, so that nothing passes unseen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    pub(crate) file: String,
    pub(crate) line: usize,
    pub(crate) expected: String,
    pub(crate) found: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            expected,
            found,
        } = self;
        write!(
            formatter,
            "{file}:{line}: expected {expected}, but found {found}"
        )
    }
}
