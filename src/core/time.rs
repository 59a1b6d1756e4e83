//! Dates as protocols write them. UTC and the proleptic Gregorian calendar throughout; no leap seconds.

use super::units::UnixMillis;

const SECONDS_PER_DAY: u64 = 86_400;
/// 9999-12-31T23:59:59Z, the last second that four digits of a year can name.
const LAST_SECOND: u64 = 253_402_300_799;

/// `20260102T030405Z`: ISO 8601 basic format, as signatures carry it. Dates past the year 9999 count as its last second.
pub fn compact_date(date: UnixMillis) -> String {
    let seconds = date.secs().min(LAST_SECOND);
    let (year, month, day) = civil(seconds / SECONDS_PER_DAY);
    let mut text = String::with_capacity(16);
    push_digits(&mut text, year, 4);
    push_digits(&mut text, month, 2);
    push_digits(&mut text, day, 2);
    text.push('T');
    push_digits(&mut text, seconds / 3600 % 24, 2);
    push_digits(&mut text, seconds / 60 % 60, 2);
    push_digits(&mut text, seconds % 60, 2);
    text.push('Z');
    text
}

/// `2026-01-02T03:04:05Z`: ISO 8601 extended format, with the same limits as [`compact_date`].
pub fn iso_date(date: UnixMillis) -> String {
    let compact = compact_date(date);
    let mut text = String::with_capacity(20);
    for (place, character) in compact.chars().enumerate() {
        match place {
            4 | 6 => text.push('-'),
            11 | 13 => text.push(':'),
            _ => {}
        }
        text.push(character);
    }
    text
}

/// Reads an HTTP `Date` (RFC 9110 §5.6.7, preferred form): `Fri, 02 Jan 2026 03:04:05 GMT`.
/// `None` for anything else and for dates before 1970.
pub fn parse_http_date(text: &str) -> Option<UnixMillis> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (_, date) = text.trim().strip_suffix(" GMT")?.split_once(", ")?;
    let mut words = date.split(' ');
    let day = digits(words.next()?, 2)?;
    let name = words.next()?;
    let month = MONTHS.iter().zip(1..).find(|(known, _)| **known == name)?.1;
    let year = digits(words.next()?, 4)?;
    let time = time_of_day(words.next()?)?;
    if words.next().is_some() {
        return None;
    }
    unix(year, month, day, time).map(|seconds| UnixMillis(seconds * 1000))
}

/// Reads an ISO 8601 date in UTC: `2026-01-02T03:04:05Z`, with or without a fraction of a second.
/// `None` for anything else and for dates before 1970.
pub fn parse_iso(text: &str) -> Option<UnixMillis> {
    let (date, time) = text.trim().strip_suffix('Z')?.split_once('T')?;
    let mut parts = date.split('-');
    let (year, month, day) =
        (digits(parts.next()?, 4)?, digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    if parts.next().is_some() {
        return None;
    }
    let (time, millis) = match time.split_once('.') {
        Some((time, fraction)) => (time, thousandths(fraction)?),
        None => (time, 0),
    };
    unix(year, month, day, time_of_day(time)?).map(|seconds| UnixMillis(seconds * 1000 + millis))
}

/// `03:04:05` in seconds.
fn time_of_day(text: &str) -> Option<u64> {
    let mut parts = text.split(':');
    let (hour, minute, second) =
        (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let valid = parts.next().is_none() && hour < 24 && minute < 60 && second < 60;
    valid.then_some((hour * 60 + minute) * 60 + second)
}

/// The first three digits of a decimal fraction.
fn thousandths(fraction: &str) -> Option<u64> {
    if fraction.is_empty() || !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let padded = fraction.bytes().chain([b'0', b'0']).take(3);
    Some(padded.fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')))
}

fn digits(text: &str, count: usize) -> Option<u64> {
    let valid = text.len() == count && text.bytes().all(|digit| digit.is_ascii_digit());
    valid.then(|| text.parse().ok())?
}

fn unix(year: u64, month: u64, day: u64, time: u64) -> Option<u64> {
    if year < 1970 || !(1..=12).contains(&month) || day == 0 {
        return None;
    }
    let days = days_since_1970(year, month, day);
    // A day that its month does not have comes back as another date.
    (civil(days) == (year, month, day)).then_some(days * SECONDS_PER_DAY + time)
}

// Both conversions count years from March, so that the leap day comes last, in eras of 400 years = 146 097 days.
// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".

fn days_since_1970(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn civil(days_since_1970: u64) -> (u64, u64, u64) {
    let days = days_since_1970 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = (shifted + 2) % 12 + 1;
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

fn push_digits(text: &mut String, number: u64, count: u32) {
    for place in (0..count).rev() {
        text.push(char::from(b'0' + (number / 10_u64.pow(place) % 10) as u8));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_dates_are_written() {
        for (seconds, text) in [
            (0, "19700101T000000Z"),
            (951_782_399, "20000228T235959Z"),
            (951_782_400, "20000229T000000Z"),
            (1_767_323_045, "20260102T030405Z"),
            (4_107_542_400, "21000301T000000Z"),
            (u64::MAX / 1000 - 1, "99991231T235959Z"),
        ] {
            let date = UnixMillis(seconds * 1000 + 999);
            assert_eq!(compact_date(date), text);
            assert_eq!(iso_date(date).replace(['-', ':'], ""), text);
        }
    }

    #[test]
    fn every_day_until_2200_is_read_back() {
        for day in 0..84_000 {
            let iso = iso_date(UnixMillis(day * SECONDS_PER_DAY * 1000));
            assert_eq!(parse_iso(&iso), Some(UnixMillis(day * SECONDS_PER_DAY * 1000)), "{iso}");
        }
    }

    #[test]
    fn http_dates_are_read() {
        assert_eq!(parse_http_date("Fri, 02 Jan 2026 03:04:05 GMT"), Some(UnixMillis(1_767_323_045_000)));
        assert_eq!(parse_http_date(" Sun, 06 Nov 1994 08:49:37 GMT "), Some(UnixMillis(784_111_777_000)));
        for text in [
            "",
            "GMT",
            ", GMT",
            "Fri, 2 Jan 2026 03:04:05 GMT",
            "Fri, 02 Foo 2026 03:04:05 GMT",
            "Fri, 31 Feb 2026 03:04:05 GMT",
            "Fri, 00 Jan 2026 03:04:05 GMT",
            "Fri, 02 Jan 2026 24:04:05 GMT",
            "Fri, 02 Jan 2026 03:04 GMT",
            "Fri, 02 Jan 2026 03:04:05 CET",
            "Fri, 02 Jan 1969 03:04:05 GMT",
            "Fri, 02 Jan 2026 03:04:05 x GMT",
        ] {
            assert_eq!(parse_http_date(text), None, "{text}");
        }
    }

    #[test]
    fn iso_dates_are_read_with_and_without_fractions() {
        assert_eq!(parse_iso("2026-01-02T03:04:05Z"), Some(UnixMillis(1_767_323_045_000)));
        assert_eq!(parse_iso("2026-01-02T03:04:05.5Z"), Some(UnixMillis(1_767_323_045_500)));
        assert_eq!(parse_iso("2026-01-02T03:04:05.123456789Z"), Some(UnixMillis(1_767_323_045_123)));
        for text in [
            "",
            "Z",
            "2026-01-02",
            "2026-01-02T03:04:05",
            "2026-02-29T03:04:05Z",
            "2026-13-01T03:04:05Z",
            "2026-00-01T03:04:05Z",
            "2026-01-02T03:04:05.Z",
            "2026-01-02T03:04:05.xZ",
            "+026-01-02T03:04:05Z",
            "1969-12-31T23:59:59Z",
        ] {
            assert_eq!(parse_iso(text), None, "{text}");
        }
    }
}
