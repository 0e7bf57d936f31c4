//! Files: what is said of one, preconditions, ranges, and what is sent.
//!
//! | moment                     | what is decided                                                 |
//! |----------------------------|-----------------------------------------------------------------|
//! | the response is built      | [`head`]: the file can be had in parts, and its name             |
//! | the file's state is known  | [`stat_head`]: its length, its validators                     |
//! | a request is there         | [`plan`]: whole, parts, or why there is nothing                  |
//!
//! Opening and reading the file is the face's.

mod content;
mod head;
mod partial;
mod plan;

pub use content::FileContent;
pub use head::{Stat, head, stat_head};
pub use partial::RangeTerms;
pub use plan::{FileFacts, plan};
