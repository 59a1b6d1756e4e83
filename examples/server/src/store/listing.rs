//! Pages of names: prefixes folded at a delimiter, a limit, and where to go on.

/// The most entries S3 lists at once; also its default.
pub const MAX_PAGE: usize = 1000;

/// What a client asked for as a page size.
pub fn limit(asked: Option<i32>) -> usize {
    asked.map_or(MAX_PAGE, |n| usize::try_from(n).unwrap_or(0).min(MAX_PAGE))
}

/// One page.
#[derive(Debug, PartialEq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Names folded together, each ending with the delimiter.
    pub prefixes: Vec<String>,
    /// The last name this page accounts for, when there are more.
    pub next: Option<String>,
}

/// Pages through `sorted` items that all start with `prefix`, from the first whose name is above `after`.
pub fn page<T>(
    sorted: Vec<T>,
    name: impl Fn(&T) -> &str,
    prefix: &str,
    delimiter: Option<&str>,
    after: &str,
    limit: usize,
) -> Page<T> {
    let mut page = Page { items: Vec::new(), prefixes: Vec::new(), next: None };
    let mut last = String::new();
    for item in sorted {
        let this = name(&item).to_owned();
        if this.as_str() <= after {
            continue;
        }
        let folded = fold(&this, prefix, delimiter);
        // A name folded into a prefix that an earlier page or this one already shows adds nothing.
        let shown = folded
            .as_deref()
            .is_some_and(|f| after.starts_with(f) || page.prefixes.last().is_some_and(|p| p == f));
        if !shown {
            if page.items.len() + page.prefixes.len() >= limit {
                page.next = Some(last);
                return page;
            }
            match folded {
                Some(folded) => page.prefixes.push(folded),
                None => page.items.push(item),
            }
        }
        last = this;
    }
    page
}

fn fold(name: &str, prefix: &str, delimiter: Option<&str>) -> Option<String> {
    let delimiter = delimiter.filter(|d| !d.is_empty())?;
    let rest = name.strip_prefix(prefix)?;
    let (folder, _) = rest.split_once(delimiter)?;
    Some(format!("{prefix}{folder}{delimiter}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        ["a/1", "a/2", "a/3", "b", "c/1", "d"].map(String::from).to_vec()
    }

    #[test]
    fn a_page_ends_at_its_limit_and_says_where_to_go_on() {
        let first = page(names(), |n| n, "", None, "", 4);
        assert_eq!(first.items, ["a/1", "a/2", "a/3", "b"]);
        let second = page(names(), |n| n, "", None, &first.next.unwrap(), 4);
        assert_eq!(second.items, ["c/1", "d"]);
        assert_eq!(second.next, None);
    }

    #[test]
    fn a_folded_prefix_is_shown_once_over_all_pages() {
        let first = page(names(), |n| n, "", Some("/"), "", 1);
        assert_eq!((first.prefixes, first.items), (vec!["a/".to_owned()], vec![]));
        let second = page(names(), |n| n, "", Some("/"), &first.next.unwrap(), 2);
        assert_eq!((second.prefixes, second.items), (vec!["c/".to_owned()], vec!["b".to_owned()]));
        let third = page(names(), |n| n, "", Some("/"), &second.next.unwrap(), 2);
        assert_eq!((third.prefixes, third.items, third.next), (vec![], vec!["d".to_owned()], None));
    }
}
