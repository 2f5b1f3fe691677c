use bstr::ByteSlice;

use crate::base::Span;
use crate::program::{Args, Command, Ctx, Example, Outcome};

pub const COMMAND: Command = Command {
    name: "sleep",
    summary: "Pause for NUMBER seconds. SUFFIX may be 's' for seconds, 'm' for minutes, 'h' for hours or 'd' for days.",
    usage: &["NUMBER[SUFFIX]..."],
    examples: &[Example { run: "sleep 0.5; echo rested", prints: "rested\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

async fn main(c: Ctx, a: Args) -> Outcome {
    if a.operands().is_empty() {
        c.complain("missing operand").await?;
        c.err("Try 'sleep --help' for more information.\n").await?;
        return Ok(1);
    }
    let mut total = Span::ZERO;
    for operand in a.operands() {
        match seconds(operand.to_str().unwrap_or("")) {
            Some(span) => total += span,
            None => {
                c.complain(format_args!("invalid time interval ‘{operand}’")).await?;
                c.err("Try 'sleep --help' for more information.\n").await?;
                return Ok(1);
            }
        }
    }
    c.sleep(total).await?;
    Ok(0)
}

/// `1.5`, `10s`, `5m`, `2h`, `1d`, `infinity`.
pub fn seconds(text: &str) -> Option<Span> {
    if text.eq_ignore_ascii_case("inf") || text.eq_ignore_ascii_case("infinity") {
        return Some(Span(u64::MAX));
    }
    let scale = match text.chars().last()? {
        's' => 1.0,
        'm' => 60.0,
        'h' => 3600.0,
        'd' => 86_400.0,
        _ => return number(text).map(Span::from_secs_f64),
    };
    number(text.strip_suffix(|c: char| c.is_ascii_alphabetic())?).map(|n| Span::from_secs_f64(n * scale))
}

fn number(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|n| *n >= 0.0)
}
