//! Keeps secrets out of what people read. Servers, stores and pages quote requests in their messages: addresses whose
//! query is a signature, and headers whose value is a token.

/// Longest message kept, in characters.
pub const MAX_MESSAGE: usize = 500;

/// From this many letters and digits in a row, one of them a digit, it is a signature, a key or a token rather than a
/// word. UUIDs have hyphens.
const OPAQUE: usize = 32;

/// A message without the secrets it may quote, and with no more than [`MAX_MESSAGE`] characters. Left out, with `…` in
/// their place, are
///
/// * the rest of a word from its first `?`, `&`, `=`, backslash or percent-encoded character on, so that of an address
///   scheme, host and path remain, however it is spelled (escaped, relative, cut off in front);
/// * what follows the name of a secret and a colon, as in `Authorization: Bearer abc` or `{"token":"abc"}`;
/// * anything opaque: 32 or more letters and digits in a row.
///
/// What remains may read clumsily, but it is a hint for people, never parsed.
pub fn redact(message: &str) -> String {
    let mut redacted = String::with_capacity(message.len().min(2 * MAX_MESSAGE));
    let mut left = MAX_MESSAGE;
    let mut before = Before::Nothing;
    let mut rest = message;
    while left > 0 && !rest.is_empty() {
        let end = rest.find(is_gap).unwrap_or(rest.len());
        let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let end = after.find(|c| !is_gap(c)).unwrap_or(after.len());
        let (gap, after) = after.split_at_checked(end).unwrap_or((after, ""));
        let (kept, is_cut, now) = read(word, before);
        for c in kept.chars().chain(is_cut.then_some('…')).chain(gap.chars()).take(left) {
            redacted.push(c);
            left -= 1;
        }
        before = now;
        rest = after;
    }
    if !rest.is_empty() {
        redacted.push('…');
    }
    redacted
}

/// What the words before say about the next one.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    Nothing,
    /// It names a secret; a colon or an equals sign makes the next word that secret.
    Name(u8),
    /// So many words are secret.
    Secret(u8),
}

fn is_gap(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>')
}

/// What may be kept of a word, whether that is less than all, and what it says about the next.
fn read(word: &str, before: Before) -> (&str, bool, Before) {
    // In JSON within JSON, quotes have a backslash before them.
    let bare = word.trim_end_matches('\\');
    if matches!(bare, "" | ":" | "=") {
        let now = match before {
            Before::Name(words) if !bare.is_empty() => Before::Secret(words),
            before => before,
        };
        return (word, false, now);
    }
    let last = bare.rsplit([':', '=']).next().unwrap_or_default();
    let is_scheme = last.eq_ignore_ascii_case("bearer") || last.eq_ignore_ascii_case("basic");
    let named = named(bare);
    let value = named.map(|(end, _)| bare.get(end..).unwrap_or_default());
    let now = match (named, value) {
        // `Authorization: Bearer abc` has one more word.
        _ if is_scheme => Before::Secret(1),
        (Some((_, words)), Some(":")) => Before::Secret(words),
        (Some((_, words)), Some("")) => Before::Name(words),
        _ => Before::Nothing,
    };
    if let Before::Secret(words) = before {
        // As in `Send a token: Authorization: Bearer abc`: these are no secrets, and say what to do.
        let plain = bare.trim_end_matches(':');
        if ["authorization", "bearer", "basic"].iter().any(|word| plain.eq_ignore_ascii_case(word)) {
            return (word, false, if now == Before::Nothing { before } else { now });
        }
        let goes_on = words > 1 && !matches!(now, Before::Secret(_));
        return ("", true, if goes_on { Before::Secret(words - 1) } else { now });
    }
    let end = match (named, value) {
        (Some((end, _)), Some(value)) if value.len() > 1 => end,
        _ => word.len(),
    };
    let kept = word.get(..cut(word).min(end)).unwrap_or_default();
    (kept, kept.len() < word.len(), now)
}

/// Where the first name of a secret among the pieces between colons ends, and how many words such a secret may have.
fn named(word: &str) -> Option<(usize, u8)> {
    let mut end = 0;
    for piece in word.split(':') {
        end += piece.len();
        if let Some(words) = words_of(piece) {
            return Some((end, words));
        }
        end += 1;
    }
    None
}

/// `Authorization` has a scheme and then what counts.
fn words_of(name: &str) -> Option<u8> {
    let name = name.to_ascii_lowercase();
    let any = |names: &[&str]| names.iter().any(|secret| name.contains(secret));
    if any(&["authorization"]) {
        return Some(2);
    }
    let names = ["token", "secret", "signature", "credential", "password", "passwd", "cookie"];
    (any(&names) || any(&["api-key", "api_key", "apikey"])).then_some(1)
}

/// Where the part of a word that may be secret begins; its length when all may be shown.
fn cut(word: &str) -> usize {
    let mut opaque = (0, false);
    for (at, c) in word.char_indices() {
        // What JSON web tokens begin with: dots and hyphens break them up.
        if opaque.0 == 0 && word.get(at..).is_some_and(|rest| rest.starts_with("eyJ")) {
            return at;
        }
        let after = || word.get(at + 1..).unwrap_or_default();
        let ends = match c {
            '?' | '&' | '=' | '\\' => !after().is_empty(),
            '%' => after().starts_with(|digit: char| digit.is_ascii_hexdigit()),
            _ => false,
        };
        if ends {
            return at;
        }
        opaque = if c.is_ascii_alphanumeric() {
            (opaque.0 + 1, opaque.1 | c.is_ascii_digit())
        } else {
            (0, false)
        };
        if opaque.0 >= OPAQUE && opaque.1 {
            return at + 1 - opaque.0;
        }
    }
    word.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNATURE: &str = "4f1d2c3b4a59687766554433221100ffeeddccbbaa99887766554433221100ff";

    #[test]
    fn prose_stays_as_it_is() {
        for text in [
            "",
            "The specified upload does not exist.",
            "put-part: the store answered 403 AccessDenied: no",
            "no JSON; is the endpoint right?",
            "The provided token has expired.",
            "报告.bin (5242880 bytes) is “too large”, see https://host.example/limits",
            "3f2504e0-4f89-11d3-9a0c-0305e82c3301 is no upload of key a/b-c_d.bin",
            "100% of it",
        ] {
            assert_eq!(redact(text), text);
        }
    }

    #[test]
    fn addresses_lose_their_query_however_they_are_spelled() {
        let query = format!(
            "X-Amz-Credential=AKID%2F20260102&X-Amz-Security-Token=s3cr%2B&X-Amz-Signature={SIGNATURE}"
        );
        let escaped = query.replace('&', "\\u0026").replace('=', "\\u003d");
        for (text, redacted) in [
            (format!("PUT https://h:9000/b/k?{query} failed"), "PUT https://h:9000/b/k… failed"),
            (format!("see https://h/k?{query}\nand more"), "see https://h/k…\nand more"),
            (format!("(h/k?{query})"), "(h/k…"),
            (format!("/b/k?{query}"), "/b/k…"),
            (format!("?{query}"), "…"),
            (format!("&{query}"), "…"),
            (query.clone(), "X-Amz-Credential…"),
            (format!("{{\"url\":\"https://h/k?{query}\"}}"), "{\"url\":\"https://h/k…\"}"),
            (format!("{{\"url\":\"https:\\/\\/h\\/k?{query}\"}}"), "{\"url\":\"https:…\"}"),
            (format!("\"https://h/k?{escaped}\""), "\"https://h/k…\""),
            (format!("\"{escaped}\""), "\"X-Amz-Credential…\""),
            (format!("<a href='https://h/k?{}'>", query.replace('&', "&amp;")), "<a href='https://h/k…'>"),
            (crate::core::text::percent_encode(&format!("https://h/k?{query}")), "https…"),
            (format!("X-Amz-Signature {SIGNATURE}."), "X-Amz-Signature …"),
            (format!("signed:{SIGNATURE}"), "signed:…"),
        ] {
            assert_eq!(redact(&text), redacted, "{text}");
        }
    }

    #[test]
    fn what_is_named_as_a_secret_is_left_out() {
        for (text, redacted) in [
            ("Authorization: Bearer hush was refused", "Authorization: Bearer … was refused"),
            (
                "Send a valid token: Authorization: Bearer hush.",
                "Send a valid token: Authorization: Bearer …",
            ),
            ("authorization:hush", "authorization…"),
            ("/k?token=hush:1", "/k…"),
            ("Bearer hush", "Bearer …"),
            ("authorization=Bearer hush", "authorization… …"),
            ("authorization:bearer hush", "authorization… …"),
            ("{\"authorization\":\"Basic aHVzaA==\"}", "{\"authorization\":\"Basic …\"}"),
            ("{\"sessionToken\" : \"hush\", \"status\": 3}", "{\"sessionToken\" : \"…\", \"status\": 3}"),
            ("{\\\"token\\\":\\\"hush\\\"}", "{\\\"token\\\":\\\"…\"}"),
            ("X-Amz-Security-Token:\n hush", "X-Amz-Security-Token:\n …"),
            ("Cookie: id=hush; theme=dark", "Cookie: … theme…"),
            ("x-api-key: hush", "x-api-key: …"),
            ("password=hush", "password…"),
            ("signature : \"token\":\"hush\"", "signature : \"…\":\"…\""),
            ("Authorization: Token hush no", "Authorization: … … no"),
            ("Authorization: AWS AKID:hush", "Authorization: … …"),
            ("{\"apiKey\":\"hush\"}", "{\"apiKey\":\"…\"}"),
            ("api_key: hush", "api_key: …"),
            ("password = hush", "password = …"),
            ("{headers:{authorization:\"hush\"}}", "{headers:{authorization:\"…\"…"),
            ("error:token:hush", "error:token…"),
            ("jwt malformed: eyJhush.eyJhush.hush", "jwt malformed: …"),
        ] {
            assert_eq!(redact(text), redacted);
        }
    }

    #[test]
    fn long_messages_are_cut() {
        let long = redact(&"中 ".repeat(1_000_000));
        assert_eq!(long.chars().count(), MAX_MESSAGE + 1);
        assert!(long.ends_with('…'));
        assert_eq!(redact(&"x".repeat(1_000_000)).chars().count(), MAX_MESSAGE);
    }
}
