//! Extended regular expressions as `pgrep`, `killall -r`, `journalctl -g` and the pager use them.

use std::rc::Rc;

use crate::base::regex::{Flags, Regex, Syntax};

/// A compiled pattern that is cheap to copy.
#[derive(Clone)]
pub struct Pattern(Rc<Regex>);

impl Pattern {
    /// The error is regcomp's text.
    pub fn new(text: &[u8], ignore_case: bool) -> Result<Pattern, String> {
        Regex::new(text, Syntax::Extended, Flags { icase: ignore_case, ..Flags::default() })
            .map(|r| Pattern(Rc::new(r)))
    }
    pub fn find(&self, text: &[u8]) -> Option<(usize, usize)> {
        self.0.find_at(text, 0)
    }
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.0.is_match(text)
    }
}
