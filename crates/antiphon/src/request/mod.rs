//! What a response needs of its request.

pub(crate) mod head;
pub(crate) mod last_event_id;
