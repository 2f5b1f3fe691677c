use bstr::{BString, ByteSlice};

use super::env::failed_exec;
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome, Syntax};

pub const COMMAND: Command = Command {
    name: "nice",
    summary: "Run COMMAND with an adjusted niceness, which affects process scheduling.",
    usage: &["[OPTION] [COMMAND [ARG]...]"],
    options: &[Opt::value('n', "adjustment", "N", "add integer N to the niceness (default 10)")],
    syntax: Syntax::Raw,
    usage_status: 125,
    examples: &[Example { run: "nice nice", prints: "10\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

const PARSED: Command = Command { syntax: Syntax::Posix, ..COMMAND };

async fn main(c: Ctx, a: Args) -> Outcome {
    let mut argv: Vec<BString> = vec![a.called.clone()];
    argv.extend(a.operands().iter().cloned());
    // `nice -5 cmd`, `nice --5 cmd`: the old forms.
    if let Some(old) = argv.get(1).and_then(|w| w.strip_prefix(b"-")).filter(|w| {
        let digits = w.strip_prefix(b"-").or(w.strip_prefix(b"+")).unwrap_or(w);
        !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
    }) {
        let adjustment = BString::from(old);
        argv.splice(1..2, ["-n".into(), adjustment]);
    }
    let a = match Args::parse(&PARSED, &argv) {
        Ok(a) => a,
        Err(e) => {
            c.err(e.message).await?;
            return Ok(e.status);
        }
    };
    if a.has("help") {
        c.out(COMMAND.help("nice")).await?;
        return Ok(0);
    }
    let mut adjustment = 10;
    if let Some(text) = a.get("adjustment") {
        match text.to_str().ok().and_then(|t| t.strip_prefix('+').unwrap_or(t).parse::<i32>().ok()) {
            Some(n) => adjustment = n.clamp(-39, 39),
            None => {
                c.complain(format_args!("invalid adjustment ‘{text}’")).await?;
                return Ok(125);
            }
        }
    }
    let current = i32::from(c.process(|p| p.nice));
    if a.operands().is_empty() {
        if a.has("adjustment") {
            c.complain("a command must be given with an adjustment").await?;
            c.err("Try 'nice --help' for more information.\n").await?;
            return Ok(125);
        }
        c.out(format!("{current}\n")).await?;
        return Ok(0);
    }
    if let Err(errno) = c.sys(|s| s.set_nice(s.me.pid, current + adjustment)) {
        // It goes on all the same.
        c.complain(format_args!("cannot set niceness: {errno}")).await?;
    }
    let name = a.operands()[0].clone();
    let errno = c.exec(a.operands().to_vec(), c.environment()).await?;
    c.complain(format_args!("‘{name}’: {errno}")).await?;
    Ok(failed_exec(errno))
}

#[cfg(test)]
mod tests {
    use crate::commands::GROUPS;
    use crate::testkit::Kit;

    #[test]
    fn only_root_is_less_nice() {
        let mut kit = Kit::new(GROUPS);
        assert_eq!(kit.run(&["nice", "-n", "5", "nice"]).stdout, "5\n");
        assert_eq!(kit.run(&["nice", "-7", "nice", "nice"]).stdout, "17\n");
        let ran = kit.run(&["nice", "--5", "nice"]);
        assert_eq!(
            (ran.stdout.as_str(), ran.stderr.as_str()),
            ("0\n", "nice: cannot set niceness: Permission denied\n")
        );
    }
}
