//! Takes a body that carries content: finds out where in which file it belongs, and compares every byte.

use crate::{
    content::{FileNumber, Span, locate},
    digests::{Digests, Md5Digest},
    http::Body,
    world::World,
};
use md5::{Digest, Md5};
use std::io;

/// What has arrived.
#[derive(Debug)]
pub struct Received {
    /// Where it belongs; `None` when it is not what it ought to be.
    pub span: Option<Span>,
    /// All zeros when there is none to tell.
    pub md5: Md5Digest,
}

/// Reads `length` bytes of content from a body, the first of which may have been read already.
///
/// # Errors
/// As of [`Body::piece`].
pub fn receive(
    first: &[u8],
    body: &mut Body<'_>,
    length: u64,
    digests: &Digests,
    world: &World,
) -> io::Result<Received> {
    let mut receiver = Receiver::new(None, Some((digests, length)));
    receiver.take(first);
    world.count_content(first.len());
    let mut left = length - first.len() as u64;
    while left > 0 {
        let Some(piece) = body.piece()? else { break };
        let piece = piece.get(..left.min(piece.len() as u64) as usize).unwrap_or_default();
        left -= piece.len() as u64;
        world.count_content(piece.len());
        receiver.take(piece);
    }
    Ok(receiver.finish())
}

/// Compares piece after piece.
pub struct Receiver<'a> {
    /// Where the next byte belongs.
    next: Option<(FileNumber, u64)>,
    /// Bytes before it was known where they belong.
    start: Vec<u8>,
    received: u64,
    right: bool,
    /// Where an MD5 is looked up that is asked for, and of how many bytes.
    wanted: Option<(&'a Digests, u64)>,
    md5: Option<Md5>,
}

impl<'a> Receiver<'a> {
    /// `place` where it is known; `wanted` when an MD5 is asked for, of so many bytes.
    pub fn new(place: Option<(FileNumber, u64)>, wanted: Option<(&'a Digests, u64)>) -> Self {
        Self { next: place, start: Vec::new(), received: 0, right: true, wanted, md5: None }
    }

    /// Takes the bytes that follow.
    pub fn take(&mut self, bytes: &[u8]) {
        if self.next.is_some() {
            return self.compare(bytes);
        }
        self.start.extend_from_slice(bytes);
        let start = std::mem::take(&mut self.start);
        let Some(word) = start.first_chunk() else { return self.start = start };
        self.next = locate(*word);
        self.right = self.next.is_some();
        let known = self.wanted.zip(self.next).and_then(|((digests, length), (file, offset))| {
            digests.of(&Span { file, bytes: offset..offset + length })
        });
        self.md5 = (self.right && self.wanted.is_some() && known.is_none()).then(Md5::new);
        self.compare(&start);
    }

    fn compare(&mut self, bytes: &[u8]) {
        let Some((file, offset)) = self.next.filter(|_| self.right) else { return };
        self.right = file.holds(offset, bytes);
        self.received += bytes.len() as u64;
        self.next = Some((file, offset + bytes.len() as u64));
        if let Some(md5) = &mut self.md5 {
            md5.update(bytes);
        }
    }

    /// What has arrived, if all of it was right.
    pub fn span(&self) -> Option<Span> {
        let (file, end) = self.next.filter(|_| self.right && self.received > 0)?;
        Some(Span { file, bytes: end - self.received..end })
    }

    fn finish(self) -> Received {
        let Some((span, (digests, _))) = self.span().zip(self.wanted) else {
            return Received { span: self.span(), md5: Md5Digest::default() };
        };
        let md5 = match self.md5 {
            Some(hasher) => {
                let digest = hasher.finalize().into();
                digests.learn(span.clone(), digest);
                digest
            }
            None => digests.of(&span).unwrap_or_default(),
        };
        Received { span: Some(span), md5 }
    }
}
