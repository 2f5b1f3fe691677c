use std::rc::Rc;

use bstr::{BString, ByteSlice};

use crate::program::{Args, Command, Ctx, Example, Opt, Outcome, Syntax};
use crate::world::Errno;

pub const COMMAND: Command = Command {
    name: "env",
    summary: "Set each NAME to VALUE in the environment and run COMMAND.",
    usage: &["[OPTION]... [-] [NAME=VALUE]... [COMMAND [ARG]...]"],
    options: &[
        Opt::flag('i', "ignore-environment", "start with an empty environment"),
        Opt::flag('0', "null", "end each output line with NUL, not newline"),
        Opt::value('u', "unset", "NAME", "remove variable from the environment"),
        Opt::value('C', "chdir", "DIR", "change working directory to DIR"),
        Opt::value('S', "split-string", "S", "process and split S into separate arguments"),
        Opt::long("block-signal", "block delivery of SIG signal(s) to COMMAND").optional("SIG").unmodelled(),
        Opt::long("default-signal", "reset handling of SIG signal(s) to the default").optional("SIG").unmodelled(),
        Opt::long("ignore-signal", "set handling of SIG signal(s) to do nothing").optional("SIG").unmodelled(),
        Opt::flag('v', "debug", "print verbose information for each processing step"),
    ],
    syntax: Syntax::Posix,
    usage_status: 125,
    examples: &[Example { run: "/usr/bin/env -i A=1 B=2", prints: "A=1\nB=2\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

async fn main(c: Ctx, a: Args) -> Outcome {
    let mut operands = a.operands().to_vec();
    if let Some(text) = a.get("split-string") {
        let split: Vec<BString> = text.fields_with(char::is_whitespace).map(BString::from).collect();
        operands.splice(0..0, split);
    }
    let mut vars = (*c.environment()).clone();
    if a.has("ignore-environment") || operands.first().is_some_and(|o| o == "-") {
        vars.clear();
    }
    if operands.first().is_some_and(|o| o == "-") {
        operands.remove(0);
    }
    for name in a.all("unset") {
        if name.is_empty() || name.contains(&b'=') {
            c.complain(format_args!("cannot unset ‘{name}’: Invalid argument")).await?;
            return Ok(125);
        }
        vars.remove(name);
    }
    while let Some((name, value)) = operands.first().and_then(|o| o.split_once_str("=")) {
        vars.insert(name.into(), value.into());
        operands.remove(0);
    }
    if operands.is_empty() {
        if a.has("chdir") {
            c.complain("must specify command with --chdir (-C)").await?;
            c.err(format!("Try '{} --help' for more information.\n", a.called)).await?;
            return Ok(125);
        }
        let end = if a.has("null") { b'\0' } else { b'\n' };
        for (name, value) in &vars {
            let mut line = name.clone();
            line.push(b'=');
            line.extend_from_slice(value);
            line.push(end);
            c.out(line).await?;
        }
        return Ok(0);
    }
    if a.has("null") {
        c.complain("cannot specify --null (-0) with command").await?;
        c.err(format!("Try '{} --help' for more information.\n", a.called)).await?;
        return Ok(125);
    }
    if let Some(dir) = a.get("chdir")
        && let Err(errno) = c.sys(|s| s.chdir(dir))
    {
        c.complain(format_args!("cannot change directory to ‘{dir}’: {errno}")).await?;
        return Ok(125);
    }
    if a.has("debug") {
        let shown = operands.iter().map(|o| format!("‘{o}’")).collect::<Vec<_>>().join(" ");
        c.err(format!("executing: {}\n   args: {shown}\n", operands[0])).await?;
    }
    let name = operands[0].clone();
    let errno = c.exec(operands, Rc::new(vars)).await?;
    c.complain(format_args!("‘{name}’: {errno}")).await?;
    if errno == Errno::ENOENT && name.contains(&b' ') {
        c.complain("use -[v]S to pass options in shebang lines").await?;
    }
    Ok(failed_exec(errno))
}

/// The status of `env`, `nice`, `nohup`, `timeout` and `xargs` when a command cannot be run.
pub(super) fn failed_exec(errno: Errno) -> u8 {
    if errno == Errno::ENOENT { 127 } else { 126 }
}

#[cfg(test)]
mod tests {
    use crate::commands::GROUPS;
    use crate::testkit::Kit;

    #[test]
    fn it_changes_the_environment_of_a_command() {
        let mut kit = Kit::new(GROUPS);
        assert_eq!(kit.run(&["env", "-i", "A=1", "/usr/bin/env", "B=2"]).stdout, "A=1\nB=2\n");
        let ran = kit.run(&["env", "nosuch"]);
        assert_eq!((ran.stderr.as_str(), ran.status), ("env: ‘nosuch’: No such file or directory\n", 127));
        assert_eq!(kit.run(&["env", "-i", "X=y", "-"]).status, 127);
        assert_eq!(kit.run(&["env", "/etc/passwd"]).status, 126);
    }
}
