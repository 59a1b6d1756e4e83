//! Where a body ends (RFC 9112 §6 and §7.1).

/// How the end of a body is known; it is fed the raw bytes and counts down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Framing {
    /// So many bytes are still to come.
    Length(u64),
    /// `Transfer-Encoding: chunked`.
    Chunked(Chunk),
    /// A reply that ends with the connection.
    UntilClose,
}

/// Where in a chunked body the next byte belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chunk {
    /// In a size line; `extension` once its `;` was seen.
    Size {
        /// The size as far as read.
        value: u64,
        /// Past the digits.
        extension: bool,
    },
    /// So many bytes of content are left.
    Data(u64),
    /// In the line break after the content.
    DataEnd,
    /// In the trailer section.
    Trailer {
        /// Nothing but a carriage return has been seen in this line.
        empty: bool,
    },
    /// After the last line.
    Done,
}

/// What of the given bytes belongs to the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Bytes on the wire.
    pub raw: usize,
    /// Bytes of content among them.
    pub content: u64,
}

impl Framing {
    /// No body at all.
    pub const EMPTY: Self = Self::Length(0);

    /// A chunked body from its first byte.
    pub const CHUNKED: Self = Self::Chunked(Chunk::Size { value: 0, extension: false });

    /// Whether the body has ended.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Length(0) | Self::Chunked(Chunk::Done))
    }

    /// Takes what belongs to the body from the start of `bytes`.
    pub fn advance(&mut self, bytes: &[u8]) -> Taken {
        match self {
            Self::Length(left) => {
                let taken = (*left).min(bytes.len() as u64);
                *left -= taken;
                Taken { raw: taken as usize, content: taken }
            }
            Self::Chunked(chunk) => chunk.advance(bytes),
            Self::UntilClose => Taken { raw: bytes.len(), content: bytes.len() as u64 },
        }
    }
}

impl Chunk {
    fn advance(&mut self, bytes: &[u8]) -> Taken {
        let mut taken = Taken { raw: 0, content: 0 };
        while let Some((&byte, rest)) = bytes.get(taken.raw..).and_then(<[u8]>::split_first) {
            match self {
                Self::Done => break,
                Self::Data(left) => {
                    let run = (*left).min(rest.len() as u64 + 1);
                    taken.raw += run as usize;
                    taken.content += run;
                    *self = if *left == run { Self::DataEnd } else { Self::Data(*left - run) };
                }
                _ => {
                    taken.raw += 1;
                    *self = self.after_control_byte(byte);
                }
            }
        }
        taken
    }

    fn after_control_byte(&self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Size { value: 0, .. }, b'\n') => Self::Trailer { empty: true },
            (Self::Size { value, .. }, b'\n') => Self::Data(*value),
            (Self::Size { value, extension: false }, _) => match (byte as char).to_digit(16) {
                Some(digit) => {
                    Self::Size { value: value.saturating_mul(16) + u64::from(digit), extension: false }
                }
                None => Self::Size { value: *value, extension: true },
            },
            (Self::DataEnd, b'\n') => Self::Size { value: 0, extension: false },
            (Self::Trailer { empty: true }, b'\n') => Self::Done,
            (Self::Trailer { .. }, b'\n') => Self::Trailer { empty: true },
            (Self::Trailer { empty }, _) => Self::Trailer { empty: *empty && byte == b'\r' },
            (same, _) => (*same).clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counted_body_leaves_what_follows_it() {
        let mut framing = Framing::Length(3);
        assert_eq!(framing.advance(b"ab"), Taken { raw: 2, content: 2 });
        assert!(!framing.is_done());
        assert_eq!(framing.advance(b"cNEXT"), Taken { raw: 1, content: 1 });
        assert!(framing.is_done());
    }

    #[test]
    fn a_chunked_body_ends_at_the_same_byte_however_it_is_cut() {
        let body = b"4;name=x\r\nWiki\r\nA\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n";
        let stream = [body.as_slice(), b"PUT / HTTP/1.1"].concat();
        for step in 1..=stream.len() {
            let mut framing = Framing::CHUNKED;
            let (mut raw, mut content) = (0, 0);
            for piece in stream.chunks(step) {
                let taken = framing.advance(piece);
                raw += taken.raw;
                content += taken.content;
                if framing.is_done() {
                    break;
                }
            }
            assert!(framing.is_done(), "in steps of {step}");
            assert_eq!((raw, content), (body.len(), 14), "in steps of {step}");
        }
    }
}
