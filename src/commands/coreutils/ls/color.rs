//! LS_COLORS.

use std::collections::BTreeMap;

use bstr::{BString, ByteSlice};

use crate::world::fs::Kind;
use crate::world::sys::Stat;

/// What each kind of name is painted with.
pub struct Colors {
    kinds: BTreeMap<BString, BString>,
    suffixes: Vec<(BString, BString)>,
}

/// ls's own, without LS_COLORS.
const BUILT_IN: &[(&str, &str)] = &[
    ("di", "01;34"),
    ("ln", "01;36"),
    ("pi", "33"),
    ("so", "01;35"),
    ("cd", "01;33"),
    ("ex", "01;32"),
    ("su", "37;41"),
    ("sg", "30;43"),
    ("st", "37;44"),
    ("ow", "34;42"),
    ("tw", "30;42"),
];

impl Colors {
    pub fn new(variable: &[u8]) -> Colors {
        let mut kinds: BTreeMap<BString, BString> =
            BUILT_IN.iter().map(|&(kind, paint)| (kind.into(), paint.into())).collect();
        let mut suffixes = Vec::new();
        for (key, paint) in variable.split_str(":").filter_map(|part| part.split_once_str("=")) {
            match key.strip_prefix(b"*") {
                Some(suffix) => suffixes.push((suffix.into(), paint.into())),
                None => drop(kinds.insert(key.into(), paint.into())),
            }
        }
        Colors { kinds, suffixes }
    }

    /// The paint of a name, if it has one.
    pub fn of(&self, name: &[u8], kind: Kind, stat: Option<&Stat>, dangling: bool) -> Option<&BString> {
        let mode = stat.map_or(0, |s| s.mode);
        let key = match kind {
            Kind::Dir if mode & 0o1002 == 0o1002 => "tw",
            Kind::Dir if mode & 0o002 != 0 => "ow",
            Kind::Dir if mode & 0o1000 != 0 => "st",
            Kind::Dir => "di",
            Kind::Symlink if dangling && self.kinds.contains_key(bstr::BStr::new("or")) => "or",
            Kind::Symlink => "ln",
            Kind::Char => "cd",
            Kind::Fifo => "pi",
            Kind::Socket => "so",
            Kind::File if mode & 0o4000 != 0 => "su",
            Kind::File if mode & 0o2000 != 0 => "sg",
            Kind::File if mode & 0o111 != 0 => "ex",
            Kind::File => {
                let suffix = self.suffixes.iter().rev().find(|(s, _)| name.ends_with(s)).map(|(_, paint)| paint);
                return suffix.or_else(|| self.kinds.get(bstr::BStr::new("fi")));
            }
        };
        self.kinds.get(bstr::BStr::new(key)).filter(|paint| !paint.is_empty() && *paint != "0" && *paint != "00")
    }
}
