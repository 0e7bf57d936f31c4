//! Systems whose files all say how long they are.

use crate::facts::Stat;
use std::fs::File;
use std::io;

#[expect(clippy::unnecessary_wraps, reason = "asking may fail elsewhere")]
pub(crate) const fn is_generated(_: &File, _: &Stat) -> io::Result<bool> {
    Ok(false)
}
