//! GNU's order of version strings: `ls -v`, `sort -V`.

use std::cmp::Ordering;

/// filevercmp: file suffixes are set aside first, and decide only between equals.
pub fn compare(a: &[u8], b: &[u8]) -> Ordering {
    // "", ".", ".." come first, then hidden files.
    let special = |s: &[u8]| match s {
        b"" => 0,
        b"." => 1,
        b".." => 2,
        _ if s.starts_with(b".") => 3,
        _ => 4,
    };
    let (sa, sb) = (special(a), special(b));
    if sa != sb || sa < 3 {
        return sa.cmp(&sb);
    }
    let (pa, pb) = (&a[..a.len() - suffix(a)], &b[..b.len() - suffix(b)]);
    let order = if pa == pb { verrevcmp(a, b) } else { verrevcmp(pa, pb).then_with(|| verrevcmp(a, b)) };
    order.then_with(|| a.cmp(b))
}

/// Length of `(\.[A-Za-z~][A-Za-z0-9~]*)*$`.
fn suffix(s: &[u8]) -> usize {
    let mut end = 0;
    let mut at = s.len();
    while at > 0 {
        let word = s[..at].iter().rev().take_while(|b| b.is_ascii_alphanumeric() || **b == b'~').count();
        let start = at - word;
        if word == 0 || start < 2 || s[start - 1] != b'.' || s[start].is_ascii_digit() {
            break;
        }
        at = start - 1;
        end = s.len() - at;
    }
    end
}

fn order(b: u8) -> i32 {
    match b {
        b'0'..=b'9' => 0,
        b'~' => -1,
        _ if b.is_ascii_alphabetic() => i32::from(b),
        _ => i32::from(b) + 256,
    }
}

fn verrevcmp(a: &[u8], b: &[u8]) -> Ordering {
    let (mut i, mut j) = (0, 0);
    let at = |s: &[u8], n: usize| s.get(n).copied();
    while i < a.len() || j < b.len() {
        while at(a, i).is_some_and(|c| !c.is_ascii_digit()) || at(b, j).is_some_and(|c| !c.is_ascii_digit()) {
            let (x, y) = (at(a, i).map_or(0, order), at(b, j).map_or(0, order));
            if x != y {
                return x.cmp(&y);
            }
            i += 1;
            j += 1;
        }
        while at(a, i) == Some(b'0') {
            i += 1;
        }
        while at(b, j) == Some(b'0') {
            j += 1;
        }
        let mut first = Ordering::Equal;
        while let (Some(x), Some(y)) = (at(a, i).filter(u8::is_ascii_digit), at(b, j).filter(u8::is_ascii_digit)) {
            first = first.then(x.cmp(&y));
            i += 1;
            j += 1;
        }
        if at(a, i).is_some_and(|c| c.is_ascii_digit()) {
            return Ordering::Greater;
        }
        if at(b, j).is_some_and(|c| c.is_ascii_digit()) {
            return Ordering::Less;
        }
        if first != Ordering::Equal {
            return first;
        }
    }
    Ordering::Equal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_in_order() {
        let mut names = ["a10", "a2", "a1.10", "a1.9", "b", ".h", "a1.9~", "foo-1.tar.gz", "foo-1.2.tar.gz"];
        names.sort_by(|a, b| compare(a.as_bytes(), b.as_bytes()));
        assert_eq!(names, [".h", "a1.9~", "a1.9", "a1.10", "a2", "a10", "b", "foo-1.tar.gz", "foo-1.2.tar.gz"]);
    }
}
