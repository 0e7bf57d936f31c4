//! Channels that follow the streams of an engine, such as Redis: for those who write a driver for one.

pub use crate::entry::{InvalidEntry, event, fields, placeholder};
pub use crate::entry_id::EntryId;
pub use crate::follower::Follower;
pub use crate::follower_counters::{Counters, Outcome};
pub use crate::tail::{Answer, Ask, StreamState};
