//! A test, not code: every text colour of the themes keeps its contrast (WCAG 2.2, 1.4.3 and 1.4.11). The numbers that count
//! are those of `style/tokens.css`, so it reads them there.

#[cfg(test)]
mod tests {
    const TOKENS: &str = include_str!("../../style/tokens.css");

    /// The tokens of the block that starts with this selector.
    fn tokens(selector: &str) -> Vec<(&'static str, &'static str)> {
        let block = TOKENS.split_once(selector).map_or("", |(_, rest)| rest);
        let block = block.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map_or("", |(block, _)| block);
        block
            .split(';')
            .filter_map(|line| {
                let line = line.rsplit("*/").next().unwrap_or(line);
                let (name, value) = line.split_once(':')?;
                Some((name.trim().strip_prefix("--")?, value.trim()))
            })
            .collect()
    }

    fn luminance(hex: &str) -> f64 {
        let n = u32::from_str_radix(hex.trim_start_matches('#'), 16).expect("a colour of six hex digits");
        let channel = |shift: u32| {
            let c = f64::from(n >> shift & 255) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { libm::pow((c + 0.055) / 1.055, 2.4) }
        };
        0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0)
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_text_colour_can_be_read() {
        let mut poor = Vec::new();
        for theme in ["[data-theme=\"dark\"]", "[data-theme=\"light\"]"] {
            let tokens = tokens(theme);
            let value = |name: &str| tokens.iter().find(|(n, _)| *n == name).map(|(_, v)| *v).expect(name);
            let mut want = |text: &str, ground: &str, least: f64| {
                let got = contrast(value(text), value(ground));
                if got < least {
                    poor.push(format!("{theme} {text} on {ground}: {got:.2} < {least}"));
                }
            };
            for ground in ["ground", "panel", "raised"] {
                for text in ["text", "muted", "link", "good", "warn", "bad"] {
                    want(text, ground, 4.5);
                }
            }
            want("on-accent", "accent", 4.5);
            want("on-bad", "bad-fill", 4.5);
            want("focus", "ground", 3.0);
            want("focus", "panel", 3.0);
            want("edge-strong", "panel", 3.0);
            for n in 0..16 {
                want(&format!("ansi-{n}"), "term-ground", 4.5);
            }
            want("term-text", "term-ground", 4.5);
            for n in 0..7 {
                want(&format!("series-{n}"), "panel", 3.0);
            }
        }
        assert!(poor.is_empty(), "{}", poor.join("\n"));
    }
}
