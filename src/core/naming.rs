//! Keys for files whose page asks for none: no two files ever get the same.

use super::store::MAX_KEY_BYTES;
use super::time::compact_date;
use super::units::UnixMillis;

/// The longest extension kept when a name has to be cut, with its dot, in bytes.
const MAX_EXTENSION: usize = 32;

/// `20260102T030405Z-k3v9x2ab7q-名 字.bin`: when it was added, ten random letters and digits, and the file's name without
/// what would make folders of it. `random` is any number. Keys added later sort later.
pub fn unique_key(now: UnixMillis, random: u64, name: &str) -> String {
    let mut key = compact_date(now);
    key.push('-');
    let mut rest = random;
    for _ in 0..10 {
        key.extend(char::from_digit((rest % 36) as u32, 36));
        rest /= 36;
    }
    key.push('-');
    let name: String =
        name.chars().map(|c| if c.is_control() || matches!(c, '/' | '\\') { '-' } else { c }).collect();
    let room = MAX_KEY_BYTES - key.len();
    if name.len() <= room {
        return key + &name;
    }
    let extension = name.rfind('.').and_then(|at| name.get(at..)).filter(|text| text.len() <= MAX_EXTENSION);
    let extension = extension.unwrap_or_default();
    let mut end = room - extension.len();
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    key.push_str(name.get(..end).unwrap_or_default());
    key + extension
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::store::check_key;

    const NOW: UnixMillis = UnixMillis(1_767_323_045_000);

    #[test]
    fn a_key_tells_when_and_what() {
        assert_eq!(unique_key(NOW, 0, "名 字.bin"), "20260102T030405Z-0000000000-名 字.bin");
        assert_eq!(unique_key(NOW, 35, "a"), "20260102T030405Z-z000000000-a");
    }

    #[test]
    fn names_of_any_kind_make_keys_that_can_be_addressed() {
        let long = "长".repeat(2000) + ".tar.gz";
        let dots = ".".repeat(2000);
        for name in ["", ".", "..", "a/../b", "a\\b", "tab\t", "\u{0}", &long, &dots, &"x".repeat(1024)] {
            let key = unique_key(NOW, u64::MAX, name);
            assert_eq!(check_key(&key), Ok(()), "{name:?}");
            assert!(!key.contains(['/', '\\']));
        }
        assert!(unique_key(NOW, 1, &long).ends_with("长.gz"));
    }

    #[test]
    fn other_numbers_make_other_keys() {
        let keys: std::collections::BTreeSet<String> =
            (0..1000).map(|n: u64| unique_key(NOW, n.wrapping_mul(0x9E37_79B9_7F4A_7C15), "a")).collect();
        assert_eq!(keys.len(), 1000);
    }
}
