//! Text in and out: small bounded readers for the two formats that replies come in, the encoders that requests need,
//! and the filter for messages that people read. Nothing here knows a protocol. Written out instead of taken from
//! general-purpose crates because those cost more WebAssembly than everything else in `core` together.

pub mod json;
pub mod nearest;
pub mod redact;
pub mod xml;

use base64ct::{Base64, Encoding};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::fmt;

/// Text that is not well formed, or larger or deeper than any reply has reason to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError(
    /// What is wrong, in English.
    pub &'static str,
);

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for ParseError {}

/// Everything but the unreserved characters of RFC 3986 §2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
const RESERVED_IN_PATH: &AsciiSet = &RESERVED.remove(b'/');

/// Percent-encodes everything but `A-Za-z0-9-_.~`, with upper-case hex digits.
pub fn percent_encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).collect()
}

/// Percent-encodes everything but `A-Za-z0-9-_.~/`, with upper-case hex digits. Does not normalise.
pub fn percent_encode_path(path: &str) -> String {
    utf8_percent_encode(path, RESERVED_IN_PATH).collect()
}

/// Undoes [`percent_encode`]; `None` when the bytes are no UTF-8. A `%` without two hex digits stays as it is.
pub fn percent_decode(text: &str) -> Option<String> {
    percent_decode_str(text).decode_utf8().ok().map(Into::into)
}

/// Reads eight bytes in base64, the first one highest.
pub fn base64_number(text: &str) -> Option<u64> {
    let mut bytes = [0; 8];
    let decoded = Base64::decode(text.trim(), &mut bytes).ok()?.len();
    (decoded == bytes.len()).then(|| u64::from_be_bytes(bytes))
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unreserved_characters_stay_bare() {
        assert_eq!(percent_encode("aZ09-_.~ /+%中"), "aZ09-_.~%20%2F%2B%25%E4%B8%AD");
        assert_eq!(percent_encode_path("a//b c/é"), "a//b%20c/%C3%A9");
    }

    #[test]
    fn percent_encoded_text_is_read_back_unchanged() {
        let text = "a+b %41&=中😀\n";
        assert_eq!(percent_decode(&percent_encode(text)).as_deref(), Some(text));
        assert_eq!(percent_decode("%zz%4").as_deref(), Some("%zz%4"));
        assert_eq!(percent_decode("%ff"), None);
    }

    #[test]
    fn hex_has_two_lower_case_digits_per_byte() {
        assert_eq!(hex(&[0, 0x0f, 0xa0, 0xff]), "000fa0ff");
        assert_eq!(hex(&[]), "");
    }
}
