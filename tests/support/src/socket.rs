//! Sockets read and written through a shared reference, so that both directions can be watched at once.

use std::{future::pending, io};
use tokio::{io::Interest, net::TcpStream};

/// Bytes read at a time.
const PIECE: usize = 64 * 1024;

/// Appends what has arrived to `buffer`, waiting for at least one byte; 0 when the peer has closed.
///
/// # Errors
/// The socket's, such as a reset.
pub async fn read_some(stream: &TcpStream, buffer: &mut Vec<u8>) -> io::Result<usize> {
    buffer.reserve(PIECE);
    loop {
        stream.readable().await?;
        match stream.try_read_buf(buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            done => return done,
        }
    }
}

/// Writes everything.
///
/// # Errors
/// The socket's, such as a reset.
pub async fn write_all(stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        stream.writable().await?;
        match stream.try_write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
        }
    }
    Ok(())
}

/// Resolves when the peer has closed; never if it sent more bytes first.
pub async fn closed_by_peer(stream: &TcpStream) {
    match stream.peek(&mut [0]).await {
        Ok(0) | Err(_) => {}
        Ok(_) => pending().await,
    }
}

/// Resolves when the peer has reset the connection, whether or not there are bytes to read.
pub async fn reset_by_peer(stream: &TcpStream) {
    // An error here means that the socket is unusable too.
    let _ = stream.ready(Interest::ERROR).await;
}

/// Closes with a reset, as a broken network would, in place of an orderly end.
pub fn reset(stream: TcpStream) {
    // A socket that refuses the option is closed all the same.
    let _ = stream.set_zero_linger();
    drop(stream);
}
