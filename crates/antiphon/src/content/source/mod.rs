//! Content that lies elsewhere than in a file: in memory, in an object store, behind a program's own trait.

mod error;
mod facts;
mod memory;
#[cfg(feature = "object-store")]
mod object;
mod open_file;
mod reader;
#[expect(
    clippy::module_inception,
    reason = "the trait is what the folder is about"
)]
mod source;

pub use error::{SourceError, SourceErrorKind};
pub use facts::SourceFacts;
#[cfg(feature = "object-store")]
pub use object::ObjectSource;
pub use open_file::FileSource;
pub(crate) use reader::{SourceReader, total};
pub(crate) use source::AnySource;
pub use source::{Opening, Source};
