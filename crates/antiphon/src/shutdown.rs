//! The shutdown: what ends streams that have no end of their own.

use std::fmt;
use std::sync::OnceLock;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// Begins the shutdown of the process: every [`Server`](crate::Server) stops to accept and finishes what
/// is in flight, and every [`EventSourceResponse`](crate::EventSourceResponse) comes to its end,
/// whichever server it goes through.
///
/// For programs with another server, which has signal handlers of its own. [`serve`](crate::serve) does
/// it for itself on SIGINT and SIGTERM. What has begun cannot be undone.
///
/// # Examples
///
/// With axum, event streams end when the server is to end:
///
/// ```no_run
/// # async fn serve(listener: tokio::net::TcpListener, app: axum::Router) -> std::io::Result<()> {
/// axum::serve(listener, app)
///     .with_graceful_shutdown(async {
///         let _ = tokio::signal::ctrl_c().await;
///         antiphon::shutdown();
///     })
///     .await
/// # }
/// ```
pub fn shutdown() {
    Shutdown::of_process().begin();
}

/// A shutdown that has begun or not, shared by all clones.
///
/// # Examples
///
/// ```
/// use antiphon::Shutdown;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let shutdown = Shutdown::new();
/// assert!(!shutdown.has_begun());
/// shutdown.begin();
/// shutdown.begun().await;
/// # });
/// ```
#[derive(Clone)]
pub struct Shutdown(CancellationToken);

impl Shutdown {
    /// A shutdown of its own, which begins by [`begin`](Self::begin) or with that of the process.
    #[must_use]
    pub fn new() -> Self {
        Self(Self::of_process().0.child_token())
    }

    /// The shutdown that [`shutdown`] begins.
    #[must_use]
    pub fn of_process() -> &'static Self {
        static PROCESS: OnceLock<Shutdown> = OnceLock::new();
        PROCESS.get_or_init(|| Self(CancellationToken::new()))
    }

    /// Begins it. A second time changes nothing.
    pub fn begin(&self) {
        self.0.cancel();
    }

    /// Whether it has begun.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Completes when it begins, or at once if it has.
    pub async fn begun(&self) {
        self.0.cancelled().await;
    }

    pub(crate) fn begun_owned(&self) -> WaitForCancellationFutureOwned {
        self.0.clone().cancelled_owned()
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Shutdown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Shutdown")
            .field("has_begun", &self.has_begun())
            .finish()
    }
}
