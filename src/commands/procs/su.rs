use std::rc::Rc;

use bstr::{BString, ByteSlice};

use super::become_user::{Order, ask_password, login_environment, not_run, run};
use crate::base::Span;
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome, Syntax};
use crate::world::journald::Priority;

pub const COMMAND: Command = Command {
    name: "su",
    package: "util-linux",
    summary: "Change the effective user ID and group ID to that of <user>.\nA mere - implies -l.  If <user> is not given, root is assumed.",
    usage: &["[options] [-] [<user> [<argument>...]]"],
    options: &[
        Opt::flag('m', "preserve-environment", "do not reset environment variables"),
        Opt::flag('p', "", "do not reset environment variables, same as -m"),
        Opt::value('w', "whitelist-environment", "list", "don't reset specified variables").accepted(),
        Opt::value('g', "group", "group", "specify the primary group").unmodelled(),
        Opt::value('G', "supp-group", "group", "specify a supplemental group").unmodelled(),
        Opt::flag('l', "login", "make the shell a login shell"),
        Opt::value('c', "command", "command", "pass a single command to the shell with -c"),
        Opt::long_value(
            "session-command",
            "command",
            "pass a single command to the shell with -c and do not create a new session",
        ),
        Opt::flag('f', "fast", "pass -f to the shell (for csh or tcsh)").accepted(),
        Opt::value('s', "shell", "shell", "run <shell> if /etc/shells allows it"),
        Opt::flag('P', "pty", "create a new pseudo-terminal").accepted(),
    ],
    syntax: Syntax::Gnu,
    examples: &[Example {
        run: "su nosuch 2>&1",
        prints: "su: user nosuch does not exist or the user entry does not contain all the required fields\n",
    }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

async fn main(c: Ctx, a: Args) -> Outcome {
    let mut words = a.operands().to_vec();
    let login = a.has("login") || words.first().is_some_and(|w| w == "-");
    if words.first().is_some_and(|w| w == "-") {
        words.remove(0);
    }
    let name = if words.is_empty() { "root".to_string() } else { words.remove(0).to_string() };
    let Some(account) = c.read(|w| w.host(c.me().host).user(&name).cloned()) else {
        c.complain(format_args!(
            "user {name} does not exist or the user entry does not contain all the required fields"
        ))
        .await?;
        return Ok(1);
    };
    let me = c.read(|w| w.host(c.me().host).user_name(c.uid()));
    let tty = c.process(|p| p.tty).map_or_else(|| "none".into(), |t| format!("pts/{}", t.0));
    if c.uid() != 0 {
        // No account has a password that would open it.
        ask_password(&c, "Password: ").await?;
        c.sleep(Span::from_secs(2)).await?;
        let line = format!("FAILED SU (to {name}) {me} on {tty}");
        c.act(|w| w.log(c.me().host, "", "su", c.pid(), Priority::Notice, line));
        c.complain("Authentication failure").await?;
        return Ok(1);
    }
    let line = format!("(to {name}) {me} on {tty}");
    c.act(|w| w.log(c.me().host, "", "su", c.pid(), Priority::Notice, line));
    c.sys(|s| s.footprint("su", name.clone(), ""));
    let preserve = a.has("preserve-environment") || a.has("p");
    let env = if login {
        login_environment(&c, &account, &["TERM"])
    } else {
        let mut vars = (*c.environment()).clone();
        if !preserve {
            vars.insert("HOME".into(), account.home.as_str().into());
            vars.insert("SHELL".into(), account.shell.as_str().into());
            if account.uid != 0 {
                vars.insert("USER".into(), account.name.as_str().into());
                vars.insert("LOGNAME".into(), account.name.as_str().into());
            }
        }
        Rc::new(vars)
    };
    let shell: BString = a.get("shell").map_or_else(|| account.shell.as_str().into(), BString::from);
    let base = shell.rsplit_str("/").next().unwrap_or(b"sh").as_bstr().to_string();
    let mut argv: Vec<BString> = vec![if login { format!("-{base}").into() } else { base.into() }];
    if let Some(command) = a.get("command").or(a.get("session-command")) {
        argv.extend(["-c".into(), BString::from(command)]);
    }
    argv.extend(words);
    let path = env.get(bstr::BStr::new("PATH")).cloned().unwrap_or_default();
    let directory = login.then(|| account.home.as_str().into());
    let order = Order { account, file: shell.clone(), argv, env, path, directory, wait: true };
    match run(&c, order).await? {
        Ok(status) => Ok(status),
        Err(errno) => {
            c.complain(format_args!("failed to execute {shell}: {errno}")).await?;
            not_run(errno)
        }
    }
}
