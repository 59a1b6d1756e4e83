//! Amazon S3 and the stores that speak its protocol. Source: Amazon S3 API Reference. Where compatible stores differ (Ceph
//! RGW, Garage), the readers take what they send.

use super::Limits;
use super::kind::Dialect;
use crate::core::hash::Crc64;

pub const DIALECT: Dialect = Dialect {
    limits: Limits::with_min_part(5 * 1024 * 1024),
    prefix: "x-amz-",
    parts_page: Dialect::XML_PARTS_PAGE,
    uploads_page: Dialect::XML_UPLOADS_PAGE,
    crc64: ("x-amz-checksum-crc64nvme", Crc64::Nvme),
};

pub fn endpoint(region: &str, accelerate: bool) -> String {
    if accelerate {
        return "https://s3-accelerate.amazonaws.com".into();
    }
    let china = if region.starts_with("cn-") { ".cn" } else { "" };
    ["https://s3.", region, ".amazonaws.com", china].concat()
}
