use super::*;
use ::md5::Digest;

fn md5(bytes: &[u8]) -> Md5Digest {
    let mut hasher = Md5Hasher::new();
    hasher.update(bytes);
    hasher.finish()
}

/// RFC 1321, appendix A.5.
#[test]
fn the_test_suite_of_the_rfc_is_reproduced() {
    for (text, digest) in [
        ("", "d41d8cd98f00b204e9800998ecf8427e"),
        ("a", "0cc175b9c0f1b6a831c399e269772661"),
        ("abc", "900150983cd24fb0d6963f7d28e17f72"),
        ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
        ("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
        (
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
            "d174ab98d277d9f5a5611c2c9f419d9f",
        ),
        (
            "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
            "57edf4a22be3c955ac49da2e2107b67a",
        ),
    ] {
        assert_eq!(md5(text.as_bytes()).to_hex(), digest);
    }
}

#[test]
fn digests_are_read_back_from_hex_and_base64() {
    let digest = md5(b"");
    assert_eq!(digest.to_base64(), "1B2M2Y8AsgTpgAmY7PhCfg==");
    assert_eq!(Md5Digest::from_base64("1B2M2Y8AsgTpgAmY7PhCfg=="), Some(digest));
    assert_eq!(Md5Digest::from_hex("D41D8CD98F00B204e9800998ecf8427e"), Some(digest));
}

#[test]
fn what_is_no_digest_is_refused() {
    for text in [
        "",
        "d41d8cd98f00b204e9800998ecf8427",
        "+41d8cd98f00b204e9800998ecf8427e",
        "é41d8cd98f00b204e9800998ecf8427",
    ] {
        assert_eq!(Md5Digest::from_hex(text), None, "{text}");
    }
    for text in [
        "",
        "1B2M2Y8AsgTpgAmY7PhCfg",
        "1B2M2Y8AsgTpgAmY7PhC",
        "1B2M2Y8AsgTpgAmY7PhCfgAA",
        "!B2M2Y8AsgTpgAmY7PhCfg==",
    ] {
        assert_eq!(Md5Digest::from_base64(text), None, "{text}");
    }
}

/// The crate md-5 is the measure, with and without a block that was begun before, around the ends of blocks.
#[test]
fn streams_side_by_side_and_alone_have_the_digests_of_the_crate_md_5() {
    let bytes: Vec<u8> = (0..1000_u32).map(|n| ((n * n) >> 3) as u8).collect();
    for lengths in [
        [0, 0, 0, 0],
        [64, 64, 64, 64],
        [1, 63, 65, 127],
        [640, 64, 700, 0],
        [1000, 999, 128, 191],
        [0, 640, 0, 641],
    ] {
        for before in [0, 1, 55, 56, 63, 64, 65] {
            for streams in 1..=4 {
                let before = &bytes[..before];
                let mut hashers = vec![Md5Hasher::new(); streams];
                hashers.iter_mut().for_each(|hasher| hasher.update(before));
                let mut work: Vec<_> =
                    hashers.iter_mut().zip(lengths).map(|(hasher, len)| (hasher, &bytes[..len])).collect();
                Md5Hasher::update_all(&mut work);
                for (hasher, len) in hashers.into_iter().zip(lengths) {
                    let measure: [u8; 16] =
                        ::md5::Md5::new().chain_update(before).chain_update(&bytes[..len]).finalize().into();
                    assert_eq!(
                        hasher.finish(),
                        Md5Digest(measure),
                        "{} and {len} of {lengths:?}",
                        before.len()
                    );
                }
            }
        }
    }
}

#[test]
fn a_hash_that_was_put_aside_is_gone_on_with() {
    let bytes: Vec<u8> = (0..300_u32).map(|n| (n * 7) as u8).collect();
    for at in [0, 1, 63, 64, 65, 200, 300] {
        let mut hasher = Md5Hasher::new();
        hasher.update(&bytes[..at]);
        let mut later = Md5Hasher::from_bytes(&hasher.to_bytes());
        assert_eq!(later.taken(), at as u64);
        later.update(&bytes[at..]);
        assert_eq!(later.finish(), md5(&bytes), "{at}");
    }
}
