//! The mirror textarea: what the browser did to its text, as an edit relative to the cursor.
//!
//! Relative, because the text may be older than the line it mirrors: keys that are still under way to the engine have moved
//! the true cursor, and an insertion belongs where that is.

use crate::protocol::Edit;

/// What changed from `before` (with the cursor after `cursor` characters) to `after`.
pub fn difference(before: &str, cursor: usize, after: &str) -> Option<Edit> {
    if before == after {
        return None;
    }
    let old: Vec<char> = before.chars().collect();
    let new: Vec<char> = after.chars().collect();
    let cursor = cursor.min(old.len());
    // What is behind the cursor stays where it can; the rest of the change is in front of it.
    let tail = old[cursor..].iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let head = old[..cursor].iter().zip(&new[..new.len() - tail]).take_while(|(a, b)| a == b).count();
    Some(Edit {
        seq: 0,
        left: (cursor - head) as u32,
        right: (old.len() - cursor - tail) as u32,
        insert: new[head..new.len() - tail].iter().collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn apply(before: &str, cursor: usize, edit: &Edit) -> String {
        let mut text: Vec<char> = before.chars().collect();
        let from = cursor - edit.left as usize;
        text.splice(from..cursor + edit.right as usize, edit.insert.chars());
        text.into_iter().collect()
    }

    #[test]
    fn typing_is_an_insertion_at_the_cursor() {
        let edit = |left, right, insert: &str| Some(Edit { seq: 0, left, right, insert: insert.into() });
        assert_eq!(difference("ls", 2, "ls "), edit(0, 0, " "));
        // The same letter twice in a row: which one is new is decided by the cursor.
        assert_eq!(difference("aa", 1, "aaa"), edit(0, 0, "a"));
        assert_eq!(difference("abc", 3, "ab"), edit(1, 0, ""));
        assert_eq!(difference("teh", 3, "the "), edit(2, 0, "he "));
        assert_eq!(difference("same", 1, "same"), None);
    }

    proptest! {
        #[test]
        fn any_change_is_found(before in "[aäb]{0,8}", after in "[aäb]{0,8}", at in 0usize..9) {
            let cursor = at.min(before.chars().count());
            let found = difference(&before, cursor, &after).map_or(before.clone(), |edit| apply(&before, cursor, &edit));
            prop_assert_eq!(found, after);
        }
    }
}
