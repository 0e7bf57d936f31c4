//! Who gives descriptors back when none remain.

use std::sync::{Mutex, PoisonError, Weak};

/// What can let go of something that holds descriptors.
pub(crate) trait Relief: Send + Sync {
    /// Lets go of something, soon; tells whether there is anything.
    fn relieve(&self) -> bool;
}

/// Descriptors are the process's, and so are those who hold them.
static ALL: Mutex<Vec<Weak<dyn Relief>>> = Mutex::new(Vec::new());

/// Has somebody be asked, for as long as it lives.
#[cfg(feature = "server")]
pub(crate) fn register(relief: &std::sync::Arc<impl Relief + 'static>) {
    let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    all.retain(|other| other.strong_count() > 0);
    let relief = std::sync::Arc::downgrade(relief);
    all.push(relief);
}

/// What came of asking for a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Somebody lets go of one.
    Granted,
    /// Nobody can now, but somebody may soon.
    Denied,
    /// There is nobody to ask.
    Nobody,
}

/// Asks all for one descriptor.
pub(crate) fn ask() -> Asked {
    let all = ALL.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let mut asked = Asked::Nobody;
    for relief in all.iter().filter_map(Weak::upgrade) {
        if relief.relieve() {
            return Asked::Granted;
        }
        asked = Asked::Denied;
    }
    asked
}
