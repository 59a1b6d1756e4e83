//! Every option with its default and its limits, checked once. A bad value becomes a `bad-option` error that names it.

use super::error::{Code, Operation, UploadError};
use super::hash::Crc64;
use super::plan::PartSize;
use super::schedule::Parallel;
use super::store::Limits;
use super::units::Millis;

/// How a file is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Name, size, date, type and samples of the content.
    Fast,
    /// Also the MD5 of the whole file.
    Md5,
}

/// How each part is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verify {
    /// The MD5 of what was read is compared with the ETag that comes back.
    Etag,
    /// It is sent ahead as `Content-MD5`, and compared too.
    ContentMd5,
    /// No hashing.
    Off,
}

/// Whether content that the backend has already is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instant {
    /// It is.
    Off,
    /// The file is hashed and the backend asked, and only then is anything sent.
    Before,
    /// It is being sent while the file is hashed, until the backend says that it has it.
    During,
}

/// Options as they come from outside: a number or a word each, nothing checked.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct RawOptions {
    pub part_size: Option<Raw>,
    pub parallel: Option<Raw>,
    pub hash: Option<Raw>,
    pub instant: Option<Raw>,
    pub verify: Option<Raw>,
    pub expire_after: Option<Raw>,
    pub retry_for: Option<Raw>,
    pub stall_timeout: Option<Raw>,
    pub reply_timeout: Option<Raw>,
    pub offline_timeout: Option<Raw>,
}

/// One raw value.
#[derive(Clone, Debug, PartialEq)]
pub enum Raw {
    /// A number, possibly `NaN` or infinite.
    Number(f64),
    /// A string.
    Word(String),
    /// Anything else.
    Other,
}

/// Checked options.
#[derive(Clone, Debug)]
pub struct Config {
    /// Bytes per part; default automatic.
    pub part_size: PartSize,
    /// File-content requests at a time; default automatic.
    pub parallel: Parallel,
    /// Default fast.
    pub identity: Identity,
    /// Default off.
    pub instant: Instant,
    /// Default by ETag.
    pub verify: Verify,
    /// How long an unfinished upload is remembered; default 7 days.
    pub expire_after: Millis,
    /// How long a failing request is tried again while nothing advances; default 10 minutes.
    pub retry_for: Millis,
    /// Silence after which a request is replaced; default 30 s.
    pub stall_timeout: Millis,
    /// Wait for a reply after the last byte; default 120 s.
    pub reply_timeout: Millis,
    /// Wait for the network; default for ever.
    pub offline_timeout: Option<Millis>,
    /// Names where uploads go; part of every fingerprint.
    pub destination: String,
    /// What the store allows.
    pub limits: Limits,
    /// Whether an object that is at the key already may be replaced; default true.
    pub overwrite: bool,
    /// The checksum that the store tells of whole objects, to be computed and compared; `None`, the default, where it tells
    /// none.
    pub crc64: Option<Crc64>,
}

const DAY: u64 = 86_400_000;

impl Config {
    /// Checks the options.
    ///
    /// # Errors
    /// `bad-option`, naming the option, what it was and what it may be.
    pub fn new(raw: &RawOptions, destination: String, limits: Limits) -> Result<Self, UploadError> {
        Ok(Self {
            part_size: match number(
                "partSize",
                &raw.part_size,
                Some("auto"),
                limits.min_part,
                limits.max_part,
            )? {
                None => PartSize::Auto,
                Some(bytes) => PartSize::Bytes(bytes),
            },
            parallel: match number("parallel", &raw.parallel, Some("auto"), 1, 32)? {
                None => Parallel::Auto,
                Some(count) => Parallel::Fixed(count as u32),
            },
            identity: match word("hash", &raw.hash, &["fast", "md5"])? {
                1 => Identity::Md5,
                _ => Identity::Fast,
            },
            instant: match word("instant", &raw.instant, &["off", "before", "during"])? {
                1 => Instant::Before,
                2 => Instant::During,
                _ => Instant::Off,
            },
            verify: match word("verify", &raw.verify, &["etag", "content-md5", "off"])? {
                1 => Verify::ContentMd5,
                2 => Verify::Off,
                _ => Verify::Etag,
            },
            expire_after: millis("expireAfter", &raw.expire_after, 7 * DAY, 0, 3650 * DAY)?,
            retry_for: millis("retryFor", &raw.retry_for, 600_000, 0, DAY)?,
            stall_timeout: millis("stallTimeout", &raw.stall_timeout, 30_000, 1000, 3_600_000)?,
            reply_timeout: millis("replyTimeout", &raw.reply_timeout, 120_000, 1000, 3_600_000)?,
            offline_timeout: match &raw.offline_timeout {
                Some(Raw::Number(n)) if *n == f64::INFINITY => None,
                other => number("offlineTimeout", other, None, 0, 3650 * DAY)?.map(Millis),
            },
            destination,
            limits,
            overwrite: true,
            crc64: None,
        })
    }
}

fn millis(name: &str, raw: &Option<Raw>, default: u64, min: u64, max: u64) -> Result<Millis, UploadError> {
    Ok(Millis(number(name, raw, None, min, max)?.unwrap_or(default)))
}

/// A whole number within limits, or `None` when absent or the word that stands for the default.
fn number(
    name: &str,
    raw: &Option<Raw>,
    or_word: Option<&str>,
    min: u64,
    max: u64,
) -> Result<Option<u64>, UploadError> {
    match raw {
        None => return Ok(None),
        Some(Raw::Word(w)) if Some(w.as_str()) == or_word => return Ok(None),
        Some(Raw::Number(n)) if *n >= min as f64 && *n <= max as f64 && n.trunc() == *n => {
            return Ok(Some(*n as u64));
        }
        Some(_) => {}
    }
    let mut expected = String::from("a whole number from ");
    expected.push_str(&min.to_string());
    expected.push_str(" to ");
    expected.push_str(&max.to_string());
    if let Some(word) = or_word {
        expected.push_str(", or \"");
        expected.push_str(word);
        expected.push('"');
    }
    Err(bad_option(name, &expected))
}

/// The position of a word among those allowed; the first is the default.
fn word(name: &str, raw: &Option<Raw>, allowed: &[&str]) -> Result<usize, UploadError> {
    let found = match raw {
        None => Some(0),
        Some(Raw::Word(w)) => allowed.iter().position(|a| a == w),
        Some(_) => None,
    };
    found.ok_or_else(|| {
        let mut expected = String::from("one of ");
        for (i, a) in allowed.iter().enumerate() {
            expected.push_str(if i == 0 { "\"" } else { ", \"" });
            expected.push_str(a);
            expected.push('"');
        }
        bad_option(name, &expected)
    })
}

/// A `bad-option` error: the option `name` is not `expected`.
pub fn bad_option(name: &str, expected: &str) -> UploadError {
    let mut what = String::from("option ");
    what.push_str(name);
    bad_value(Operation::Configure, &what, expected)
}

/// The same for a value that is no option.
pub fn bad_value(operation: Operation, what: &str, expected: &str) -> UploadError {
    let mut message = String::from(what);
    message.push_str(" must be ");
    message.push_str(expected);
    UploadError::new(Code::BadOption, operation, message)
        .hint("The README lists every option with its values, and the types that come with the package describe them.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(raw: RawOptions) -> Result<Config, UploadError> {
        Config::new(&raw, "d".into(), Limits::S3)
    }

    #[test]
    fn defaults_are_the_documented_ones() {
        let c = config(RawOptions::default()).unwrap();
        assert!(matches!(c.part_size, PartSize::Auto));
        assert!(matches!(c.parallel, Parallel::Auto));
        assert_eq!((c.identity, c.verify), (Identity::Fast, Verify::Etag));
        assert_eq!(c.expire_after, Millis(604_800_000));
        assert_eq!(
            (c.retry_for, c.stall_timeout, c.reply_timeout),
            (Millis(600_000), Millis(30_000), Millis(120_000))
        );
        assert_eq!(c.offline_timeout, None);
    }

    #[test]
    fn a_bad_value_names_its_option_and_what_it_may_be() {
        let raw = RawOptions { part_size: Some(Raw::Number(1000.0)), ..Default::default() };
        let error = config(raw).unwrap_err();
        assert_eq!(error.code, Code::BadOption);
        assert_eq!(
            error.message,
            "option partSize must be a whole number from 5242880 to 5368709120, or \"auto\""
        );
        let raw = RawOptions { verify: Some(Raw::Word("sha".into())), ..Default::default() };
        let error = config(raw).unwrap_err();
        assert_eq!(error.message, "option verify must be one of \"etag\", \"content-md5\", \"off\"");
    }

    #[test]
    fn numbers_that_are_no_whole_numbers_are_refused() {
        for n in [f64::NAN, f64::INFINITY, 2.5, -1.0, 0.0, 33.0] {
            let raw = RawOptions { parallel: Some(Raw::Number(n)), ..Default::default() };
            assert_eq!(config(raw).unwrap_err().code, Code::BadOption, "{n}");
        }
        let raw = RawOptions { parallel: Some(Raw::Other), ..Default::default() };
        assert_eq!(config(raw).unwrap_err().code, Code::BadOption);
    }

    #[test]
    fn the_offline_timeout_may_be_infinite() {
        let raw = RawOptions { offline_timeout: Some(Raw::Number(f64::INFINITY)), ..Default::default() };
        assert_eq!(config(raw).unwrap().offline_timeout, None);
        let raw = RawOptions { offline_timeout: Some(Raw::Number(5000.0)), ..Default::default() };
        assert_eq!(config(raw).unwrap().offline_timeout, Some(Millis(5000)));
    }
}
