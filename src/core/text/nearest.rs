//! What somebody may have meant.

/// The known word that differs least, where that is not much: in case, or in two letters at most and a third of them.
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let limit = (word.len() / 3).min(2);
    let distances = known.iter().map(|other| (distance(word, other), *other));
    distances.filter(|(distance, _)| *distance <= limit).min().map(|(_, other)| other)
}

/// Letters to insert, remove or exchange (Levenshtein), case ignored.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (b, above) in other.bytes().zip(row.iter().skip(1)) {
            let changed = diagonal + usize::from(!a.eq_ignore_ascii_case(&b));
            diagonal = *above;
            left = changed.min(left + 1).min(*above + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_misspelt_a_little_is_found() {
        let known = ["endpoint", "headers", "hash", "partSize", "parallel", "storage", "store"];
        for (word, meant) in [
            ("enpoint", Some("endpoint")),
            ("header", Some("headers")),
            ("partsize", Some("partSize")),
            ("paralel", Some("parallel")),
            ("stor", Some("store")),
            ("chunkSize", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, &known), meant, "{word}");
        }
    }

    #[test]
    fn distances_are_those_of_levenshtein() {
        for (one, other, letters) in
            [("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("flaw", "lawn", 2)]
        {
            assert_eq!(distance(one, other), letters);
            assert_eq!(distance(other, one), letters);
        }
    }
}
