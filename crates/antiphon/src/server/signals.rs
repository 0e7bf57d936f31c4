//! The signals that end a server.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};

/// SIGINT and SIGTERM, or Ctrl-C on systems that have no signals.
#[derive(Debug)]
pub(super) struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(windows)]
    ctrl_c: tokio::signal::windows::CtrlC,
}

impl Signals {
    /// Listens from now on, so that none is lost.
    pub(super) fn listen() -> io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
            })
        }
        #[cfg(windows)]
        Ok(Self {
            ctrl_c: tokio::signal::windows::ctrl_c()?,
        })
    }

    /// Completes with the next signal.
    pub(super) async fn next(&mut self) {
        poll_fn(|context| self.poll_next(context)).await;
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<()> {
        #[cfg(unix)]
        let signals = [
            self.interrupt.poll_recv(context),
            self.terminate.poll_recv(context),
        ];
        #[cfg(windows)]
        let signals = [self.ctrl_c.poll_recv(context)];
        if signals
            .iter()
            .any(|signal| matches!(signal, Poll::Ready(Some(()))))
        {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}
