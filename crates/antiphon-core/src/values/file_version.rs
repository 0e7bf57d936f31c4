//! What tells one version of a file from another: its validators.
//!
//! | the file was modified                | `Last-Modified` | `ETag`                                       |
//! |--------------------------------------|-----------------|----------------------------------------------|
//! | before 1990: by a build that gives   | none            | of its length and all of its times; without  |
//! | all versions the same time           |                 | the others, weak                             |
//! | later                                | that time       | of its length and that time: the same on     |
//! |                                      |                 | every machine that has a copy with its time  |
//! | less than two seconds ago            | that time       | the same, weak                               |
//! | in the future                        | none            | the same, weak                               |
//!
//! Source: [RFC 9110 §8.8].
//!
//! [RFC 9110 §8.8]: https://www.rfc-editor.org/rfc/rfc9110#section-8.8

use crate::fields::FieldValue;
use crate::text::http_date::HttpDate;
use crate::text::number;
use alloc::string::String;

/// What the operating system says of a version of a file.
///
/// # Examples
///
/// ```
/// use antiphon_core::values::file_version::FileVersion;
///
/// let modified = 1_700_000_000_000_000_000;
/// let version = FileVersion { length: 4096, modified, ..Default::default() };
/// assert_eq!(version.etag(1_800_000_000), "\"17979cfe362a0000-1000\"");
/// assert_eq!(version.etag(1_700_000_000), "W/\"17979cfe362a0000-1000\"");
///
/// let built = FileVersion { length: 4096, modified: 1_000_000_000, changed: Some(modified), inode: 7 };
/// assert_eq!(built.etag(1_800_000_000), "\"3b9aca00-1000-17979cfe362a0000-7\"");
/// assert_eq!(built.last_modified(1_800_000_000), None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileVersion {
    /// The number of bytes.
    pub length: u64,
    /// When its content was modified, in nanoseconds since 1970. Programs can set that time.
    pub modified: i128,
    /// When its content, its name or its times were changed, in nanoseconds since 1970, which no program
    /// can set; `None` where that is not known.
    pub changed: Option<i128>,
    /// Its number in its file system; another file that takes its place has another.
    pub inode: u64,
}

impl FileVersion {
    /// The value of `Last-Modified`, as seen at the second `now`; `None` if the time tells nothing, or
    /// lies outside the years that HTTP can say.
    #[must_use]
    pub fn last_modified(&self, now: i64) -> Option<HttpDate> {
        match ModifiedTime::of(self.modified_second(), now) {
            ModifiedTime::Plain => HttpDate::from_unix(self.modified_second()),
            ModifiedTime::Normalised | ModifiedTime::Future => None,
        }
    }

    /// The value of `ETag`, as seen at the second `now`.
    ///
    /// It is weak for a file that was modified less than two seconds ago: such a file may be written
    /// once more without its time changing.
    #[must_use]
    pub fn etag(&self, now: i64) -> FieldValue {
        let second = self.modified_second();
        let (is_weak, changed) = match ModifiedTime::of(second, now) {
            ModifiedTime::Normalised => (self.changed.is_none(), self.changed),
            ModifiedTime::Plain => (now.saturating_sub(second) < 2, None),
            ModifiedTime::Future => (true, None),
        };
        // Room for the longest: two numbers of 128 bits, and two of 64.
        let mut text = String::with_capacity(112);
        text.push_str(if is_weak { "W/\"" } else { "\"" });
        push_nanoseconds(&mut text, self.modified);
        text.push('-');
        number::push_hex(&mut text, u128::from(self.length));
        if let Some(changed) = changed {
            text.push('-');
            push_nanoseconds(&mut text, changed);
            text.push('-');
            number::push_hex(&mut text, u128::from(self.inode));
        }
        text.push('"');
        FieldValue::from_visible_ascii(text)
    }

    fn modified_second(&self) -> i64 {
        let second = self.modified.div_euclid(NANOS_PER_SECOND);
        second.clamp(i64::MIN.into(), i64::MAX.into()) as i64
    }
}

/// What the time of a file's modification is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModifiedTime {
    /// It tells versions apart.
    Plain,
    /// It lies before 1990: a build has set it, to make its results reproducible.
    Normalised,
    /// A clock was wrong, and the time is no validator
    /// ([RFC 9110 §8.8.2.1](https://www.rfc-editor.org/rfc/rfc9110#section-8.8.2.1)).
    Future,
}

impl ModifiedTime {
    /// What a time is worth at `now`, both in seconds since 1970.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::values::file_version::ModifiedTime;
    ///
    /// assert_eq!(ModifiedTime::of(1, 1_800_000_000), ModifiedTime::Normalised);
    /// assert_eq!(ModifiedTime::of(1_700_000_000, 1_800_000_000), ModifiedTime::Plain);
    /// assert_eq!(ModifiedTime::of(1_800_000_001, 1_800_000_000), ModifiedTime::Future);
    /// ```
    #[must_use]
    pub const fn of(modified: i64, now: i64) -> Self {
        if modified < YEAR_1990 {
            Self::Normalised
        } else if modified > now {
            Self::Future
        } else {
            Self::Plain
        }
    }
}

fn push_nanoseconds(text: &mut String, time: i128) {
    if time < 0 {
        text.push('-');
    }
    number::push_hex(text, time.unsigned_abs());
}

/// Nix says 1970, zip 1980; no file that is served is as old as this.
const YEAR_1990: i64 = 631_152_000;

const NANOS_PER_SECOND: i128 = 1_000_000_000;
