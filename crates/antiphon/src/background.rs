//! Work that is done after a response was sent.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// A task that runs after its response was sent, also after one to HEAD.
///
/// A response can be sent many times, and its task runs each time; so the task is a function that
/// makes a future. It does not run when the client went away before the end.
///
/// # Examples
///
/// ```
/// use antiphon::PlainTextResponse;
///
/// let response = PlainTextResponse::new("accepted")
///     .background(|| async { println!("sent") });
/// # let _ = response;
/// ```
#[derive(Clone)]
pub struct BackgroundTask(Arc<dyn Fn() -> Work + Send + Sync>);

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

impl BackgroundTask {
    /// A task that calls `task` and awaits what it returns.
    pub fn new<F, Fut>(task: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        Self(Arc::new(move || Box::pin(task())))
    }

    pub(crate) fn run(&self) -> Work {
        (self.0)()
    }
}

impl fmt::Debug for BackgroundTask {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("BackgroundTask")
    }
}
