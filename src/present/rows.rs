//! A terminal row as the pieces of text that the page makes elements of.
//!
//! Fewer pieces are fewer elements: blanks join the piece before them when it makes no visible difference.

use crate::protocol::{BLINK, BOLD, FAINT, INVERSE, ITALIC, Ink, Row, STRIKE, Style, UNDERLINE};

/// One element of a row. `class` is empty for plain text. A colour outside the palette is set as a property of the element,
/// because a strict content policy forbids a style attribute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    pub class: String,
    pub ink: Option<String>,
    pub paper: Option<String>,
}

/// The pieces of a row, in order.
pub fn pieces(row: &Row) -> Vec<Piece> {
    let mut pieces: Vec<(Style, Piece)> = Vec::new();
    for stretch in &row.stretches {
        if let Some((style, piece)) = pieces.last_mut()
            && !stretch.wide
            && !piece.class.contains("wide")
            && (*style == stretch.style
                || (stretch.text.trim_matches(' ').is_empty() && blanks_agree(*style, stretch.style)))
        {
            piece.text.push_str(&stretch.text);
            continue;
        }
        let (ink, paper) = if stretch.style.attrs & INVERSE == 0 {
            (stretch.style.ink, stretch.style.paper)
        } else {
            (stretch.style.paper, stretch.style.ink)
        };
        let mut piece = Piece { text: stretch.text.clone(), ..Piece::default() };
        let mut class = Vec::new();
        let inverse = stretch.style.attrs & INVERSE != 0;
        color(ink, 'f', inverse, &mut class, &mut piece.ink);
        color(paper, 'b', inverse, &mut class, &mut piece.paper);
        for (bit, name) in
            [(BOLD, "bo"), (FAINT, "fa"), (ITALIC, "it"), (UNDERLINE, "un"), (STRIKE, "st"), (BLINK, "bl")]
        {
            if stretch.style.attrs & bit != 0 {
                class.push(name.to_owned());
            }
        }
        if stretch.wide {
            class.push("wide".to_owned());
        }
        piece.class = class.join(" ");
        pieces.push((stretch.style, piece));
    }
    pieces.into_iter().map(|(_, piece)| piece).collect()
}

/// Do blanks look the same in both styles?
fn blanks_agree(a: Style, b: Style) -> bool {
    let shows = UNDERLINE | STRIKE | INVERSE;
    a.paper == b.paper && a.attrs & shows == b.attrs & shows && (a.attrs & INVERSE == 0 || a.ink == b.ink)
}

fn color(ink: Ink, letter: char, inverse: bool, class: &mut Vec<String>, property: &mut Option<String>) {
    match ink {
        Ink::Default if inverse => class.push(format!("{letter}d")),
        Ink::Default => {}
        Ink::Index(index @ 0..16) => class.push(format!("{letter}{index}")),
        Ink::Index(index) => *property = Some(indexed(index)),
        Ink::Rgb(r, g, b) => *property = Some(format!("#{r:02x}{g:02x}{b:02x}")),
    }
}

/// The fixed part of the 256 colours: a cube of 6 by 6 by 6 and 24 greys.
fn indexed(index: u8) -> String {
    if index >= 232 {
        let grey = 8 + (index - 232) as u32 * 10;
        return format!("#{grey:02x}{grey:02x}{grey:02x}");
    }
    let index = index.saturating_sub(16) as u32;
    let level = |n: u32| if n == 0 { 0 } else { 55 + n * 40 };
    format!("#{:02x}{:02x}{:02x}", level(index / 36), level(index / 6 % 6), level(index % 6))
}

/// Selected rows as text: a wrapped row joins the next, blanks at a line's end are dropped.
pub fn join<'a>(rows: impl IntoIterator<Item = (&'a str, bool)>) -> String {
    let mut out = String::new();
    let mut line = String::new();
    let mut open = false;
    for (text, wrapped) in rows {
        line.push_str(text);
        open = true;
        if !wrapped {
            out.push_str(line.trim_end_matches([' ', '\u{a0}']));
            out.push('\n');
            line.clear();
            open = false;
        }
    }
    if open {
        out.push_str(line.trim_end_matches([' ', '\u{a0}']));
    } else {
        out.pop();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Stretch;

    fn stretch(text: &str, ink: Ink, attrs: u8) -> Stretch {
        Stretch { text: text.into(), style: Style { ink, attrs, ..Style::default() }, wide: false }
    }

    fn shown(stretches: Vec<Stretch>) -> Vec<(String, String)> {
        pieces(&Row { stretches, wrapped: false }).into_iter().map(|p| (p.text, p.class)).collect()
    }

    #[test]
    fn blanks_join_what_is_before_them() {
        let red = Ink::Index(1);
        let row = vec![stretch("a", red, 0), stretch("  ", Ink::Default, 0), stretch("b", Ink::Default, BOLD)];
        assert_eq!(shown(row), [("a  ".into(), "f1".into()), ("b".into(), "bo".into())]);
        let lined = vec![stretch("a", red, UNDERLINE), stretch("  ", Ink::Default, 0)];
        assert_eq!(shown(lined).len(), 2, "an underlined blank shows");
    }

    #[test]
    fn inverse_swaps_and_names_the_defaults() {
        assert_eq!(shown(vec![stretch("x", Ink::Index(2), INVERSE)]), [("x".into(), "fd b2".into())]);
        assert_eq!(shown(vec![stretch("x", Ink::Default, INVERSE)]), [("x".into(), "fd bd".into())]);
    }

    #[test]
    fn colours_outside_the_palette_are_properties() {
        let row = Row {
            stretches: vec![stretch("x", Ink::Index(208), 0), stretch("y", Ink::Rgb(1, 2, 3), 0)],
            wrapped: false,
        };
        let colours: Vec<_> = pieces(&row).into_iter().map(|p| p.ink).collect();
        assert_eq!(colours, [Some("#ff8700".into()), Some("#010203".into())]);
    }

    #[test]
    fn copied_text_has_lines_as_they_were_written() {
        assert_eq!(
            join([("one ", false), ("two is ", true), ("long  ", false), ("end", false)]),
            "one\ntwo is long\nend"
        );
        assert_eq!(join([("cut ", true)]), "cut");
    }
}
