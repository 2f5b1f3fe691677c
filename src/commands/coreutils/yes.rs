use bstr::BString;

use crate::program::{Args, Command, Ctx, Example, Outcome};

pub const COMMAND: Command = Command {
    name: "yes",
    summary: "Repeatedly output a line with all specified STRING(s), or 'y'.",
    usage: &["[STRING]..."],
    examples: &[Example { run: "yes no | head -n 2", prints: "no\nno\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

async fn main(c: Ctx, a: Args) -> Outcome {
    let mut line: BString = bstr::join(" ", a.operands()).into();
    if a.operands().is_empty() {
        line = "y".into();
    }
    line.push(b'\n');
    let block = line.repeat((8192 / line.len()).max(1));
    loop {
        c.out(&block).await?;
        c.flush().await?;
    }
}
