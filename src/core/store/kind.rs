//! The four kinds of store.

use super::{Limits, bos, cos, oss, s3};
use crate::core::hash::Crc64;
use crate::core::plan::DEFAULT_PART_SIZE;

const MIB: u64 = 1024 * 1024;

/// Whose protocol a store speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Amazon S3, and the stores that speak its protocol.
    #[default]
    S3,
    /// Aliyun OSS.
    Oss,
    /// Tencent COS.
    Cos,
    /// Baidu BOS.
    Bos,
}

/// In which words a store says what all of them say.
pub(super) struct Dialect {
    pub limits: Limits,
    /// Before the names of its own headers.
    pub prefix: &'static str,
    /// The query parameters of a list of parts: how many, and after which.
    pub parts_page: [&'static str; 2],
    /// The query parameters of a list of uploads: how many, and after which key and upload id.
    pub uploads_page: [&'static str; 3],
    /// The header that tells the CRC-64 of an object, and the checksum it is.
    pub crc64: (&'static str, Crc64),
}

impl Dialect {
    pub const XML_PARTS_PAGE: [&'static str; 2] = ["max-parts", "part-number-marker"];
    pub const XML_UPLOADS_PAGE: [&'static str; 3] = ["max-uploads", "key-marker", "upload-id-marker"];
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::S3, Self::Oss, Self::Cos, Self::Bos];

    /// `s3`, `oss`, `cos` or `bos`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Oss => "oss",
            Self::Cos => "cos",
            Self::Bos => "bos",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// What it takes.
    pub fn limits(self) -> Limits {
        self.dialect().limits
    }

    /// Which checksum over a whole object it may tell.
    pub fn crc64(self) -> Crc64 {
        self.dialect().crc64.1
    }

    pub(super) fn dialect(self) -> &'static Dialect {
        match self {
            Self::S3 => &s3::DIALECT,
            Self::Oss => &oss::DIALECT,
            Self::Cos => &cos::DIALECT,
            Self::Bos => &bos::DIALECT,
        }
    }
}

impl Limits {
    /// Those of Amazon S3.
    pub const S3: Self = s3::DIALECT.limits;

    /// 10 000 parts of up to 5 GiB, as all stores have it, and as much as those hold: 48.8 TiB.
    pub(super) const fn with_min_part(min_part: u64) -> Self {
        Self {
            min_part,
            max_part: 5120 * MIB,
            max_parts: 10_000,
            max_object: 10_000 * 5120 * MIB,
            auto_part: DEFAULT_PART_SIZE,
        }
    }
}
