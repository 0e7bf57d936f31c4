//! What a request's application runs in.

use std::sync::Arc;
use tracing::Span;

/// The span of a request; none, at no cost, if the server does not tell of requests.
#[derive(Clone, Debug, Default)]
pub(super) struct RequestSpan(Option<Arc<Span>>);

impl RequestSpan {
    pub(super) fn new(span: Span) -> Self {
        Self(Some(Arc::new(span)))
    }

    pub(super) fn record_status(&self, status: u16) {
        if let Some(span) = &self.0 {
            span.record("status", status);
        }
    }

    /// Runs a function within.
    pub(super) fn run<T>(&self, function: impl FnOnce() -> T) -> T {
        match &self.0 {
            None => function(),
            Some(span) => span.in_scope(function),
        }
    }
}
