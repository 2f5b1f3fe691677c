//! The little Markdown that briefs and debriefs use, as data: headings, paragraphs, lists, code, emphasis. A scenario is
//! third-party text, so there is no way from here to HTML.

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Heading(Vec<Bit>),
    Paragraph(Vec<Bit>),
    List(Vec<Vec<Bit>>),
    Code(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bit {
    Text(String),
    Code(String),
    Strong(String),
}

pub fn parse(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut paragraph = String::new();
    let mut code: Option<String> = None;
    for line in text.lines() {
        if let Some(block) = &mut code {
            if line.trim_start().starts_with("```") {
                parts.push(Part::Code(block.trim_end().to_owned()));
                code = None;
            } else {
                block.push_str(line);
                block.push('\n');
            }
            continue;
        }
        let trimmed = line.trim();
        let item = trimmed.strip_prefix("- ").or_else(|| trimmed.strip_prefix("* "));
        if trimmed.starts_with("```") || trimmed.is_empty() || trimmed.starts_with('#') || item.is_some() {
            flush(&mut paragraph, &mut parts);
        }
        if trimmed.starts_with("```") {
            code = Some(String::new());
        } else if trimmed.starts_with('#') {
            parts.push(Part::Heading(bits(trimmed.trim_start_matches('#').trim())));
        } else if let Some(item) = item {
            match parts.last_mut() {
                Some(Part::List(items)) => items.push(bits(item)),
                _ => parts.push(Part::List(vec![bits(item)])),
            }
        } else if !trimmed.is_empty() {
            if !paragraph.is_empty() {
                paragraph.push(' ');
            }
            paragraph.push_str(trimmed);
        }
    }
    if let Some(block) = code {
        parts.push(Part::Code(block.trim_end().to_owned()));
    }
    flush(&mut paragraph, &mut parts);
    parts
}

fn flush(paragraph: &mut String, parts: &mut Vec<Part>) {
    if !paragraph.is_empty() {
        parts.push(Part::Paragraph(bits(paragraph)));
        paragraph.clear();
    }
}

/// Pieces between marks; a mark without its partner is text.
fn bits(text: &str) -> Vec<Bit> {
    let mut bits = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let found = ["`", "**"].iter().filter_map(|mark| Some((rest.find(mark)?, *mark))).min();
        let whole = found.and_then(|(at, mark)| {
            let (before, tail) = rest.split_at_checked(at)?;
            let inner = tail.strip_prefix(mark)?;
            let (inside, after) = inner.split_once(mark)?;
            Some((before, mark, inside, after))
        });
        let Some((before, mark, inside, after)) = whole else {
            bits.push(Bit::Text(rest.to_owned()));
            break;
        };
        if !before.is_empty() {
            bits.push(Bit::Text(before.to_owned()));
        }
        bits.push(if mark == "`" { Bit::Code(inside.to_owned()) } else { Bit::Strong(inside.to_owned()) });
        rest = after;
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn briefs_become_parts() {
        let parts = parse("# Shop\nOrders fail on `web`\nsince **03:07**.\n\n- one\n- two\n\n```\ndf -h\n```\n");
        assert_eq!(
            parts,
            [
                Part::Heading(vec![Bit::Text("Shop".into())]),
                Part::Paragraph(vec![
                    Bit::Text("Orders fail on ".into()),
                    Bit::Code("web".into()),
                    Bit::Text(" since ".into()),
                    Bit::Strong("03:07".into()),
                    Bit::Text(".".into()),
                ]),
                Part::List(vec![vec![Bit::Text("one".into())], vec![Bit::Text("two".into())]]),
                Part::Code("df -h".into()),
            ]
        );
    }

    #[test]
    fn lonely_marks_are_text() {
        assert_eq!(parse("a * b ** c ` d"), [Part::Paragraph(vec![Bit::Text("a * b ** c ` d".into())])]);
        assert_eq!(parse("<b>x</b>"), [Part::Paragraph(vec![Bit::Text("<b>x</b>".into())])]);
    }
}
