//! Text in, text out: the filters, grep, sed, diff and their kin.

mod bytes;
mod column;
mod cut;
mod diff;
mod grep;
mod head;
mod lines;
mod od;
mod pairs;
mod sed;
mod sort;
mod sort_key;
mod split;
mod sums;
mod tail;
mod tail_follow;
mod tr;
mod uniq;
mod wc;

use crate::program::Command;

pub const COMMANDS: &[&Command] = &[
    &bytes::BASE64,
    &bytes::CMP,
    &bytes::HEXDUMP,
    &bytes::STRINGS,
    &bytes::XXD,
    &column::COMMAND,
    &cut::COMMAND,
    &diff::COMMAND,
    &grep::EGREP,
    &grep::FGREP,
    &grep::GREP,
    &head::COMMAND,
    &lines::EXPAND,
    &lines::FMT,
    &lines::FOLD,
    &lines::NL,
    &lines::PASTE,
    &lines::REV,
    &lines::TAC,
    &lines::UNEXPAND,
    &od::COMMAND,
    &pairs::COMM,
    &pairs::JOIN,
    &pairs::SHUF,
    &sed::COMMAND,
    &sort::COMMAND,
    &split::COMMAND,
    &sums::CKSUM,
    &sums::MD5,
    &sums::SHA1,
    &sums::SHA224,
    &sums::SHA256,
    &sums::SHA384,
    &sums::SHA512,
    &tail::COMMAND,
    &tr::COMMAND,
    &uniq::COMMAND,
    &wc::COMMAND,
];
