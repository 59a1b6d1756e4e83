//! Names nobody can guess.

/// 128 random bits as 32 hexadecimal digits.
///
/// Without the system's random source nothing here may be named or signed, so the process ends.
pub fn hex() -> String {
    let mut bytes = [0u8; 16];
    if let Err(error) = getrandom::fill(&mut bytes) {
        eprintln!("error: the system has no random numbers: {error}");
        std::process::exit(1);
    }
    format!("{:032x}", u128::from_be_bytes(bytes))
}

/// The same as a UUID of version 4 (RFC 9562).
pub fn uuid() -> String {
    let bits = u128::from_str_radix(&hex(), 16).unwrap_or_default();
    let bits = bits & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let digits = format!("{bits:032x}");
    let group = |from: usize, to: usize| digits.get(from..to).unwrap_or_default().to_owned();
    [group(0, 8), group(8, 12), group(12, 16), group(16, 20), group(20, 32)].join("-")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_uuid_says_its_version_and_variant() {
        let uuid = super::uuid();
        assert_eq!(uuid.len(), 36);
        assert_eq!(&uuid[14..15], "4");
        assert!("89ab".contains(&uuid[19..20]));
    }
}
