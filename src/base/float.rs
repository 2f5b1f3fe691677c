//! C's `%e %f %g %a` for doubles: printf, seq, awk, numfmt.

/// Flags and sizes of a conversion, as printf(3) has them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spec {
    pub left: bool,
    pub plus: bool,
    pub space: bool,
    pub alternate: bool,
    pub zero: bool,
    /// `'`: thousands apart; the C locale has no mark for them.
    pub width: usize,
    pub precision: Option<usize>,
}

impl Spec {
    /// Sign and digits into the field.
    pub fn pad(&self, sign: &str, body: &str, zero_ok: bool) -> String {
        let len = sign.len() + body.chars().count();
        let fill = self.width.saturating_sub(len);
        if self.left {
            format!("{sign}{body}{:fill$}", "")
        } else if self.zero && zero_ok {
            format!("{sign}{:0<fill$}{body}", "")
        } else {
            format!("{:fill$}{sign}{body}", "")
        }
    }
    pub fn sign(&self, negative: bool) -> &'static str {
        match (negative, self.plus, self.space) {
            (true, ..) => "-",
            (_, true, _) => "+",
            (_, _, true) => " ",
            _ => "",
        }
    }
}

/// One double by one of `fFeEgGaA`.
pub fn format_float(value: f64, conversion: u8, spec: &Spec) -> String {
    let upper = conversion.is_ascii_uppercase();
    let sign = spec.sign(value.is_sign_negative());
    let magnitude = value.abs();
    if !magnitude.is_finite() {
        let body = if magnitude.is_nan() { "nan" } else { "inf" };
        let body = if upper { body.to_uppercase() } else { body.to_string() };
        return spec.pad(sign, &body, false);
    }
    let precision = spec.precision.unwrap_or(6);
    let mut body = match conversion.to_ascii_lowercase() {
        b'f' => fixed(magnitude, precision, spec.alternate),
        b'e' => exponent(magnitude, precision, spec.alternate),
        b'g' => general(magnitude, precision, spec.alternate),
        _ => hexadecimal(magnitude, spec.precision, spec.alternate),
    };
    if upper {
        body = body.to_uppercase();
    }
    spec.pad(sign, &body, true)
}

fn fixed(v: f64, precision: usize, alternate: bool) -> String {
    let mut text = format!("{v:.precision$}");
    if precision == 0 && alternate {
        text.push('.');
    }
    text
}

fn exponent(v: f64, precision: usize, alternate: bool) -> String {
    let text = format!("{v:.precision$e}");
    let (mantissa, exp) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, digits) = exp.strip_prefix('-').map_or(('+', exp), |d| ('-', d));
    let point = if precision == 0 && alternate { "." } else { "" };
    format!("{mantissa}{point}e{sign}{digits:0>2}")
}

fn general(v: f64, precision: usize, alternate: bool) -> String {
    let precision = precision.max(1);
    let scientific = format!("{v:.*e}", precision - 1);
    let exp: i32 = scientific.rsplit_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    let trim = |text: String| {
        if alternate || !text.contains('.') {
            text
        } else {
            text.trim_end_matches('0').trim_end_matches('.').to_string()
        }
    };
    if exp < -4 || exp >= precision as i32 {
        let text = exponent(v, precision - 1, alternate);
        let (mantissa, tail) = text.split_once('e').unwrap_or((&text, "+00"));
        format!("{}e{tail}", trim(mantissa.to_string()))
    } else {
        trim(fixed(v, (precision as i32 - 1 - exp).max(0) as usize, alternate))
    }
}

fn hexadecimal(v: f64, precision: Option<usize>, alternate: bool) -> String {
    let bits = v.to_bits();
    let (mut exp, mut mantissa) = ((bits >> 52 & 0x7ff) as i64 - 1023, bits & ((1 << 52) - 1));
    let mut lead = 1;
    if exp == -1023 {
        (lead, exp) = (0, if mantissa == 0 { 0 } else { -1022 });
    }
    let mut digits = format!("{mantissa:013x}");
    match precision {
        None => digits = digits.trim_end_matches('0').to_string(),
        Some(p) if p < 13 => {
            let shift = 52 - 4 * p as u32;
            let rounded = (mantissa >> shift) + (mantissa >> (shift - 1) & 1);
            lead += rounded >> (52 - shift);
            mantissa = rounded & ((1 << (52 - shift)) - 1);
            digits = if p == 0 { String::new() } else { format!("{mantissa:0p$x}") };
        }
        Some(p) => digits = format!("{digits:0<p$}"),
    }
    let point = if digits.is_empty() && !alternate { "" } else { "." };
    format!("0x{lead}{point}{digits}p{exp:+}")
}

/// strtod(3): the longest number at the start, and how many bytes it took (0: none).
pub fn parse_float(text: &[u8]) -> (f64, usize) {
    let blank = text.iter().take_while(|b| b.is_ascii_whitespace()).count();
    let body = &text[blank..];
    let sign = usize::from(matches!(body.first(), Some(b'+' | b'-')));
    let negative = body.first() == Some(&b'-');
    let signed = |v: f64| if negative { -v } else { v };
    let rest = &body[sign..];
    let lower: Vec<u8> = rest.iter().take(8).map(u8::to_ascii_lowercase).collect();
    for (word, value) in [(&b"infinity"[..], f64::INFINITY), (b"inf", f64::INFINITY), (b"nan", f64::NAN)] {
        if lower.starts_with(word) {
            return (signed(value), blank + sign + word.len());
        }
    }
    if lower.starts_with(b"0x") && lower.get(2).is_some_and(|b| b.is_ascii_hexdigit() || *b == b'.') {
        let (value, used) = parse_hex(&rest[2..]);
        return (signed(value), blank + sign + 2 + used);
    }
    let digits = |s: &[u8]| s.iter().take_while(|b| b.is_ascii_digit()).count();
    let whole = digits(rest);
    let mut end = whole;
    let mut fraction = 0;
    if rest.get(end) == Some(&b'.') {
        fraction = digits(&rest[end + 1..]);
        if whole + fraction > 0 {
            end += 1 + fraction;
        }
    }
    if whole + fraction == 0 {
        return (0.0, 0);
    }
    if matches!(rest.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(rest.get(end + 1), Some(b'+' | b'-')));
        let n = digits(&rest[end + 1 + sign..]);
        if n > 0 {
            end += 1 + sign + n;
        }
    }
    let value = std::str::from_utf8(&rest[..end]).ok().and_then(|t| t.parse().ok()).unwrap_or(0.0);
    (signed(value), blank + sign + end)
}

fn parse_hex(text: &[u8]) -> (f64, usize) {
    let (mut value, mut at, mut exp) = (0.0f64, 0, 0i32);
    let mut point = false;
    while let Some(&b) = text.get(at) {
        match (b as char).to_digit(16) {
            Some(d) => {
                value = value * 16.0 + f64::from(d);
                exp -= if point { 4 } else { 0 };
            }
            None if b == b'.' && !point => point = true,
            None => break,
        }
        at += 1;
    }
    if matches!(text.get(at), Some(b'p' | b'P')) {
        let sign = usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        let digits: String =
            text[at + 1 + sign..].iter().take_while(|b| b.is_ascii_digit()).take(5).map(|&b| char::from(b)).collect();
        if let Ok(n) = digits.parse::<i32>() {
            exp += if text.get(at + 1) == Some(&b'-') { -n } else { n };
            at += 1 + sign + digits.len();
        }
    }
    (libm::ldexp(value, exp), at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_are_shown_as_c_shows_them() {
        let show = |v: f64, c: char, precision: Option<usize>| {
            format_float(v, c as u8, &Spec { precision, ..Spec::default() })
        };
        for (v, c, p, text) in [
            (1.5, 'f', None, "1.500000"),
            (0.0001, 'g', None, "0.0001"),
            (0.00001, 'g', None, "1e-05"),
            (123456789.0, 'g', None, "1.23457e+08"),
            (100000.0, 'g', None, "100000"),
            (12345.678, 'e', Some(2), "1.23e+04"),
            (255.5, 'a', None, "0x1.ffp+7"),
            (2.5, 'f', Some(0), "2"),
            (f64::INFINITY, 'f', None, "inf"),
            (-0.0, 'f', Some(1), "-0.0"),
        ] {
            assert_eq!(show(v, c, p), text);
        }
        assert_eq!(parse_float(b" -12.5e1x"), (-125.0, 8));
        assert_eq!(parse_float(b"0x1p4"), (16.0, 5));
        assert_eq!(parse_float(b"abc"), (0.0, 0));
    }
}
