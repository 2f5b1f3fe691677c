//! The least edit between two lists (Myers), and its hunks placed where GNU's diff places them.

/// A stretch that differs: lines `[a, a + removed)` of the one, `[b, b + added)` of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    pub a: usize,
    pub removed: usize,
    pub b: usize,
    pub added: usize,
}

/// Equal lines have equal numbers.
pub fn diff(a: &[u32], b: &[u32]) -> Vec<Change> {
    let mut work = Work {
        a,
        b,
        gone: vec![false; a.len()],
        come: vec![false; b.len()],
        forward: Vec::new(),
        backward: Vec::new(),
    };
    let size = 2 * (a.len() + b.len()) + 5;
    (work.forward, work.backward) = (vec![0; size], vec![0; size]);
    work.compare(0, a.len(), 0, b.len());
    shift(&mut work.gone, &work.come, a);
    shift(&mut work.come, &work.gone, b);
    changes(&work.gone, &work.come)
}

struct Work<'t> {
    a: &'t [u32],
    b: &'t [u32],
    gone: Vec<bool>,
    come: Vec<bool>,
    forward: Vec<isize>,
    backward: Vec<isize>,
}

impl Work<'_> {
    fn compare(&mut self, mut x: usize, mut x_end: usize, mut y: usize, mut y_end: usize) {
        while x < x_end && y < y_end && self.a[x] == self.b[y] {
            (x, y) = (x + 1, y + 1);
        }
        while x < x_end && y < y_end && self.a[x_end - 1] == self.b[y_end - 1] {
            (x_end, y_end) = (x_end - 1, y_end - 1);
        }
        if x == x_end {
            self.come[y..y_end].fill(true);
        } else if y == y_end {
            self.gone[x..x_end].fill(true);
        } else {
            let (mx, my) = self.middle(x, x_end, y, y_end);
            // Each half is smaller, so this ends; its depth is the logarithm of the edit's length.
            self.compare(x, mx, y, my);
            self.compare(mx, x_end, my, y_end);
        }
    }

    /// A point on a shortest path, found from both ends at once.
    fn middle(&mut self, x0: usize, x1: usize, y0: usize, y1: usize) -> (usize, usize) {
        let (x0, x1, y0, y1) = (x0 as isize, x1 as isize, y0 as isize, y1 as isize);
        let (low, high) = (x0 - y1, x1 - y0);
        let (from, to) = (x0 - y0, x1 - y1);
        let odd = (from - to) & 1 != 0;
        let base = self.b.len() as isize + 1;
        let at = |d: isize| (d + base + 1) as usize;
        let (mut f_low, mut f_high, mut b_low, mut b_high) = (from, from, to, to);
        self.forward[at(from)] = x0;
        self.backward[at(to)] = x1;
        loop {
            if f_low > low {
                f_low -= 1;
                self.forward[at(f_low - 1)] = -1;
            } else {
                f_low += 1;
            }
            if f_high < high {
                f_high += 1;
                self.forward[at(f_high + 1)] = -1;
            } else {
                f_high -= 1;
            }
            let mut d = f_high;
            while d >= f_low {
                let (below, above) = (self.forward[at(d - 1)], self.forward[at(d + 1)]);
                let mut x = if below < above { above } else { below + 1 };
                let mut y = x - d;
                while x < x1 && y < y1 && self.a[x as usize] == self.b[y as usize] {
                    (x, y) = (x + 1, y + 1);
                }
                self.forward[at(d)] = x;
                if odd && b_low <= d && d <= b_high && self.backward[at(d)] <= x {
                    return (x as usize, y as usize);
                }
                d -= 2;
            }
            if b_low > low {
                b_low -= 1;
                self.backward[at(b_low - 1)] = isize::MAX;
            } else {
                b_low += 1;
            }
            if b_high < high {
                b_high += 1;
                self.backward[at(b_high + 1)] = isize::MAX;
            } else {
                b_high -= 1;
            }
            let mut d = b_high;
            while d >= b_low {
                let (below, above) = (self.backward[at(d - 1)], self.backward[at(d + 1)]);
                let mut x = if below < above { below } else { above - 1 };
                let mut y = x - d;
                while x0 < x && y0 < y && self.a[x as usize - 1] == self.b[y as usize - 1] {
                    (x, y) = (x - 1, y - 1);
                }
                self.backward[at(d)] = x;
                if !odd && f_low <= d && d <= f_high && x <= self.forward[at(d)] {
                    return (x as usize, y as usize);
                }
                d -= 2;
            }
        }
    }
}

/// Moves each run of changed lines as far down as it goes, joining runs that meet, unless it can end where the other
/// side changes too (GNU's `shift_boundaries`).
fn shift(changed: &mut [bool], other: &[bool], lines: &[u32]) {
    let is = |flags: &[bool], n: usize| flags.get(n).copied().unwrap_or(false);
    let end = lines.len();
    let (mut i, mut j) = (0, 0);
    loop {
        while i < end && !changed[i] {
            while is(other, j) {
                j += 1;
            }
            j += 1;
            i += 1;
        }
        if i == end {
            return;
        }
        let mut start = i;
        while is(changed, i) {
            i += 1;
        }
        while is(other, j) {
            j += 1;
        }
        let mut corresponding;
        loop {
            let length = i - start;
            // Up, as long as the line before equals the last of the run.
            while start > 0 && lines[start - 1] == lines[i - 1] {
                start -= 1;
                changed[start] = true;
                i -= 1;
                changed[i] = false;
                while start > 0 && changed[start - 1] {
                    start -= 1;
                }
                j -= 1;
                while j > 0 && is(other, j) {
                    j -= 1;
                }
                while is(other, j) && j > 0 {
                    j -= 1;
                }
            }
            corresponding = if j > 0 && is(other, j - 1) { i } else { end };
            // Down again, as far as it goes.
            while i != end && lines[start] == lines[i] {
                changed[start] = false;
                start += 1;
                changed[i] = true;
                i += 1;
                while is(changed, i) {
                    i += 1;
                }
                j += 1;
                while is(other, j) {
                    j += 1;
                    corresponding = i;
                }
            }
            if length == i - start {
                break;
            }
        }
        while corresponding < i {
            start -= 1;
            changed[start] = true;
            i -= 1;
            changed[i] = false;
            j -= 1;
            while j > 0 && is(other, j) {
                j -= 1;
            }
        }
    }
}

fn changes(gone: &[bool], come: &[bool]) -> Vec<Change> {
    let mut out = Vec::new();
    let (mut a, mut b) = (0, 0);
    while a < gone.len() || b < come.len() {
        let removed = gone[a..].iter().take_while(|g| **g).count();
        let added = come[b..].iter().take_while(|c| **c).count();
        if removed + added > 0 {
            out.push(Change { a, removed, b, added });
        }
        (a, b) = (a + removed, b + added);
        if a < gone.len() && b < come.len() {
            (a, b) = (a + 1, b + 1);
        } else if removed + added == 0 {
            break;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(a: &[u32], b: &[u32]) -> Vec<u32> {
        let (mut out, mut at) = (Vec::new(), 0);
        for c in diff(a, b) {
            out.extend_from_slice(&a[at..c.a]);
            out.extend_from_slice(&b[c.b..c.b + c.added]);
            at = c.a + c.removed;
        }
        out.extend_from_slice(&a[at..]);
        out
    }

    proptest::proptest! {
        #[test]
        fn the_changes_make_the_other_list(a in proptest::collection::vec(0u32..5, 0..40), b in proptest::collection::vec(0u32..5, 0..40)) {
            proptest::prop_assert_eq!(apply(&a, &b), b);
        }
    }

    #[test]
    fn an_inserted_repetition_stands_last() {
        assert_eq!(diff(&[1, 2, 3], &[1, 2, 2, 3]), [Change { a: 2, removed: 0, b: 2, added: 1 }]);
    }
}
