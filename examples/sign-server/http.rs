//! As much of HTTP/1.1 as the example needs: one request and one reply for each connection.

use serde_json::Value;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A request to sign is a few hundred bytes, with a long key and metadata some thousand.
const MAX_BYTES: u64 = 64 * 1024;

/// A request, as far as it matters here.
#[derive(Default)]
pub struct Request {
    pub method: String,
    /// Of `Authorization: Bearer TOKEN`.
    pub token: Option<String>,
    pub body: Vec<u8>,
}

/// Reads a request, answers it and hangs up. What is no HTTP, too long or too slow gets no answer.
pub fn serve(mut stream: TcpStream, answer: impl Fn(&Request) -> (u16, Value)) {
    let timeout = Some(Duration::from_secs(10));
    if stream.set_read_timeout(timeout).is_err() || stream.set_write_timeout(timeout).is_err() {
        return;
    }
    if let Ok(request) = read(&stream) {
        let (status, body) = answer(&request);
        // Whoever has gone away does not want it.
        let _ = write(&mut stream, status, &body.to_string());
    }
}

fn read(stream: &TcpStream) -> io::Result<Request> {
    let mut reader = BufReader::new(stream.take(MAX_BYTES));
    let mut request = Request::default();
    let mut line = String::new();
    reader.read_line(&mut line)?;
    request.method = line.split(' ').next().unwrap_or_default().to_owned();
    let mut length = 0;
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().map_err(|_| io::ErrorKind::InvalidData)?,
            "authorization" => request.token = value.strip_prefix("Bearer ").map(str::to_owned),
            _ => {}
        }
    }
    reader.take(length).read_to_end(&mut request.body)?;
    Ok(request)
}

fn write(stream: &mut TcpStream, status: u16, body: &str) -> io::Result<()> {
    let reason = match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        _ => "Method Not Allowed",
    };
    write!(
        stream,
        "HTTP/1.1 {status} {reason}\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}
