//! Requests, as responses see them.

pub(crate) mod facts;
pub(crate) mod head;
pub(crate) mod last_event_id;
