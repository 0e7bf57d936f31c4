//! The messages that a file is sent as.

use crate::body::segment::Segment;
use crate::response::file::FileContent;
use alloc::vec::{self, Vec};
use core::ops::Range;

/// One or more messages of a file's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileStep {
    /// These bytes, as one message.
    Segment {
        /// The bytes.
        bytes: Vec<u8>,
        /// Whether another message follows.
        more_body: bool,
    },
    /// A range of the file, in as many messages as the face likes.
    File {
        /// The bytes from its start to before its end.
        range: Range<u64>,
        /// Whether another message follows the range's last.
        more_body: bool,
    },
    /// The file to wherever it ends, in as many messages as the face likes, and an empty last one.
    UntilEnd,
    /// The whole file, by its path, which the server opens.
    Pathsend,
}

/// The steps by which a file's content is sent, after the head: exactly one message, the last, says
/// that no more follows.
///
/// # Examples
///
/// ```
/// use antiphon_core::asgi::file_steps::{FileStep, FileSteps};
/// use antiphon_core::response::file::FileContent;
///
/// let steps: Vec<FileStep> = FileSteps::new(FileContent::Whole(3)).collect();
/// assert_eq!(steps, [FileStep::File { range: 0..3, more_body: false }]);
///
/// let steps: Vec<FileStep> = FileSteps::new(FileContent::Whole(3)).by_path().collect();
/// assert_eq!(steps, [FileStep::Pathsend]);
/// ```
#[derive(Clone, Debug)]
pub struct FileSteps(Rest);

#[derive(Clone, Debug)]
enum Rest {
    Whole(u64),
    UntilEnd,
    ByPath,
    Segments(vec::IntoIter<Segment>),
}

impl FileSteps {
    /// The steps of what a plan sends of a file.
    #[must_use]
    pub fn new(content: FileContent) -> Self {
        Self(match content {
            FileContent::Whole(length) => Rest::Whole(length),
            FileContent::UntilEnd => Rest::UntilEnd,
            FileContent::Segments(segments) => Rest::Segments(segments.into_iter()),
        })
    }

    /// Hands a whole file over by its path. For servers that offer `http.response.pathsend`, and for
    /// responses without a background task, since the server may open the file after the task has run.
    #[must_use]
    pub fn by_path(self) -> Self {
        Self(match self.0 {
            Rest::Whole(_) => Rest::ByPath,
            rest => rest,
        })
    }
}

impl FileSteps {
    /// Tells whether the server opens the file.
    #[must_use]
    pub const fn is_by_path(&self) -> bool {
        matches!(self.0, Rest::ByPath)
    }
}

impl Iterator for FileSteps {
    type Item = FileStep;

    fn next(&mut self) -> Option<FileStep> {
        let step = match &mut self.0 {
            Rest::Segments(segments) => {
                let segment = segments.next()?;
                let more_body = segments.len() > 0;
                return Some(match segment {
                    Segment::Bytes(bytes) => FileStep::Segment { bytes, more_body },
                    Segment::File(range) => FileStep::File { range, more_body },
                });
            }
            Rest::UntilEnd => FileStep::UntilEnd,
            Rest::ByPath => FileStep::Pathsend,
            Rest::Whole(length) => FileStep::File {
                range: 0..*length,
                more_body: false,
            },
        };
        self.0 = Rest::Segments(Vec::new().into_iter());
        Some(step)
    }
}
