//! All that safe code cannot do. This is the only folder that may hold unsafe code.
//!
//! | file             | what it offers, safe to call           | without it                              |
//! |------------------|----------------------------------------|-----------------------------------------|
//! | `async_generator`| asks a generator for its items        | a stream takes a quarter more           |
//! | `type_version`   | tells one state of a class from others | each response looks up its class anew   |
//! | `vectorcall`     | builds an instance without a tuple and | a plain response takes twice as long    |
//! |                  | a dictionary of its arguments          |                                         |
//! | `json_values`    | writes Python's own values as JSON     | rendering takes a seventh more          |
//! | `uninit_bytes`   | reads a file to where it is sent from  | a large file takes an eighth more       |

pub(crate) mod async_generator;
mod borrowed_items;
pub(crate) mod json_values;
pub(crate) mod type_version;
pub(crate) mod uninit_bytes;
pub(crate) mod vectorcall;
