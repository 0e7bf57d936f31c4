//! The response classes, a file each, and how they are built.
//!
//! | file             | what it holds                                                               |
//! |------------------|-----------------------------------------------------------------------------|
//! | `renderer`       | what turns content into bytes                                               |
//! | `head_cache`     | the headers of the last responses of a class                                |
//! | `conditions`     | who wants a response to have a tag, and preconditions to be answered         |
//! | `conditional`    | tags of content that lies ready, and what preconditions make of them        |
//! | `class_profile`  | what a class overrides, and what it says of its content                     |
//! | `native`         | classes that build their responses themselves                               |
//! | `build`          | from a call of such a class to a response                                   |
//! | `base`           | the base of all: its state                                                  |
//! | `initialise`     | how that is made of what a constructor is given                             |
//! | `methods`        | what programs call on it                                                    |
//! | `fixed_messages` | from content that lies ready to messages                                     |
//! | `stream_messages` | from what an iterator brings to messages                                    |
//! | the others       | a class each                                                                |

mod base;
pub(crate) mod build;
mod class_profile;
mod conditional;
mod conditions;
pub(crate) mod event_source;
pub(crate) mod file;
mod fixed_messages;
mod head_cache;
mod initialise;
pub(crate) mod json;
pub(crate) mod json_lines;
mod methods;
mod native;
mod originals;
pub(crate) mod redirect;
mod renderer;
pub(crate) mod source;
pub(crate) mod stream_messages;
pub(crate) mod streaming;

pub(crate) use base::Response;
