use super::*;
use crate::core::http::Method;

fn credentials(token: Option<&str>) -> Credentials {
    Credentials {
        access_key_id: "AKIDEXAMPLE".into(),
        secret_access_key: "secretEXAMPLE".into(),
        session_token: token.map(str::to_owned),
    }
}

/// 2026-01-02T03:04:05Z
const NOW: UnixMillis = UnixMillis(1_767_323_045_000);

fn bucket(kind: Kind) -> Bucket {
    match kind {
        Kind::S3 => Bucket::new(kind, "examplebucket", "us-east-1"),
        Kind::Oss => Bucket::new(kind, "examplebucket", "cn-hangzhou"),
        Kind::Cos => Bucket::new(kind, "examplebucket-1250000000", "ap-guangzhou"),
        Kind::Bos => Bucket::new(kind, "examplebucket", "bj"),
    }
}

fn sign(request: &StoreRequest, bucket: &Bucket, token: Option<&str>, expires_secs: u32) -> String {
    presign(request, bucket, &Presign::new(&credentials(token), NOW, expires_secs))
}

#[test]
fn debug_output_shows_no_secret() {
    assert_eq!(format!("{:?}", credentials(Some("token"))), "Credentials(AKIDEXAMPLE, …)");
}

/// The signatures that the vendors' SDKs make for the same request.
#[test]
fn a_session_token_is_signed() {
    for (kind, token, signature) in [
        (
            Kind::S3,
            "X-Amz-Security-Token=tok%2FEN%2BEXA%3DMPLE%3D%3D&",
            "bb5ed168c5ee119c41dc156949808fe5c789a11bbe12bff9043911ea03c82244",
        ),
        (
            Kind::Oss,
            "x-oss-security-token=tok%2FEN%2BEXA%3DMPLE%3D%3D&",
            "f1264b5bbe761e571920cb79563a30806c92f2714d1fc6f2aee8d1799aaeb7dc",
        ),
        (
            Kind::Bos,
            "x-bce-security-token=tok%2FEN%2BEXA%3DMPLE%3D%3D&",
            "f50aef5af46511b685822b1c07716fcc13c7091a8d29d74a52f72be40eac43d8",
        ),
    ] {
        let request = kind.create("dir/sub/a b+c.bin", None, &[]);
        let url = sign(&request, &bucket(kind), Some("tok/EN+EXA=MPLE=="), 900);
        assert!(url.contains(token), "{url}");
        assert!(url.ends_with(signature), "{url}");
    }
}

#[test]
fn cos_signs_the_token_too_and_from_a_minute_ago_on() {
    let url = sign(&Kind::Cos.head("k"), &bucket(Kind::Cos), Some("a+b"), 900);
    assert!(url.contains("q-url-param-list=x-cos-security-token&"), "{url}");
    assert!(url.contains("q-sign-time=1767322985%3B1767323945&"), "{url}");
    assert!(url.ends_with("&x-cos-security-token=a%2Bb"), "{url}");
}

#[test]
fn cos_leaves_the_content_type_unsigned() {
    let with = |kind: Kind, content_type| {
        sign(&kind.create("k", content_type, &[("a".into(), "b".into())]), &bucket(kind), None, 900)
    };
    assert_eq!(with(Kind::Cos, Some("text/plain")), with(Kind::Cos, None));
    assert!(with(Kind::Cos, None).contains("q-header-list=host%3Bx-cos-meta-a&"));
    for kind in [Kind::S3, Kind::Oss, Kind::Bos] {
        assert_ne!(with(kind, Some("text/plain")), with(kind, None));
    }
}

#[test]
fn oss_is_signed_by_version_4_unless_told_otherwise() {
    let bucket = bucket(Kind::Oss);
    let request = Kind::Oss.head("k");
    assert!(sign(&request, &bucket, None, 900).contains("x-oss-signature-version=OSS4-HMAC-SHA256"));
    let credentials = credentials(None);
    let old = presign_as(Scheme::OssV1, &request, &bucket, &Presign::new(&credentials, NOW, 900));
    assert!(old.contains("?Expires=1767323945&OSSAccessKeyId=AKIDEXAMPLE&Signature="), "{old}");
}

#[test]
fn oss_signs_the_same_wherever_the_bucket_is() {
    let url = |bucket: Bucket| sign(&Kind::Oss.head("k"), &bucket, None, 900);
    let signature = |url: String| url.rsplit('=').next().unwrap().to_owned();
    let own = signature(url(bucket(Kind::Oss)));
    let elsewhere = Bucket { endpoint: Some("http://h:1".into()), path_style: true, ..bucket(Kind::Oss) };
    assert_eq!(signature(url(elsewhere)), own);
    let long_region = Bucket::new(Kind::Oss, "examplebucket", "oss-cn-hangzhou");
    assert_eq!(signature(url(long_region)), own);
}

#[test]
fn the_lifetime_stays_within_what_stores_take() {
    for (asked, expires) in [(0, 1), (1, 1), (604_800, 604_800), (u32::MAX, 604_800)] {
        let url = |kind: Kind| sign(&kind.head("k"), &bucket(kind), None, asked);
        assert!(url(Kind::S3).contains(&format!("X-Amz-Expires={expires}&")));
        assert!(url(Kind::Oss).contains(&format!("x-oss-expires={expires}&")));
        assert!(url(Kind::Cos).contains(&format!("%3B{}&", 1_767_323_045 + expires)));
        assert!(url(Kind::Bos).contains(&format!("T03%3A04%3A05Z%2F{expires}%2Fhost")));
    }
}

#[test]
fn the_host_is_signed_as_a_browser_sends_it() {
    let signature = |kind: Kind, endpoint: &str| {
        let bucket = Bucket { endpoint: Some(endpoint.into()), path_style: true, ..bucket(kind) };
        sign(&kind.head("a"), &bucket, None, 900).split_off(endpoint.len())
    };
    for kind in [Kind::S3, Kind::Cos, Kind::Bos] {
        assert_eq!(signature(kind, "https://h:443"), signature(kind, "https://h"));
        assert_eq!(signature(kind, "http://h:80"), signature(kind, "http://h"));
        assert_ne!(signature(kind, "https://h:80"), signature(kind, "https://h"));
    }
}

#[test]
fn header_values_are_signed_with_single_spaces() {
    let signature = |value: &str| {
        let mut request = Kind::S3.head("a");
        request.headers.push(("X-Amz-Meta-A".into(), value.into()));
        sign(&request, &bucket(Kind::S3), None, 900)
    };
    assert!(signature("a b").contains("X-Amz-SignedHeaders=host%3Bx-amz-meta-a"));
    assert_eq!(signature(" a   b "), signature("a b"));
    assert_ne!(signature("ab"), signature("a b"));
}

#[test]
fn every_part_of_a_request_is_signed() {
    for kind in Kind::ALL {
        let plain = kind.head("k");
        let mut others = vec![kind.head("l"); 4];
        others[1].method = Method::Get;
        others[2].query.push(("uploadId".into(), "u".into()));
        others[3].headers.push(("Content-Length".into(), "9".into()));
        let signed = |request: &StoreRequest, secs: u32| {
            let url = sign(request, &bucket(kind), None, secs);
            url.split(['?', '&'])
                .find(|pair| {
                    pair.to_ascii_lowercase().contains("signature=") || pair.starts_with("authorization=")
                })
                .map(str::to_owned)
        };
        for other in &mut others[1..] {
            other.key = "k".into();
        }
        let mine = signed(&plain, 900);
        assert!(mine.is_some());
        for other in &others {
            assert_ne!(signed(other, 900), mine, "{kind:?} {other:?}");
        }
        assert_ne!(signed(&plain, 901), mine, "{kind:?}");
    }
}

#[test]
fn a_line_break_in_a_header_makes_no_other_header() {
    let signature = |scheme: Scheme, headers: &[(&str, &str)]| {
        let mut request = Kind::Oss.head("k");
        request.headers = headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let url =
            presign_as(scheme, &request, &bucket(Kind::Oss), &Presign::new(&credentials(None), NOW, 900));
        url.split("ignature=").last().unwrap().to_owned()
    };
    for scheme in [Scheme::OssV4, Scheme::OssV1] {
        let forged = signature(scheme, &[("x-oss-meta-a", "b\nx-oss-object-acl:public-read")]);
        let meant = signature(scheme, &[("x-oss-meta-a", "b"), ("x-oss-object-acl", "public-read")]);
        assert_ne!(forged, meant, "{scheme:?}");
    }
}
