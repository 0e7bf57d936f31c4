//! Whether a client is there, told by a look at its socket.

use super::transport::Transport;

/// What a look at the socket tells of the client, whatever it has sent that nobody reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Presence {
    pub(super) is_gone: bool,
    /// Nothing more will come, but an answer may still be wanted.
    pub(super) has_ended: bool,
}

#[cfg(unix)]
pub(super) fn presence(transport: &Transport) -> Presence {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const ENDED: PollFlags = PollFlags::RDHUP;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const ENDED: PollFlags = PollFlags::empty();
    const AT_ONCE: Timespec = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let mut polled = [PollFd::new(transport, ENDED)];
    // What cannot be seen is no reason to give a client up.
    let _ = poll(&mut polled, Some(&AT_ONCE));
    let seen = polled[0].revents();
    Presence {
        is_gone: seen.intersects(PollFlags::ERR | PollFlags::HUP),
        has_ended: seen.intersects(ENDED),
    }
}

#[cfg(not(unix))]
pub(super) fn presence(transport: &Transport) -> Presence {
    let Transport::Tcp(stream) = transport;
    Presence {
        is_gone: !matches!(stream.take_error(), Ok(None)),
        has_ended: false,
    }
}
