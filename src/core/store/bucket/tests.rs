use super::*;

fn url(bucket: &Bucket, key: &str) -> String {
    let address = bucket.address(key);
    address.origin + &address.path
}

fn at(endpoint: &str, name: &str, path_style: bool) -> Bucket {
    Bucket { endpoint: Some(endpoint.into()), path_style, ..Bucket::new(Kind::S3, name, "r") }
}

#[test]
fn buckets_have_a_host_of_their_own() {
    for (kind, region, host) in [
        (Kind::S3, "us-east-1", "b.s3.us-east-1.amazonaws.com"),
        (Kind::S3, "cn-north-1", "b.s3.cn-north-1.amazonaws.com.cn"),
        (Kind::Oss, "cn-hangzhou", "b.oss-cn-hangzhou.aliyuncs.com"),
        (Kind::Oss, "oss-cn-hangzhou", "b.oss-cn-hangzhou.aliyuncs.com"),
        (Kind::Cos, "ap-guangzhou", "b.cos.ap-guangzhou.myqcloud.com"),
        (Kind::Bos, "bj", "b.bj.bcebos.com"),
    ] {
        let bucket = Bucket::new(kind, "b", region);
        assert_eq!(url(&bucket, "a b/中"), ["https://", host, "/a%20b/%E4%B8%AD"].concat());
        assert_eq!(bucket.address("").host(), host);
    }
}

#[test]
fn accelerated_buckets_have_the_vendors_global_host() {
    for (kind, host) in [
        (Kind::S3, "b.s3-accelerate.amazonaws.com"),
        (Kind::Oss, "b.oss-accelerate.aliyuncs.com"),
        (Kind::Cos, "b.cos.accelerate.myqcloud.com"),
    ] {
        let bucket = Bucket { accelerate: true, ..Bucket::new(kind, "b", "ap-x") };
        assert_eq!(bucket.address("").host(), host);
        let own = Bucket { endpoint: Some("https://h".into()), ..bucket };
        assert_eq!(own.address("").host(), "b.h", "an endpoint of one's own counts");
    }
}

#[test]
fn a_bucket_may_be_addressed_by_path() {
    let bucket = Bucket { path_style: true, ..Bucket::new(Kind::S3, "b", "us-east-1") };
    assert_eq!(url(&bucket, "k"), "https://s3.us-east-1.amazonaws.com/b/k");
    let bucket = Bucket { path_style: true, ..Bucket::new(Kind::Bos, "b", "bj") };
    assert_eq!(url(&bucket, "k"), "https://bj.bcebos.com/b/k");
}

#[test]
fn a_bucket_with_a_dot_is_addressed_by_path_over_https() {
    let dotted = Bucket::new(Kind::S3, "b.c", "us-east-1");
    assert_eq!(url(&dotted, "k"), "https://s3.us-east-1.amazonaws.com/b.c/k");
    assert_eq!(url(&at("http://h", "b.c", false), "k"), "http://b.c.h/k");
}

#[test]
fn endpoints_may_have_port_path_and_trailing_slash() {
    assert_eq!(url(&at("http://127.0.0.1:9000", "b", true), "k"), "http://127.0.0.1:9000/b/k");
    assert_eq!(url(&at("http://127.0.0.1:9000/", "b", true), "/k"), "http://127.0.0.1:9000/b//k");
    assert_eq!(url(&at("https://h/s3/", "b", true), "k"), "https://h/s3/b/k");
    assert_eq!(url(&at("https://h/s3", "b", false), "k"), "https://b.h/s3/k");
    assert_eq!(url(&at("h:1", "b", false), ""), "https://b.h:1/");
    assert_eq!(url(&at("h", "b", true), ""), "https://h/b/");
}

#[test]
fn the_host_has_no_port_when_it_is_the_schemes_own() {
    let host = |origin: &str| Address { origin: origin.into(), path: "/".into() }.host().to_owned();
    assert_eq!(host("https://h"), "h");
    assert_eq!(host("https://h:443"), "h");
    assert_eq!(host("http://127.0.0.1:9000"), "127.0.0.1:9000");
    assert_eq!(host("http://h:443"), "h:443");
}
