//! What channels may differ in.

use crate::frame::Resync;
use crate::log::Bound;
use crate::policy::{Newcomers, Slow};

/// The options of a channel.
#[derive(Clone)]
pub(crate) struct Options {
    pub(crate) history: Bound,
    pub(crate) queue: Bound,
    pub(crate) slow: Slow,
    pub(crate) newcomers: Newcomers,
    pub(crate) resync: Resync,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            history: Bound {
                events: 1000,
                bytes: 1 << 20,
            },
            queue: Bound {
                events: 256,
                bytes: 4 << 20,
            },
            slow: Slow::default(),
            newcomers: Newcomers::default(),
            resync: Resync::default(),
        }
    }
}
