//! Aliyun OSS. It signs the `Content-Type` of whatever has one, so bodies of ours have none. Its ETags are in upper case.
//! A callback, where one is asked for, answers in place of OSS. Source: Object Storage Service, Developer Reference.

use super::Limits;
use super::kind::Dialect;
use crate::core::hash::Crc64;

pub const DIALECT: Dialect = Dialect {
    limits: Limits::with_min_part(100 * 1024),
    prefix: "x-oss-",
    parts_page: Dialect::XML_PARTS_PAGE,
    uploads_page: Dialect::XML_UPLOADS_PAGE,
    crc64: ("x-oss-hash-crc64ecma", Crc64::Xz),
};

pub fn endpoint(region: &str, accelerate: bool) -> String {
    if accelerate {
        return "https://oss-accelerate.aliyuncs.com".into();
    }
    ["https://oss-", region, ".aliyuncs.com"].concat()
}
