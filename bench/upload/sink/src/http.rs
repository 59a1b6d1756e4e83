//! As much of HTTP/1.1 (RFC 9112) as browsers need that upload: requests whose length is told, connections that are kept.

use std::{
    fmt::Write as _,
    io::{self, Read, Write},
    net::TcpStream,
};

/// Bytes read at a time: few calls of the kernel, and what was read is still in the processor's cache when it is checked.
const BUFFER: usize = 256 * 1024;
const MAX_HEADERS: usize = 64;

/// One connection of a browser.
pub struct Connection {
    stream: TcpStream,
    buffer: Box<[u8]>,
    /// What of the buffer was read and not yet used.
    start: usize,
    end: usize,
}

impl Connection {
    /// # Errors
    /// When the socket is of no use any more.
    pub fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; BUFFER].into(), start: 0, end: 0 })
    }

    /// The next request without its body; `None` when the browser has closed the connection.
    ///
    /// # Errors
    /// The socket's, and `InvalidData` for what no browser sends.
    pub fn request(&mut self) -> io::Result<Option<Request>> {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        loop {
            if let Some((request, length)) = parse(self.buffer.get(..self.end).unwrap_or_default())? {
                self.start = length;
                return Ok(Some(request));
            }
            let free = self.buffer.get_mut(self.end..).unwrap_or_default();
            if free.is_empty() {
                return Err(invalid("the head is too long"));
            }
            match self.stream.read(free)? {
                0 => return Ok(None),
                count => self.end += count,
            }
        }
    }

    /// The body of the request that was just read.
    pub fn body(&mut self, request: &Request) -> Body<'_> {
        Body { left: request.length, connection: self }
    }

    /// # Errors
    /// The socket's.
    pub fn reply(&mut self, request: &Request, reply: &Reply) -> io::Result<()> {
        self.stream.write_all(&reply.bytes(request))
    }

    fn piece(&mut self, most: u64) -> io::Result<&[u8]> {
        if self.start == self.end {
            (self.start, self.end) = (0, self.stream.read(&mut self.buffer)?);
            if self.end == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let from = self.start;
        self.start += most.min((self.end - from) as u64) as usize;
        Ok(self.buffer.get(from..self.start).unwrap_or_default())
    }
}

/// A body that is being read.
pub struct Body<'a> {
    connection: &'a mut Connection,
    left: u64,
}

impl Body<'_> {
    /// Bytes that are still to come.
    pub fn left(&self) -> u64 {
        self.left
    }

    /// What has arrived next; `None` after the end.
    ///
    /// # Errors
    /// The socket's, and `UnexpectedEof` when it is closed before the end.
    pub fn piece(&mut self) -> io::Result<Option<&[u8]>> {
        if self.left == 0 {
            return Ok(None);
        }
        let piece = self.connection.piece(self.left)?;
        self.left -= piece.len() as u64;
        Ok(Some(piece))
    }

    /// Reads what nobody has asked for, so that the connection can be used again.
    ///
    /// # Errors
    /// As of [`Body::piece`].
    pub fn rest(&mut self) -> io::Result<()> {
        while self.piece()?.is_some() {}
        Ok(())
    }

    /// All of it, for what is short.
    ///
    /// # Errors
    /// As of [`Body::piece`].
    pub fn text(&mut self) -> io::Result<String> {
        let mut all = Vec::new();
        while let Some(piece) = self.piece()? {
            all.extend_from_slice(piece);
        }
        String::from_utf8(all).map_err(invalid)
    }
}

/// A request's head.
#[derive(Debug)]
pub struct Request {
    /// In upper case, as sent.
    pub method: String,
    /// As sent, percent-encoded, without the query.
    pub path: String,
    /// Decoded.
    query: Vec<(String, String)>,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    /// Bytes of its body.
    pub length: u64,
}

impl Request {
    /// A query parameter.
    pub fn param(&self, name: &str) -> Option<&str> {
        find(&self.query, name)
    }

    /// A header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// A header or a parameter that is a number.
    pub fn number<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.param(name).or_else(|| self.header(name))?.parse().ok()
    }
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// The head at the start of these bytes, and its length.
fn parse(bytes: &[u8]) -> io::Result<Option<(Request, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut head = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(end) = head.parse(bytes).map_err(invalid)? else { return Ok(None) };
    let target = head.path.unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers: Vec<_> = head
        .headers
        .iter()
        .map(|header| (header.name.to_ascii_lowercase(), String::from_utf8_lossy(header.value).into_owned()))
        .collect();
    if find(&headers, "transfer-encoding").is_some() {
        return Err(invalid("browsers tell the length of what they send"));
    }
    let length = find(&headers, "content-length").map_or(Ok(0), str::parse).map_err(invalid)?;
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let query = pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect();
    let method = head.method.unwrap_or_default().to_owned();
    Ok(Some((Request { method, path: path.to_owned(), query, headers, length }, end)))
}

/// Undoes percent-encoding.
pub fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|_| first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        let code = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(code.unwrap_or(first));
        rest = if code.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// An answer.
#[derive(Debug, Default)]
pub struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Reply {
    /// Nothing but a status.
    pub fn empty(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// XML, as stores answer.
    pub fn xml(status: u16, body: String) -> Self {
        let body = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{body}");
        Self { body, ..Self::empty(status) }.with("Content-Type", "application/xml")
    }

    /// JSON, as backends answer.
    pub fn json(value: &impl serde::Serialize) -> Self {
        let body = serde_json::to_string(value).unwrap_or_default();
        Self { body, ..Self::empty(200) }.with("Content-Type", "application/json")
    }

    /// Its status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// With one header more.
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    /// With what the Fetch standard asks for ("CORS protocol"), so that pages of any origin may read all of it.
    pub fn for_all_origins(self, request: &Request, expose: &str) -> Self {
        let Some(origin) = request.header("origin") else { return self };
        self.with("Access-Control-Allow-Origin", origin)
            .with("Access-Control-Allow-Credentials", "true")
            .with("Access-Control-Expose-Headers", expose)
            .with("Vary", "Origin")
    }

    fn bytes(&self, request: &Request) -> Vec<u8> {
        let mut text = format!("HTTP/1.1 {} -\r\n", self.status);
        for (name, value) in &self.headers {
            // Writing to a String cannot fail.
            let _ = write!(text, "{name}: {value}\r\n");
        }
        if self.status != 204 {
            let _ = write!(text, "Content-Length: {}\r\n", self.body.len());
        }
        text.push_str("\r\n");
        if request.method != "HEAD" {
            text.push_str(&self.body);
        }
        text.into_bytes()
    }
}

/// What no browser sends.
pub fn invalid(cause: impl ToString) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_understood_once_it_is_whole() {
        let bytes =
            b"PUT /b/a%20b?partNumber=3&uploadId=x%2Fy&uploads HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello";
        for length in 0..bytes.len() - 5 {
            assert!(parse(&bytes[..length]).unwrap().is_none());
        }
        let (request, end) = parse(bytes).unwrap().unwrap();
        assert_eq!((request.method.as_str(), request.path.as_str(), request.length), ("PUT", "/b/a%20b", 5));
        assert_eq!((request.number("partNumber"), request.param("uploadId")), (Some(3), Some("x/y")));
        assert_eq!((request.param("uploads"), request.param("upload")), (Some(""), None));
        assert_eq!(&bytes[end..], b"hello");
    }

    #[test]
    fn a_body_without_a_length_is_refused() {
        assert!(parse(b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n").is_err());
    }

    #[test]
    fn what_is_not_percent_encoded_stays() {
        assert_eq!(decode("a%20b%zz%E6%8A%A5%"), "a b%zz报%");
    }
}
