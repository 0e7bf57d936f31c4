//! Opens that wait.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

/// Opens until it is neither interrupted nor refused because somebody has a lease of the file.
///
/// A file is opened so that a pipe is not waited for; then a lease is not waited for either, but the
/// system asks its holder to give it back, or takes it away after 45 seconds.
pub(crate) fn patiently<T>(mut open: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let begun = Instant::now();
    let mut pause = SHORTEST_PAUSE;
    loop {
        match open() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error)
                if error.kind() == io::ErrorKind::WouldBlock && begun.elapsed() < PATIENCE =>
            {
                thread::sleep(pause);
                pause = (2 * pause).min(LONGEST_PAUSE);
            }
            opened => return opened,
        }
    }
}

const SHORTEST_PAUSE: Duration = Duration::from_millis(1);

const LONGEST_PAUSE: Duration = Duration::from_millis(16);

/// Longer than the system's own.
const PATIENCE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::patiently;
    use std::io;

    #[test]
    fn what_was_interrupted_or_would_block_is_tried_again() {
        let kinds = [io::ErrorKind::Interrupted, io::ErrorKind::WouldBlock];
        let mut errors = kinds.repeat(3).into_iter();
        let mut tried = 0;
        let opened = patiently(|| {
            tried += 1;
            errors.next().map_or(Ok(()), |kind| Err(kind.into()))
        });
        assert!(opened.is_ok());
        assert_eq!(tried, 7);
    }

    #[test]
    fn any_other_error_is_told_at_once() {
        let mut tried = 0;
        let opened: io::Result<()> = patiently(|| {
            tried += 1;
            Err(io::ErrorKind::NotFound.into())
        });
        assert_eq!(
            opened.map_err(|error| error.kind()),
            Err(io::ErrorKind::NotFound)
        );
        assert_eq!(tried, 1);
    }
}
