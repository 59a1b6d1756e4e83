//! Everything that is to be known of a file, from one reading of its bytes.

use super::{Crc64, Crc64Hasher, Md5Digest, Md5Hasher};

/// What to compute of bytes that come as pieces, such as the parts of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The MD5 of each piece.
    pub md5: bool,
    /// The MD5 of everything, beside it.
    pub whole: bool,
    /// The CRC-64/XZ of each piece.
    pub xz: bool,
    /// The CRC-64/NVME of each piece.
    pub nvme: bool,
}

impl Wanted {
    /// The MD5 of each piece, and a checksum where there is one to be had.
    pub fn of_parts(crc64: Option<Crc64>) -> Self {
        Self { md5: true, whole: false, xz: crc64 == Some(Crc64::Xz), nvme: crc64 == Some(Crc64::Nvme) }
    }
}

/// What is known of some bytes: of what was wanted, everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digests {
    /// Their MD5.
    pub md5: Option<Md5Digest>,
    /// Their CRC-64/XZ.
    pub xz: Option<u64>,
    /// Their CRC-64/NVME.
    pub nvme: Option<u64>,
}

impl Digests {
    /// Reads 64 hexadecimal digits, of an MD5, a CRC-64/XZ and a CRC-64/NVME, those that were not wanted zeros.
    pub fn from_hex(text: &str, wanted: Wanted) -> Option<Self> {
        let (md5, sums) = text.split_at_checked(32)?;
        let (xz, nvme) = sums.split_at_checked(16)?;
        let sum = |digits: &str| u64::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 16);
        let (md5, xz, nvme) = (Md5Digest::from_hex(md5)?, sum(xz)?, sum(nvme)?);
        Some(Self {
            md5: wanted.md5.then_some(md5),
            xz: wanted.xz.then_some(xz),
            nvme: wanted.nvme.then_some(nvme),
        })
    }

    /// The checksum of that kind.
    pub fn crc64(&self, crc64: Crc64) -> Option<u64> {
        match crc64 {
            Crc64::Xz => self.xz,
            Crc64::Nvme => self.nvme,
        }
    }
}

/// What proves that a store has a part as it is in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The MD5 of the part.
    pub md5: Md5Digest,
    /// Its checksum, where the store tells one.
    pub crc64: Option<u64>,
}

impl Digests {
    /// With the checksum of that kind, if any. `None` without an MD5.
    pub fn proof(&self, crc64: Option<Crc64>) -> Option<Proof> {
        let crc64 = crc64.and_then(|crc64| self.crc64(crc64));
        self.md5.map(|md5| Proof { md5, crc64 })
    }
}

/// Computes it.
#[derive(Clone, Debug)]
pub struct Digester {
    whole: Option<Md5Hasher>,
    md5: Option<Md5Hasher>,
    xz: Option<Crc64Hasher>,
    nvme: Option<Crc64Hasher>,
}

impl Digester {
    /// Of no bytes so far.
    pub fn new(wanted: Wanted) -> Self {
        let crc64 = |is_wanted: bool, crc64| is_wanted.then(|| Crc64Hasher::new(crc64));
        Self {
            whole: wanted.whole.then(Md5Hasher::new),
            md5: wanted.md5.then(Md5Hasher::new),
            xz: crc64(wanted.xz, Crc64::Xz),
            nvme: crc64(wanted.nvme, Crc64::Nvme),
        }
    }

    /// Goes on with the MD5 of everything, if that is wanted, from where it was left.
    #[must_use]
    pub fn after(self, whole: Md5Hasher) -> Self {
        Self { whole: self.whole.map(|_| whole), ..self }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        Self::update_all(&mut [(self, bytes)]);
    }

    /// Takes the next bytes of several, which is faster than one after the other.
    pub fn update_all(work: &mut [(&mut Self, &[u8])]) {
        let mut streams = Vec::with_capacity(2 * work.len());
        for (digester, bytes) in &mut *work {
            let Self { whole, md5, xz, nvme } = &mut **digester;
            streams.extend([whole, md5].into_iter().flatten().map(|hasher| (hasher, *bytes)));
            [xz, nvme].into_iter().flatten().for_each(|hasher| hasher.update(bytes));
        }
        Md5Hasher::update_all(&mut streams);
    }

    /// Ends a piece, and begins the next one.
    pub fn end_piece(&mut self) -> Digests {
        Digests {
            md5: self.md5.as_mut().map(|hasher| std::mem::take(hasher).finish()),
            xz: self.xz.as_mut().map(Crc64Hasher::restart),
            nvme: self.nvme.as_mut().map(Crc64Hasher::restart),
        }
    }

    /// Of everything taken so far.
    pub fn whole(&self) -> Option<&Md5Hasher> {
        self.whole.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Wanted = Wanted { md5: true, whole: true, xz: true, nvme: true };

    fn digests(wanted: Wanted, bytes: &[u8]) -> Digests {
        let mut digester = Digester::new(wanted);
        digester.update(bytes);
        digester.end_piece()
    }

    #[test]
    fn pieces_and_everything_come_from_one_reading() {
        let bytes: Vec<u8> = (0..20_000_u32).map(|n| ((n * n) >> 3) as u8).collect();
        let mut digester = Digester::new(ALL);
        for piece in bytes.chunks(6000) {
            let (begin, end) = piece.split_at(999);
            digester.update(begin);
            digester.update(end);
            assert_eq!(digester.end_piece(), digests(ALL, piece));
        }
        let whole = digester.whole().cloned().unwrap().finish();
        assert_eq!(Some(whole), digests(ALL, &bytes).md5);
        assert_eq!(digester.end_piece(), digests(ALL, b""));
    }

    #[test]
    fn nothing_is_computed_that_nobody_wants() {
        assert_eq!(digests(Wanted::default(), b"bytes"), Digests::default());
        let found = digests(Wanted::of_parts(Some(Crc64::Nvme)), b"123456789");
        assert_eq!((found.crc64(Crc64::Xz), found.crc64(Crc64::Nvme)), (None, Some(0xae8b_1486_0a79_9888)));
        assert!(found.md5.is_some() && Digester::new(Wanted::of_parts(None)).whole().is_none());
    }

    #[test]
    fn what_was_left_is_gone_on_with() {
        let mut first = Digester::new(ALL);
        first.update(b"1234");
        let mut second = Digester::new(Wanted { whole: true, ..Wanted::default() });
        second = second.after(first.whole().cloned().unwrap());
        second.update(b"56789");
        let whole = second.whole().cloned().unwrap().finish();
        assert_eq!(Some(whole), digests(ALL, b"123456789").md5);
    }

    #[test]
    fn several_at_once_are_as_one_after_the_other() {
        let bytes: Vec<u8> = (0..9000_u32).map(|n| ((n * n) >> 3) as u8).collect();
        let mut digesters = [ALL, Wanted::of_parts(None), ALL, Wanted::default(), ALL].map(Digester::new);
        let pieces = [&bytes[..], &bytes[..700], &bytes[5..], &bytes, &bytes[..0]];
        Digester::update_all(&mut digesters.iter_mut().zip(pieces).collect::<Vec<_>>());
        for ((mut digester, piece), wanted) in
            digesters.into_iter().zip(pieces).zip([ALL, Wanted::of_parts(None), ALL, Wanted::default(), ALL])
        {
            assert_eq!(digester.end_piece(), digests(wanted, piece));
        }
    }
}
