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

/// Asks all for one descriptor; tells whether one will be free.
pub(crate) fn ask() -> bool {
    let all = ALL.lock().unwrap_or_else(PoisonError::into_inner).clone();
    all.iter()
        .filter_map(Weak::upgrade)
        .any(|relief| relief.relieve())
}
