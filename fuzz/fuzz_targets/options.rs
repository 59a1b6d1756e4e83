//! Options, the key of a file, and the signed requests that come of them. Nine bytes per option: a tag, then a number;
//! the rest is the key, the bucket and the region, a line each.
#![no_main]

use libfuzzer_sys::fuzz_target;
use partwise::core::config::{Config, Raw, RawOptions};
use partwise::core::error::Code;
use partwise::core::plan::{PartSize, Plan};
use partwise::core::schedule::Parallel;
use partwise::core::sign::{Credentials, Presign, Scheme, presign_as};
use partwise::core::store::{Bucket, Kind, Limits, check_key};
use partwise::core::text::percent_decode;
use partwise::core::units::UnixMillis;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

const WORDS: [&str; 8] = ["auto", "fast", "md5", "etag", "content-md5", "off", "during", "AUTO"];

fuzz_target!(|data: &[u8]| {
    let (options, rest) = data.split_at_checked(90).unwrap_or((data, &[]));
    let mut options = options.chunks(9);
    let mut raw = || read(options.next().unwrap_or_default());
    let raw = RawOptions {
        part_size: raw(),
        parallel: raw(),
        hash: raw(),
        verify: raw(),
        expire_after: raw(),
        retry_for: raw(),
        stall_timeout: raw(),
        reply_timeout: raw(),
        offline_timeout: raw(),
        instant: raw(),
    };
    match Config::new(&raw, "d".into(), Limits::S3) {
        Ok(config) => taken(&config, data),
        Err(error) => {
            assert_eq!(error.code, Code::BadOption);
            assert!(error.message.starts_with("option ") && error.message.len() < 200, "{}", error.message);
        }
    }
    let text = String::from_utf8_lossy(rest);
    let mut lines = text.split('\n');
    let mut line = || lines.next().unwrap_or_default();
    signed(line(), line(), line());
});

fn read(bytes: &[u8]) -> Option<Raw> {
    let (tag, number) = bytes.split_first()?;
    let mut eight = [0; 8];
    eight.iter_mut().zip(number).for_each(|(to, from)| *to = *from);
    match tag % 6 {
        0 => None,
        1 => Some(Raw::Number(f64::from_le_bytes(eight))),
        2 => Some(Raw::Number(u64::from_le_bytes(eight) as f64)),
        3 => Some(Raw::Word(WORDS[usize::from(eight[0]) % WORDS.len()].into())),
        4 => Some(Raw::Word(String::from_utf8_lossy(number).into_owned())),
        _ => Some(Raw::Other),
    }
}

fn taken(config: &Config, data: &[u8]) {
    let day = 86_400_000;
    if let PartSize::Bytes(bytes) = config.part_size {
        assert!((Limits::S3.min_part..=Limits::S3.max_part).contains(&bytes));
    }
    if let Parallel::Fixed(count) = config.parallel {
        assert!((1..=32).contains(&count));
    }
    assert!(config.expire_after.0 <= 3650 * day && config.retry_for.0 <= day);
    assert!((1000..=3_600_000).contains(&config.stall_timeout.0));
    assert!((1000..=3_600_000).contains(&config.reply_timeout.0));
    assert!(config.offline_timeout.is_none_or(|wait| wait.0 <= 3650 * day));

    let mut size = [0; 8];
    size.iter_mut().zip(data.iter().rev()).for_each(|(to, from)| *to = *from);
    // Every magnitude alike.
    let size = u64::from_le_bytes(size) >> (data.len() % 64);
    if let Ok((plan, _)) = Plan::new(size, config.part_size, &config.limits) {
        let mut end = 0;
        for index in 0..plan.count() {
            let (number, range) = plan.part(index).expect("as many parts as it says");
            assert_eq!((number.index(), range.start), (index, end));
            assert!(range.len() <= Limits::S3.max_part);
            assert!(range.len() > 0 || size == 0);
            end = range.end;
        }
        assert!(end == size && plan.count() <= 10_000 && plan.part(plan.count()).is_none());
    } else {
        assert!(size > Limits::S3.max_part);
    }
}

fn signed(key: &str, bucket: &str, region: &str) {
    if check_key(key).is_err() {
        return;
    }
    let credentials = Credentials {
        access_key_id: "AKID".into(),
        secret_access_key: SECRET.into(),
        session_token: Some(region.into()),
    };
    let with = Presign::new(&credentials, UnixMillis(1_767_323_045_000), 900);
    let schemes = Kind::ALL.map(|kind| (kind, Scheme::of(kind))).into_iter();
    for (kind, scheme) in schemes.chain([(Kind::Oss, Scheme::OssV1)]) {
        let at = Bucket {
            endpoint: Some("https://store.example:9000".into()),
            path_style: true,
            ..Bucket::new(kind, "b", region)
        };
        let request = kind.create(key, Some(bucket), &[(bucket.into(), region.into())]);
        goes_to(&presign_as(scheme, &request, &at, &with), key);
    }
}

fn goes_to(url: &str, key: &str) {
    assert!(url.bytes().all(|byte| byte.is_ascii_graphic()), "{url}");
    assert_eq!((url.matches('?').count(), url.matches('#').count()), (1, 0), "{url}");
    assert!(!url.contains(SECRET));
    let path = url.strip_prefix("https://store.example:9000/b/").expect("it goes to the store");
    let path = path.split('?').next().unwrap_or_default();
    assert_eq!(percent_decode(path).as_deref(), Some(key));
    assert!(path.split('/').all(|segment| segment != "." && segment != ".."));
}
