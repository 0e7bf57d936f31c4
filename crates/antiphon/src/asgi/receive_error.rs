//! Why the content of a request cannot be read.

use std::fmt;

/// The error of a request whose content is malformed, or broken off.
///
/// It is the client's fault: an application that returns it has the server answer 400, if nothing was sent
/// yet.
#[derive(Debug)]
pub struct ReceiveError(Box<dyn std::error::Error + Send + Sync>);

impl ReceiveError {
    #[cfg(feature = "server")]
    pub(crate) fn new(error: hyper::Error) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for ReceiveError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "the request's content cannot be read: {}",
            self.0
        )
    }
}

impl std::error::Error for ReceiveError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}
