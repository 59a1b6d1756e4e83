//! Newtypes, so that a part number is never a byte count and a duration never a date.

/// A part number as object stores count them: 1 to 10 000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartNumber(u16);

impl PartNumber {
    /// The largest number any of the supported stores takes.
    pub const MAX: u32 = 10_000;
    /// The first part.
    pub const FIRST: Self = Self(1);

    /// `None` outside 1..=10 000.
    pub fn new(number: u32) -> Option<Self> {
        (1..=Self::MAX).contains(&number).then_some(Self(number as u16))
    }

    /// The part at a zero-based position; `None` past the 10 000th.
    pub fn from_index(index: usize) -> Option<Self> {
        u32::try_from(index).ok().and_then(|i| Self::new(i.saturating_add(1)))
    }

    /// The number, 1 to 10 000.
    pub fn get(self) -> u32 {
        u32::from(self.0)
    }

    /// The zero-based position, 0 to 9 999.
    pub fn index(self) -> usize {
        usize::from(self.0) - 1
    }
}

/// Bytes `start..end` of a file; `end` is exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteRange {
    /// First byte.
    pub start: u64,
    /// One past the last byte; never below `start`.
    pub end: u64,
}

impl ByteRange {
    /// Number of bytes in the range.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(self) -> u64 {
        self.end.saturating_sub(self.start)
    }
}

/// A duration in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millis(pub u64);

impl Millis {
    /// Whole seconds as milliseconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1000))
    }
}

/// A moment on a clock that never goes back; its origin means nothing. Milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(pub u64);

impl Instant {
    /// The time passed since `earlier`, zero if that is later.
    pub fn since(self, earlier: Self) -> Millis {
        Millis(self.0.saturating_sub(earlier.0))
    }
}

impl std::ops::Add<Millis> for Instant {
    type Output = Self;
    fn add(self, wait: Millis) -> Self {
        Self(self.0.saturating_add(wait.0))
    }
}

/// A date on the device's wall clock, in milliseconds since 1970-01-01T00:00Z. It may be wrong and may jump.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixMillis(pub u64);

impl UnixMillis {
    /// Whole seconds since 1970.
    pub fn secs(self) -> u64 {
        self.0 / 1000
    }
}

/// Both clocks, read together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// For waits, rates and watchdogs.
    pub mono: Instant,
    /// For expiry dates and signatures.
    pub wall: UnixMillis,
}
