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
/// assert_eq!(HttpDate::parse("Sun, 06 Nov 1994 08:49:37 GMT"), Some(date));
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

    /// Seconds from 1970-01-01T00:00:00Z to this second of the Gregorian calendar, of any year.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::text::http_date::HttpDate;
    ///
    /// assert_eq!(HttpDate::unix_of([1994, 11, 6], [8, 49, 37]), 784_111_777);
    /// ```
    #[must_use]
    pub const fn unix_of([year, month, day]: [i64; 3], [hour, minute, second]: [i64; 3]) -> i64 {
        days_from_civil(year, month, day) * DAY + hour * 3600 + minute * 60 + second
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn unix(self) -> i64 {
        self.unix
    }

    /// Reads an HTTP date in any of the three forms that a recipient must accept: the one in use,
    /// RFC 850's and asctime's. A two-digit year is taken as of 1970 to 2069.
    ///
    /// # Examples
    ///
    /// ```
    /// use antiphon_core::text::http_date::HttpDate;
    ///
    /// let date = HttpDate::parse("Sun, 06 Nov 1994 08:49:37 GMT");
    /// assert!(date.is_some());
    /// assert_eq!(HttpDate::parse("Sunday, 06-Nov-94 08:49:37 GMT"), date);
    /// assert_eq!(HttpDate::parse("Sun Nov  6 08:49:37 1994"), date);
    /// assert_eq!(HttpDate::parse("yesterday"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (weekday, rest) = text.split_once(' ')?;
        let (day, month, year, time) = if let Some(weekday) = weekday.strip_suffix(',') {
            let rest = rest.strip_suffix(" GMT")?;
            if WEEKDAYS.contains(&weekday) {
                // Sun, 06 Nov 1994 08:49:37 GMT
                let (date, time) = (rest.get(..11)?, rest.get(11..)?.strip_prefix(' ')?);
                let [day, month, year] = split(date, ' ')?;
                (digits(day, 2)?, month, digits(year, 4)?, time)
            } else {
                // Sunday, 06-Nov-94 08:49:37 GMT
                WEEKDAYS
                    .iter()
                    .any(|short| weekday.starts_with(short))
                    .then_some(())?;
                let (date, time) = rest.split_once(' ')?;
                let [day, month, year] = split(date, '-')?;
                let year = digits(year, 2)?;
                (
                    digits(day, 2)?,
                    month,
                    year + if year < 70 { 2000 } else { 1900 },
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
            (day, month, digits(year, 4)?, time)
        };
        let [hour, minute, second] = split(time, ':')?;
        let (hour, minute, second) = (digits(hour, 2)?, digits(minute, 2)?, digits(second, 2)?);
        let month = MONTHS.iter().position(|name| *name == month)? + 1;
        // A leap second (60) is the first of the next minute: UNIX time has no other place for it.
        if day == 0 || day > days_in(year, month) || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let days = days_from_civil(i64::from(year), month as i64, i64::from(day));
        let of_day = i64::from(hour * 3600 + minute * 60 + second);
        Self::from_unix(days * DAY + of_day)
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

impl fmt::Display for HttpDate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.encode()
            .iter()
            .try_for_each(|byte| fmt::Write::write_char(formatter, char::from(*byte)))
    }
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
