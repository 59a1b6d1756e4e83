//! Tencent COS. It wants part numbers without gaps. Source: Cloud Object Storage, API Documentation.

use super::Limits;
use super::kind::Dialect;
use crate::core::hash::Crc64;

pub const DIALECT: Dialect = Dialect {
    limits: Limits::with_min_part(1024 * 1024),
    prefix: "x-cos-",
    parts_page: Dialect::XML_PARTS_PAGE,
    uploads_page: Dialect::XML_UPLOADS_PAGE,
    crc64: ("x-cos-hash-crc64ecma", Crc64::Xz),
};

pub fn endpoint(region: &str, accelerate: bool) -> String {
    let region = if accelerate { "accelerate" } else { region };
    ["https://cos.", region, ".myqcloud.com"].concat()
}
