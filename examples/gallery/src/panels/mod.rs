//! The panels: the page that shows them, and the programs that answer them.

pub(crate) mod page;
pub(crate) mod programs;
pub(crate) mod recorded;
