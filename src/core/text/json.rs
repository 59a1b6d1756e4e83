//! Reads JSON replies (RFC 8259) and writes JSON strings.

use super::ParseError;

/// Deepest nesting read.
pub const MAX_DEPTH: usize = 16;
/// Most values read. A list of 10 000 parts with all their fields has about 70 000.
pub const MAX_VALUES: usize = 200_000;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// Exact for integers up to 2^53; others may be off by a few units in the last place.
    Number(f64),
    /// A string. Lone surrogates become U+FFFD.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// Members in order.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// An object's member; the last one when the name is repeated, as in JavaScript.
    pub fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Self::Object(members) => {
                members.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// A whole number from 0 to 2^53 − 1, the range in which a JSON number is exact in JavaScript too.
    pub fn as_u64(&self) -> Option<u64> {
        match *self {
            Self::Number(number) if (0.0..9_007_199_254_740_992.0).contains(&number) => {
                let whole = number as u64;
                (whole as f64 == number).then_some(whole)
            }
            _ => None,
        }
    }

    /// The elements of an array.
    pub fn as_array(&self) -> Option<&[Json]> {
        match self {
            Self::Array(elements) => Some(elements),
            _ => None,
        }
    }
}

const TRUNCATED: ParseError = ParseError("the JSON ends too early");
const MALFORMED: ParseError = ParseError("the JSON is malformed");
const TEXT_AFTER: ParseError = ParseError("text after the JSON value");

/// Reads one value, with white space around it.
///
/// # Errors
/// Text that is not well formed, truncated, or exceeds [`MAX_DEPTH`] or [`MAX_VALUES`].
pub fn parse(text: &str) -> Result<Json, ParseError> {
    let mut reader = Reader { rest: text.trim_start_matches('\u{feff}'), values: 0 };
    let value = reader.value(0)?;
    if reader.next_is_blank() { Ok(value) } else { Err(TEXT_AFTER) }
}

/// The elements of an array, each as it stands in the text.
///
/// # Errors
/// As of [`parse`], and when it is no array.
pub fn elements(text: &str) -> Result<Vec<&str>, ParseError> {
    let mut reader = Reader { rest: text.trim_start_matches('\u{feff}'), values: 1 };
    let mut elements = Vec::new();
    reader.skip_blank();
    reader.list("[", "]", |reader| {
        let before = reader.rest;
        reader.value(1)?;
        elements.extend(before.get(..before.len() - reader.rest.len()));
        Ok(())
    })?;
    if reader.next_is_blank() { Ok(elements) } else { Err(TEXT_AFTER) }
}

struct Reader<'a> {
    rest: &'a str,
    values: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Result<Json, ParseError> {
        self.values += 1;
        if depth > MAX_DEPTH || self.values > MAX_VALUES {
            return Err(ParseError("the JSON is too deep or too long"));
        }
        self.skip_blank();
        match self.rest.bytes().next().ok_or(TRUNCATED)? {
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b'"' => Ok(Json::String(self.string()?)),
            b'-' | b'0'..=b'9' => self.number(),
            _ if self.take("null") => Ok(Json::Null),
            _ if self.take("true") => Ok(Json::Bool(true)),
            _ if self.take("false") => Ok(Json::Bool(false)),
            _ => Err(MALFORMED),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, ParseError> {
        let mut members = Vec::new();
        self.list("{", "}", |reader| {
            let name = reader.string()?;
            reader.skip_blank();
            reader.expect(":")?;
            members.push((name, reader.value(depth + 1)?));
            Ok(())
        })?;
        Ok(Json::Object(members))
    }

    fn array(&mut self, depth: usize) -> Result<Json, ParseError> {
        let mut elements = Vec::new();
        self.list("[", "]", |reader| {
            elements.push(reader.value(depth + 1)?);
            Ok(())
        })?;
        Ok(Json::Array(elements))
    }

    fn list(
        &mut self,
        open: &str,
        close: &str,
        mut item: impl FnMut(&mut Self) -> Result<(), ParseError>,
    ) -> Result<(), ParseError> {
        self.expect(open)?;
        self.skip_blank();
        if self.take(close) {
            return Ok(());
        }
        loop {
            self.skip_blank();
            item(self)?;
            self.skip_blank();
            if self.take(close) {
                return Ok(());
            }
            self.expect(",")?;
        }
    }

    fn string(&mut self) -> Result<String, ParseError> {
        self.expect("\"")?;
        let mut text = String::new();
        loop {
            let plain = self.span(|c| c != '"' && c != '\\' && c >= ' ');
            text.push_str(plain);
            if self.take("\"") {
                return Ok(text);
            }
            self.expect("\\")?;
            text.push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Result<char, ParseError> {
        let mut chars = self.rest.chars();
        let escaped = chars.next().ok_or(TRUNCATED)?;
        self.rest = chars.as_str();
        Ok(match escaped {
            '"' | '\\' | '/' => escaped,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let high = self.unit()?;
                let before = self.rest;
                if (0xd800..0xdc00).contains(&high) && self.take("\\u") {
                    let low = self.unit()?;
                    if (0xdc00..0xe000).contains(&low) {
                        let code = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                        return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                    }
                    self.rest = before;
                }
                char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => return Err(MALFORMED),
        })
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Result<u32, ParseError> {
        let (digits, rest) = self.rest.split_at_checked(4).ok_or(MALFORMED)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(MALFORMED);
        }
        self.rest = rest;
        u32::from_str_radix(digits, 16).map_err(|_| MALFORMED)
    }

    /// Reads digits by hand: the standard library's exact conversion brings 10 KB of tables, for fractions that no
    /// supported reply holds.
    fn number(&mut self) -> Result<Json, ParseError> {
        let negative = self.take("-");
        let whole = self.digits()?;
        if whole.len() > 1 && whole.starts_with('0') {
            return Err(MALFORMED);
        }
        let mut number = append_digits(0.0, whole);
        let mut exponent = 0;
        if self.take(".") {
            let fraction = self.digits()?;
            number = append_digits(number, fraction);
            exponent -= i32::try_from(fraction.len()).unwrap_or(i32::MAX);
        }
        if self.take("e") || self.take("E") {
            let minus = self.take("-");
            if !minus {
                self.take("+");
            }
            let digits = self.digits()?.parse().unwrap_or(i32::MAX);
            exponent = exponent.saturating_add(if minus { digits.saturating_neg() } else { digits });
        }
        // Beyond ±400 the result is zero or infinite in any case.
        for _ in 0..exponent.unsigned_abs().min(400) {
            number = if exponent < 0 { number / 10.0 } else { number * 10.0 };
        }
        Ok(Json::Number(if negative { -number } else { number }))
    }

    fn digits(&mut self) -> Result<&'a str, ParseError> {
        let digits = self.span(|c| c.is_ascii_digit());
        if digits.is_empty() { Err(MALFORMED) } else { Ok(digits) }
    }

    fn span(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        let (span, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        span
    }

    fn skip_blank(&mut self) {
        self.span(|c| matches!(c, ' ' | '\t' | '\n' | '\r'));
    }

    fn next_is_blank(&mut self) -> bool {
        self.skip_blank();
        self.rest.is_empty()
    }

    fn take(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, token: &str) -> Result<(), ParseError> {
        if self.take(token) { Ok(()) } else { Err(if self.rest.is_empty() { TRUNCATED } else { MALFORMED }) }
    }
}

fn append_digits(number: f64, digits: &str) -> f64 {
    digits.bytes().fold(number, |sum, digit| sum * 10.0 + f64::from(digit - b'0'))
}

/// Text as a JSON string, with its quotes.
pub fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(c);
            }
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\0'..' ' => {
                quoted.push_str("\\u00");
                quoted.push_str(&super::hex(&[c as u8]));
            }
            _ => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_every_kind_are_read() {
        let json =
            parse(" {\"a\": [1, -2.5, 3e2, null, true, false], \"b\":{\"c\":\"d\"}, \"e\":[], \"f\":{}} ")
                .unwrap();
        let numbers = json.get("a").and_then(Json::as_array).unwrap();
        assert_eq!(numbers[..3], [Json::Number(1.0), Json::Number(-2.5), Json::Number(300.0)]);
        assert_eq!(numbers[3..], [Json::Null, Json::Bool(true), Json::Bool(false)]);
        assert_eq!(json.get("b").and_then(|b| b.get("c")).and_then(Json::as_str), Some("d"));
        assert_eq!(json.get("e"), Some(&Json::Array(vec![])));
        assert_eq!(json.get("f"), Some(&Json::Object(vec![])));
        assert_eq!(json.get("g"), None);
    }

    #[test]
    fn the_last_of_repeated_members_counts() {
        assert_eq!(parse("{\"a\":1,\"a\":2}").unwrap().get("a").and_then(Json::as_u64), Some(2));
    }

    #[test]
    fn only_exact_whole_numbers_count_as_u64() {
        let read = |text: &str| parse(text).unwrap().as_u64();
        assert_eq!(read("0"), Some(0));
        assert_eq!(read("9007199254740991"), Some(9_007_199_254_740_991));
        assert_eq!(read("53687091200000"), Some(53_687_091_200_000));
        assert_eq!(read("1.5e1"), Some(15));
        for text in ["9007199254740992", "-1", "0.5", "1e400", "1e99999999999", "\"1\""] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn escapes_and_surrogates_are_decoded() {
        let read = |text: &str| parse(text).unwrap().as_str().map(str::to_owned).unwrap();
        assert_eq!(read(r#""\"\\\/\b\f\n\r\t\u4e2d\ud83d\ude00""#), "\"\\/\u{8}\u{c}\n\r\t中😀");
        assert_eq!(read(r#""\ud83dx\ude00""#), "\u{fffd}x\u{fffd}");
        assert_eq!(read(r#""\ud83d\u0041""#), "\u{fffd}A");
    }

    #[test]
    fn elements_are_told_as_they_stand_in_the_text() {
        let text = " \u{feff}[ {\"a\": [1, \"]\"]} ,2,\t[ ] ]\n".trim_start();
        assert_eq!(elements(text).unwrap(), ["{\"a\": [1, \"]\"]}", "2", "[ ]"]);
        assert_eq!(elements(" [ ] ").unwrap(), [] as [&str; 0]);
        for text in ["", "{}", "1", "[1", "[1,]", "[1] 2", "[1 2]", "[]]"] {
            assert!(elements(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_truncation_is_an_error() {
        let text = r#"{"a":[1,"\u4e2d",null],"b":{"c":true}}"#;
        for end in 0..text.len() {
            assert!(parse(&text[..end]).is_err(), "{}", &text[..end]);
        }
        assert!(parse(text).is_ok());
    }

    #[test]
    fn malformed_text_is_an_error() {
        for text in [
            "",
            "nul",
            "[1,]",
            "[,1]",
            "{\"a\"}",
            "{a:1}",
            "{\"a\":1,}",
            "01",
            "1.",
            ".5",
            "-",
            "1e",
            "+1",
            "\"\n\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u+123\"",
            "[1 2]",
            "1 2",
            "NaN",
            "<html>",
            "\"\\u00中\"",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn deep_or_endless_json_is_refused() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(parse(&nested(MAX_DEPTH + 1)).is_ok());
        assert!(parse(&nested(MAX_DEPTH + 2)).is_err());
        assert!(parse(&"[".repeat(1_000_000)).is_err());
        assert!(parse(&(String::from("[0") + &",0".repeat(MAX_VALUES) + "]")).is_err());
    }

    #[test]
    fn quoted_text_is_read_back_unchanged() {
        let text = "a\"b\\c\n\r\t\u{0}\u{1f}\u{7f}/中😀";
        assert_eq!(quote("\u{1}"), "\"\\u0001\"");
        assert_eq!(parse(&quote(text)).unwrap().as_str(), Some(text));
    }
}
