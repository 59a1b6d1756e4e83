//! Request and reply heads, as far as a proxy must understand them.

use crate::framing::Framing;
use std::io;

/// Longest head accepted, bytes: presigned URLs are long, but not this long.
pub const MAX_HEAD: usize = 64 * 1024;
const MAX_HEADERS: usize = 128;

/// What a request's head says.
#[derive(Clone, Debug)]
pub struct RequestHead {
    /// In upper case, as sent.
    pub method: String,
    /// As sent, percent-encoded, without the query.
    pub path: String,
    /// Names and values as sent, percent-encoded.
    pub query: Vec<(String, String)>,
    /// The `Origin` header.
    pub origin: Option<String>,
    /// How long its body is.
    pub framing: Framing,
    /// The client waits for `100 Continue` before it sends the body.
    pub expects_continue: bool,
    /// The client wants the connection closed afterwards.
    pub close: bool,
    /// Bytes of the head, the empty line included.
    pub len: usize,
}

impl RequestHead {
    /// The value of a query parameter, as sent.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// What a reply's head says.
#[derive(Clone, Debug)]
pub struct ReplyHead {
    /// HTTP status; 1xx is followed by another head.
    pub status: u16,
    /// How long its body is.
    pub framing: Framing,
    /// The server closes the connection afterwards.
    pub close: bool,
    /// Bytes of the head, the empty line included.
    pub len: usize,
}

/// Reads a request's head; `None` while it is incomplete.
///
/// # Errors
/// `InvalidData` for what is not HTTP/1.1.
pub fn request(bytes: &[u8]) -> io::Result<Option<RequestHead>> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut head = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(len) = head.parse(bytes).map_err(not_http)? else {
        return within_limit(bytes);
    };
    let (path, query) = split_target(head.path.unwrap_or_default());
    Ok(Some(RequestHead {
        method: head.method.unwrap_or_default().to_owned(),
        path,
        query,
        origin: text(head.headers, "origin"),
        framing: framing(head.headers)?.unwrap_or(Framing::EMPTY),
        expects_continue: has_token(head.headers, "expect", "100-continue"),
        close: has_token(head.headers, "connection", "close"),
        len,
    }))
}

/// Reads the head of the reply to a `method` request; `None` while it is incomplete.
///
/// # Errors
/// `InvalidData` for what is not HTTP/1.1.
pub fn reply(bytes: &[u8], method: &str) -> io::Result<Option<ReplyHead>> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut head = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(len) = head.parse(bytes).map_err(not_http)? else {
        return within_limit(bytes);
    };
    let status = head.code.unwrap_or_default();
    let bodiless = method == "HEAD" || status < 200 || status == 204 || status == 304;
    let framing = match bodiless {
        true => Framing::EMPTY,
        false => framing(head.headers)?.unwrap_or(Framing::UntilClose),
    };
    let close = framing == Framing::UntilClose || has_token(head.headers, "connection", "close");
    Ok(Some(ReplyHead { status, framing, close, len }))
}

/// The head without the named headers (any case).
pub fn without_headers(head: &[u8], names: &[String]) -> Vec<u8> {
    head.split_inclusive(|&byte| byte == b'\n')
        .filter(|line| {
            let name = line.split(|&byte| byte == b':').next().unwrap_or_default();
            !names.iter().any(|hidden| hidden.as_bytes().eq_ignore_ascii_case(name))
        })
        .flatten()
        .copied()
        .collect()
}

fn split_target(target: &str) -> (String, Vec<(String, String)>) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (name.to_owned(), value.to_owned())
    });
    (path.to_owned(), pairs.collect())
}

fn framing(headers: &[httparse::Header<'_>]) -> io::Result<Option<Framing>> {
    if has_token(headers, "transfer-encoding", "chunked") {
        return Ok(Some(Framing::CHUNKED));
    }
    text(headers, "content-length")
        .map(|length| length.trim().parse().map(Framing::Length).map_err(|_| not_http("content-length")))
        .transpose()
}

fn text(headers: &[httparse::Header<'_>], name: &str) -> Option<String> {
    let header = headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
    Some(String::from_utf8_lossy(header.value).into_owned())
}

fn has_token(headers: &[httparse::Header<'_>], name: &str, token: &str) -> bool {
    text(headers, name)
        .is_some_and(|value| value.split(',').any(|item| item.trim().eq_ignore_ascii_case(token)))
}

fn within_limit<T>(bytes: &[u8]) -> io::Result<Option<T>> {
    if bytes.len() > MAX_HEAD { Err(not_http("the head is too long")) } else { Ok(None) }
}

fn not_http(cause: impl ToString) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_put_is_understood() {
        let bytes = b"PUT /demo/a%20b?partNumber=3&uploadId=x%2Fy HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello";
        let head = request(bytes).unwrap().unwrap();
        assert_eq!((head.method.as_str(), head.path.as_str()), ("PUT", "/demo/a%20b"));
        assert_eq!((head.param("partNumber"), head.param("uploadId")), (Some("3"), Some("x%2Fy")));
        assert_eq!((head.framing, head.close), (Framing::Length(5), false));
        assert_eq!(bytes.get(head.len..), Some(b"hello".as_slice()));
    }

    #[test]
    fn an_incomplete_head_is_waited_for_and_garbage_is_refused() {
        assert!(request(b"PUT / HTTP/1.1\r\nHost").unwrap().is_none());
        assert!(request(b"\x16\x03\x01\x02\x00").is_err());
        assert!(request(&[b'A'; MAX_HEAD + 1]).is_err());
    }

    #[test]
    fn a_reply_to_head_has_no_body_whatever_its_length_says() {
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
        assert_eq!(reply(bytes, "HEAD").unwrap().unwrap().framing, Framing::EMPTY);
        assert_eq!(reply(bytes, "GET").unwrap().unwrap().framing, Framing::Length(9));
    }

    #[test]
    fn hidden_headers_are_left_out_and_nothing_else() {
        let head = b"HTTP/1.1 200 OK\r\nETag: \"a\"\r\nAccess-Control-Expose-Headers: ETag\r\n\r\n";
        let hidden = without_headers(head, &["access-control-expose-headers".to_owned()]);
        assert_eq!(hidden, b"HTTP/1.1 200 OK\r\nETag: \"a\"\r\n\r\n");
    }
}
