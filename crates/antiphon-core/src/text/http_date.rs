//! Dates as HTTP writes and reads them ([RFC 9110 §5.6.7]).
//!
//! [RFC 9110 §5.6.7]: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7

use crate::text::number;
use core::fmt;

/// A second of the years 1 to 9999, in UTC: all that an HTTP date can say.
///
/// # Examples
///
/// ```
/// use antiphon_core::text::http_date::HttpDate;
///
/// let date = HttpDate::from_unix(784_111_777).unwrap();
/// assert_eq!(date.to_string(), "Sun, 06 Nov 1994 08:49:37 GMT");
/// assert_eq!(HttpDate::parse("Sun, 06 Nov 1994 08:49:37 GMT", 0), Ok(date));
/// assert_eq!(HttpDate::from_unix(i64::MAX), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HttpDate {
    unix: i64,
}

impl HttpDate {
    /// The date that lies `seconds` after 1970-01-01T00:00:00Z, or `None` outside the years 1 to
    /// 9999.
    #[must_use]
    pub const fn from_unix(seconds: i64) -> Option<Self> {
        if seconds < FIRST || seconds > LAST {
            return None;
        }
        Some(Self { unix: seconds })
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn unix(self) -> i64 {
        self.unix
    }

    /// The bytes of the date, always 29.
    #[must_use]
    pub fn encode(self) -> [u8; 29] {
        let (days, of_day) = (self.unix.div_euclid(DAY), self.unix.rem_euclid(DAY) as u32);
        let (year, month, day) = civil_from_days(days);
        let weekday = WEEKDAYS[(days + 3).rem_euclid(7) as usize];
        let mut text = *b"Mon, 01 Jan 0001 00:00:00 GMT";
        text[..3].copy_from_slice(weekday.as_bytes());
        two_digits(&mut text[5..7], day);
        text[8..11].copy_from_slice(MONTHS[month as usize - 1].as_bytes());
        two_digits(&mut text[12..14], year / 100);
        two_digits(&mut text[14..16], year % 100);
        two_digits(&mut text[17..19], of_day / 3600);
        two_digits(&mut text[20..22], of_day / 60 % 60);
        two_digits(&mut text[23..25], of_day % 60);
        text
    }
}

impl HttpDate {
    /// Reads an HTTP date in any of the three forms that a recipient must accept: the one in use,
    /// RFC 850's and asctime's.
    ///
    /// Of RFC 850's years of two digits it is the last whose date lies no more than 50 years after
    /// `now`, in seconds since 1970.
    ///
    /// # Errors
    ///
    /// [`InvalidHttpDate`] for any other text, and for a day that no calendar has.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::text::http_date::HttpDate;
    ///
    /// let now = 1_800_000_000;
    /// let date = HttpDate::parse("Sun, 06 Nov 1994 08:49:37 GMT", now)?;
    /// assert_eq!(HttpDate::parse("Sunday, 06-Nov-94 08:49:37 GMT", now), Ok(date));
    /// assert_eq!(HttpDate::parse("Sun Nov  6 08:49:37 1994", now), Ok(date));
    /// assert!(HttpDate::parse("yesterday", now).is_err());
    ///
    /// let in_fifty_years = HttpDate::parse("Friday, 06-Nov-76 08:49:37 GMT", now)?;
    /// assert_eq!(in_fifty_years.to_string(), "Fri, 06 Nov 2076 08:49:37 GMT");
    /// # Ok::<(), antiphon_core::text::http_date::InvalidHttpDate>(())
    /// ```
    pub fn parse(text: &str, now: i64) -> Result<Self, InvalidHttpDate> {
        parse(text, now).ok_or(InvalidHttpDate(()))
    }
}

#[cfg(feature = "std")]
impl TryFrom<std::time::SystemTime> for HttpDate {
    type Error = InvalidHttpDate;

    /// Takes a time of the system, rounded down to its second.
    ///
    /// # Errors
    ///
    /// [`InvalidHttpDate`] outside the years 1 to 9999.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::text::http_date::HttpDate;
    /// use std::time::{Duration, SystemTime};
    ///
    /// let date = HttpDate::try_from(SystemTime::UNIX_EPOCH + Duration::from_millis(1_500))?;
    /// assert_eq!(date.unix(), 1);
    /// let date = HttpDate::try_from(SystemTime::UNIX_EPOCH - Duration::from_millis(1_500))?;
    /// assert_eq!(date.unix(), -2);
    /// # Ok::<(), antiphon_core::text::http_date::InvalidHttpDate>(())
    /// ```
    fn try_from(time: std::time::SystemTime) -> Result<Self, InvalidHttpDate> {
        let seconds = match time.duration_since(std::time::SystemTime::UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_secs()),
            Err(error) => {
                let before = error.duration();
                let seconds = before.as_secs() + u64::from(before.subsec_nanos() > 0);
                i64::try_from(seconds).map(|seconds| -seconds)
            }
        };
        seconds
            .ok()
            .and_then(Self::from_unix)
            .ok_or(InvalidHttpDate(()))
    }
}

impl fmt::Display for HttpDate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.encode()
            .iter()
            .try_for_each(|byte| fmt::Write::write_char(formatter, char::from(*byte)))
    }
}

/// The error of text that is no HTTP date, or of a time that HTTP cannot say.
///
/// # Examples
///
/// ```
/// use antiphon_core::text::http_date::HttpDate;
///
/// assert_eq!(
///     HttpDate::parse("yesterday", 0).unwrap_err().to_string(),
///     "date: expected one of the years 1 to 9999, such as Sun, 06 Nov 1994 08:49:37 GMT",
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidHttpDate(());

impl fmt::Display for InvalidHttpDate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(
            "date: expected one of the years 1 to 9999, such as Sun, 06 Nov 1994 08:49:37 GMT",
        )
    }
}

impl core::error::Error for InvalidHttpDate {}

/// A second of the Gregorian calendar in UTC, of any year.
///
/// # Examples
///
/// ```
/// use antiphon_core::text::http_date::Civil;
///
/// let second = Civil { year: 1994, month: 11, day: 6, hour: 8, minute: 49, second: 37 };
/// assert_eq!(second.unix(), 784_111_777);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Civil {
    /// The year; 0 is the one before the year 1.
    pub year: i64,
    /// The month, from 1 on.
    pub month: u8,
    /// The day of the month, from 1 on.
    pub day: u8,
    /// The hour, from 0 on.
    pub hour: u8,
    /// The minute.
    pub minute: u8,
    /// The second.
    pub second: u8,
}

impl Civil {
    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn unix(self) -> i64 {
        let days = days_from_civil(self.year, self.month as i64, self.day as i64);
        days * DAY + self.hour as i64 * 3600 + self.minute as i64 * 60 + self.second as i64
    }
}

fn parse(text: &str, now: i64) -> Option<HttpDate> {
    let (weekday, rest) = text.split_once(' ')?;
    let (day, month, year, time) = if let Some(weekday) = weekday.strip_suffix(',') {
        let rest = rest.strip_suffix(" GMT")?;
        if WEEKDAYS.contains(&weekday) {
            // Sun, 06 Nov 1994 08:49:37 GMT
            let (date, time) = (rest.get(..11)?, rest.get(11..)?.strip_prefix(' ')?);
            let [day, month, year] = split(date, ' ')?;
            (digits(day, 2)?, month, Year::Full(digits(year, 4)?), time)
        } else {
            // Sunday, 06-Nov-94 08:49:37 GMT
            WEEKDAYS
                .iter()
                .any(|short| weekday.starts_with(short))
                .then_some(())?;
            let (date, time) = rest.split_once(' ')?;
            let [day, month, year] = split(date, '-')?;
            (
                digits(day, 2)?,
                month,
                Year::LastTwo(digits(year, 2)?),
                time,
            )
        }
    } else {
        // Sun Nov  6 08:49:37 1994
        WEEKDAYS.contains(&weekday).then_some(())?;
        let (month, rest) = rest.split_once(' ')?;
        let (day, rest) = (rest.get(..2)?, rest.get(2..)?.strip_prefix(' ')?);
        let (time, year) = rest.split_once(' ')?;
        let day = match day.strip_prefix(' ') {
            Some(digit) => digits(digit, 1)?,
            None => digits(day, 2)?,
        };
        (day, month, Year::Full(digits(year, 4)?), time)
    };
    let [hour, minute, second] = split(time, ':')?;
    let (hour, minute, second) = (digits(hour, 2)?, digits(minute, 2)?, digits(second, 2)?);
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let year = match year {
        Year::Full(year) => year,
        Year::LastTwo(year) => {
            let in_year = (month as u32, day, hour * 3600 + minute * 60 + second);
            full_year(year, in_year, now)
        }
    };
    // A leap second (60) is the first of the next minute: UNIX time has no other place for it.
    if day == 0 || day > days_in(year, month) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let days = days_from_civil(i64::from(year), month as i64, i64::from(day));
    let of_day = i64::from(hour * 3600 + minute * 60 + second);
    HttpDate::from_unix(days * DAY + of_day)
}

/// A year as it is written.
enum Year {
    Full(u32),
    LastTwo(u32),
}

/// The last year with these two digits whose `(month, day, second)` lies no more than 50 years after
/// `now` (RFC 9110 §5.6.7).
fn full_year(last_two: u32, in_year: (u32, u32, u32), now: i64) -> u32 {
    let now = now.clamp(FIRST, LAST);
    let (year, month, day) = civil_from_days(now.div_euclid(DAY));
    let now_in_year = (month, day, now.rem_euclid(DAY) as u32);
    let latest = year + 50 - u32::from(in_year > now_in_year);
    // A hundred more, so that it does not become negative: a year that is too large is no date.
    let before = (latest + 100 - last_two) % 100;
    latest.saturating_sub(before)
}

fn split(text: &str, separator: char) -> Option<[&str; 3]> {
    let mut parts = text.split(separator);
    let all = [parts.next()?, parts.next()?, parts.next()?];
    parts.next().is_none().then_some(all)
}

fn digits(text: &str, count: usize) -> Option<u32> {
    if text.len() != count {
        return None;
    }
    u32::try_from(number::parse(text.as_bytes())?).ok()
}

fn two_digits(place: &mut [u8], number: u32) {
    place[0] = b'0' + (number / 10) as u8;
    place[1] = b'0' + (number % 10) as u8;
}

const fn days_in(year: u32, month: usize) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a day of the Gregorian calendar; a year begins with March here, so that
/// the leap day is its last.
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of [`days_from_civil`], for the years 1 to 9999.
const fn civil_from_days(days: i64) -> (u32, u32, u32) {
    // None of these is negative, and small numbers are divided faster.
    let days = (days + 719_468) as u32;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = era * 400 + year_of_era + (month <= 2) as u32;
    (year, month, day)
}

const DAY: i64 = 86_400;
const FIRST: i64 = days_from_civil(1, 1, 1) * DAY;
const LAST: i64 = days_from_civil(10_000, 1, 1) * DAY - 1;
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
