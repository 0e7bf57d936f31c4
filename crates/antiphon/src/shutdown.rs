//! The shutdown: what ends streams that have no end of their own.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};
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
pub struct Shutdown {
    /// Wakes who waits.
    token: CancellationToken,
    /// What the token says too, but it takes a lock for it, and every turn of every connection asks.
    has_begun: Arc<AtomicBool>,
}

impl Shutdown {
    /// A shutdown of its own, which begins by [`begin`](Self::begin) or with that of the process.
    #[must_use]
    pub fn new() -> Self {
        Self {
            token: Self::of_process().token.child_token(),
            has_begun: Arc::default(),
        }
    }

    /// The shutdown that [`shutdown`] begins.
    #[must_use]
    pub fn of_process() -> &'static Self {
        static PROCESS: OnceLock<Shutdown> = OnceLock::new();
        PROCESS.get_or_init(|| Self {
            token: CancellationToken::new(),
            has_begun: Arc::default(),
        })
    }

    /// Returns that of the server whose request is answered here, if an application has said so by
    /// [`around`](Self::around); else that of the process.
    pub(crate) fn current() -> Self {
        let current = CURRENT.try_with(Self::clone);
        current.unwrap_or_else(|_| Self::of_process().clone())
    }

    /// Runs what answers a request without seeing its scope.
    #[cfg(feature = "tower")]
    pub(crate) fn around<F: Future>(self, answering: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, answering)
    }

    /// Begins it. A second time changes nothing.
    pub fn begin(&self) {
        // First, for those who are woken.
        self.has_begun.store(true, Ordering::Release);
        self.token.cancel();
    }

    /// Whether it has begun.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.has_begun.load(Ordering::Acquire)
            || Self::of_process().has_begun.load(Ordering::Acquire)
    }

    /// Completes when it begins, or at once if it has.
    pub async fn begun(&self) {
        self.token.cancelled().await;
    }

    /// The same for who asks often.
    pub(crate) fn wait(&self) -> Begun {
        Begun {
            shutdown: self.clone(),
            cancelled: Box::pin(self.token.clone().cancelled_owned()),
            waiting: None,
        }
    }
}

tokio::task_local! {
    static CURRENT: Shutdown;
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

/// Completes when a shutdown begins. To ask again costs next to nothing, as long as the same task does.
pub(crate) struct Begun {
    shutdown: Shutdown,
    cancelled: Pin<Box<WaitForCancellationFutureOwned>>,
    /// Who will be woken.
    waiting: Option<Waker>,
}

impl Future for Begun {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.shutdown.has_begun() {
            return Poll::Ready(());
        }
        let waker = context.waker();
        if matches!(&self.waiting, Some(waiting) if waiting.will_wake(waker)) {
            return Poll::Pending;
        }
        self.waiting = Some(waker.clone());
        self.cancelled.as_mut().poll(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::sync::atomic::AtomicU32;
    use std::task::Wake;

    #[derive(Default)]
    struct Counted(AtomicU32);

    impl Wake for Counted {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn who_asks_last_is_woken() {
        let shutdown = Shutdown::new();
        let mut begun = pin!(shutdown.wait());
        let tasks = [Arc::<Counted>::default(), Arc::<Counted>::default()];
        for task in [&tasks[0], &tasks[0], &tasks[1]] {
            let waker = Waker::from(Arc::clone(task));
            assert!(
                begun
                    .as_mut()
                    .poll(&mut Context::from_waker(&waker))
                    .is_pending()
            );
        }
        shutdown.begin();
        assert_eq!(
            tasks.each_ref().map(|task| task.0.load(Ordering::Relaxed)),
            [0, 1]
        );
        assert!(
            begun
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
                .is_ready()
        );
    }
}
