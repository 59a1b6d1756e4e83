//! Reads temporary credentials, in the spelling of whoever gave them out: AWS, Aliyun and Tencent each name the same
//! things in another way, and pages pass on what they got.

use super::js::{get, text};
use crate::core::sign::Credentials;
use crate::core::units::UnixMillis;
use js_sys::Date;
use wasm_bindgen::prelude::*;

const ID: [&str; 5] = ["accessKeyId", "AccessKeyId", "tmpSecretId", "TmpSecretId", "secretId"];
const SECRET: [&str; 7] = [
    "secretAccessKey",
    "SecretAccessKey",
    "accessKeySecret",
    "AccessKeySecret",
    "tmpSecretKey",
    "TmpSecretKey",
    "secretKey",
];
const TOKEN: [&str; 7] =
    ["sessionToken", "SessionToken", "securityToken", "SecurityToken", "stsToken", "token", "Token"];
/// A date, or milliseconds since 1970.
const END: [&str; 2] = ["expiration", "Expiration"];
/// Tencent's, in seconds since 1970.
const END_SECS: [&str; 2] = ["expiredTime", "ExpiredTime"];

/// The credentials and when they end.
///
/// # Errors
/// The name of what is missing or makes no sense.
pub fn read(value: &JsValue) -> Result<(Credentials, Option<UnixMillis>), &'static str> {
    let inner = get(value, "credentials").or_else(|| get(value, "Credentials"));
    let keys = inner.as_ref().unwrap_or(value);
    let find =
        |names: &[&str]| names.iter().find_map(|name| text(keys, name)).filter(|text| !text.is_empty());
    let credentials = Credentials {
        access_key_id: find(&ID).ok_or("accessKeyId")?,
        secret_access_key: find(&SECRET).ok_or("secretAccessKey")?,
        session_token: find(&TOKEN),
    };
    // Tencent has the end beside the credentials, the others within.
    let end = |names: &[&str]| names.iter().find_map(|name| get(keys, name).or_else(|| get(value, name)));
    let end = match (end(&END), end(&END_SECS)) {
        (Some(date), _) => Some(Date::new(&date).get_time()),
        (None, Some(seconds)) => Some(seconds.as_f64().unwrap_or(f64::NAN) * 1000.0),
        (None, None) => None,
    };
    match end {
        Some(end) if !end.is_finite() || end < 0.0 => Err("expiration"),
        end => Ok((credentials, end.map(|end| UnixMillis(end as u64)))),
    }
}
