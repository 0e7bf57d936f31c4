//! How long a client may let an answer wait.

use std::time::Duration;

/// The bounds of one answer, beside those that its server has for all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Patience {
    /// How long the client may go without reading.
    pub(crate) send_timeout: Option<Duration>,
    /// How long the answer goes on after a shutdown has begun, if the shutdown ends it.
    pub(crate) grace: Option<Duration>,
}

impl Patience {
    pub(crate) const fn new() -> Self {
        Self {
            send_timeout: None,
            grace: None,
        }
    }
}
