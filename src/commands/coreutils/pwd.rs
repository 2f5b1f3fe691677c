use bstr::ByteSlice;

use crate::program::{Args, Command, Ctx, Example, Opt, Outcome};

pub const COMMAND: Command = Command {
    name: "pwd",
    summary: "Print the full filename of the current working directory.",
    usage: &["[OPTION]..."],
    options: &[
        Opt::flag('L', "logical", "use PWD from environment, even if it contains symlinks"),
        Opt::flag('P', "physical", "avoid all symlinks"),
    ],
    examples: &[Example { run: "cd /usr; /bin/pwd", prints: "/usr\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

async fn main(c: Ctx, a: Args) -> Outcome {
    if !a.operands().is_empty() {
        c.complain("ignoring non-option arguments").await?;
    }
    let real = c.sys(|s| s.getcwd());
    if a.last_of(&["logical", "physical"]) == Some("logical")
        && let Some(pwd) = c.env("PWD")
        && pwd.starts_with(b"/")
        && !pwd.split_str("/").any(|p| p == b"." || p == b"..")
        && c.sys(|s| s.realpath(pwd.as_ref())).is_ok_and(|p| p == real)
    {
        return c.out(format!("{pwd}\n")).await.map(|()| 0);
    }
    c.out(format!("{real}\n")).await.map(|()| 0)
}
