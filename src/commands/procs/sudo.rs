use std::rc::Rc;

use bstr::{BStr, BString, ByteSlice};

use super::become_user::{Order, ask_password, run};
use crate::base::Span;
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome, Stop, Syntax};
use crate::world::Account;
use crate::world::journald::Priority;

pub const COMMAND: Command = Command {
    name: "sudo",
    package: "sudo",
    summary: "sudo - execute a command as another user",
    usage: &[
        "-h | -K | -k | -V",
        "-v [-ABknS] [-g group] [-h host] [-p prompt] [-u user]",
        "-l [-ABknS] [-g group] [-h host] [-p prompt] [-U user] [-u user] [command]",
        "[-ABbEHknPS] [-r role] [-t type] [-C num] [-D directory] [-g group] [-h host] [-p prompt] [-R directory] [-T timeout] [-u user] [VAR=value] [-i|-s] [<command>]",
        "-e [-ABknS] [-r role] [-t type] [-C num] [-D directory] [-g group] [-h host] [-p prompt] [-R directory] [-T timeout] [-u user] file ...",
    ],
    options: &[
        Opt::flag('A', "askpass", "use a helper program for password prompting").accepted(),
        Opt::flag('b', "background", "run command in the background"),
        Opt::flag('B', "bell", "ring bell when prompting").accepted(),
        Opt::value('C', "close-from", "num", "close all file descriptors >= num").accepted(),
        Opt::value('D', "chdir", "directory", "change the working directory before running command"),
        Opt::flag('E', "preserve-env", "preserve user environment when running command").optional("list"),
        Opt::flag('e', "edit", "edit files instead of running a command").unmodelled(),
        Opt::value('g', "group", "group", "run command as the specified group name or ID").unmodelled(),
        Opt::flag('H', "set-home", "set HOME variable to target user's home dir").accepted(),
        Opt::flag('i', "login", "run login shell as the target user; a command may also be specified"),
        Opt::flag('K', "remove-timestamp", "remove timestamp file completely").accepted(),
        Opt::flag('k', "reset-timestamp", "invalidate timestamp file").accepted(),
        Opt::flag('l', "list", "list user's privileges or check a specific command"),
        Opt::flag('n', "non-interactive", "non-interactive mode, no prompts are used"),
        Opt::flag('P', "preserve-groups", "preserve group vector instead of setting to target's").accepted(),
        Opt::value('p', "prompt", "prompt", "use the specified password prompt"),
        Opt::flag('S', "stdin", "read password from standard input").accepted(),
        Opt::flag('s', "shell", "run shell as the target user; a command may also be specified"),
        Opt::value('T', "command-timeout", "timeout", "terminate command after the specified time limit").unmodelled(),
        Opt::value('U', "other-user", "user", "in list mode, display privileges for user"),
        Opt::value('u', "user", "user", "run command (or edit file) as specified user name or ID"),
        Opt::flag('V', "version", "display version information and exit"),
        Opt::flag('v', "validate", "update user's timestamp without running a command"),
    ],
    syntax: Syntax::Posix,
    examples: &[Example {
        run: "sudo -u nobody env | grep -E '^(USER|SUDO_USER)='",
        prints: "SUDO_USER=oncall\nUSER=nobody\n",
    }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

const SECURE_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Variables that sudo keeps from the caller (env_keep's defaults that matter here).
const KEPT: &[&str] =
    &["COLORTERM", "DISPLAY", "LANG", "LANGUAGE", "LC_ALL", "LS_COLORS", "PS1", "TERM", "TZ", "XAUTHORITY"];

const USAGE: &str = "usage: sudo -h | -K | -k | -V\nusage: sudo -v [-ABknS] [-g group] [-h host] [-p prompt] [-u user]\nusage: sudo -l [-ABknS] [-g group] [-h host] [-p prompt] [-U user] [-u user]\n            [command]\nusage: sudo [-ABbEHknPS] [-r role] [-t type] [-C num] [-D directory] [-g group]\n            [-h host] [-p prompt] [-R directory] [-T timeout] [-u user]\n            [VAR=value] [-i|-s] [<command>]\nusage: sudo -e [-ABknS] [-r role] [-t type] [-C num] [-D directory] [-g group]\n            [-h host] [-p prompt] [-R directory] [-T timeout] [-u user] file ...\n";

fn account(c: &Ctx, name: &str) -> Option<Account> {
    c.read(|w| {
        let host = w.host(c.me().host);
        let by_number = name.strip_prefix('#').and_then(|n| n.parse().ok()).and_then(|uid| host.user_of(uid));
        host.user(name).or(by_number).cloned()
    })
}

async fn main(c: Ctx, a: Args) -> Outcome {
    let uid = c.uid();
    let Some(me) = c.read(|w| w.host(c.me().host).user_of(uid).cloned()) else {
        c.complain(format_args!("you do not exist in the passwd database")).await?;
        return Ok(1);
    };
    if a.has("version") {
        c.out("Sudo version 1.9.13p3\nSudoers policy plugin version 1.9.13p3\nSudoers file grammar version 50\nSudoers I/O plugin version 1.9.13p3\nSudoers audit plugin version 1.9.13p3\n").await?;
        return Ok(0);
    }
    let mut words = a.operands().to_vec();
    if words.is_empty() && ["remove-timestamp", "reset-timestamp"].iter().any(|n| a.has(n)) {
        return Ok(0);
    }
    let shell = a.has("login") || a.has("shell");
    if words.is_empty() && !shell && !a.has("list") && !a.has("validate") {
        c.err(USAGE).await?;
        return Ok(1);
    }
    let target = a.get("user").map_or_else(|| "root".into(), |u| u.to_str_lossy().into_owned());
    let Some(target) = account(&c, &target) else {
        c.complain(format_args!("unknown user {target}")).await?;
        c.complain("error initializing audit plugin sudoers_audit").await?;
        return Ok(1);
    };
    if !me.sudo
        && uid != 0
        && let Some(status) = refuse(&c, &a, &me).await?
    {
        return Ok(status);
    }
    if a.has("validate") {
        return Ok(0);
    }
    if a.has("list") {
        return list(&c, &a, &me, &words).await;
    }
    let mut env = environment(&c, &a, &target);
    while let Some((name, value)) = words.first().and_then(|w| w.split_once_str("=")) {
        env.insert(name.into(), value.into());
        words.remove(0);
    }
    let asked = words.iter().map(|w| w.to_string()).collect::<Vec<_>>().join(" ");
    let (file, argv) = if shell {
        let shell = if a.has("login") { Some(target.shell.as_str().into()) } else { c.env("SHELL") };
        let shell = shell.unwrap_or_else(|| BString::from(target.shell.as_str()));
        let base = shell.rsplit_str("/").next().unwrap_or(b"sh").as_bstr().to_string();
        let first = if a.has("login") { format!("-{base}") } else { shell.to_string() };
        let mut argv: Vec<BString> = vec![first.into()];
        if !words.is_empty() {
            argv.extend(["-c".into(), BString::from(words.iter().map(escape).collect::<Vec<_>>().join(" "))]);
        }
        (shell, argv)
    } else {
        let Some(first) = words.first().cloned() else {
            c.err(USAGE).await?;
            return Ok(1);
        };
        (first, words.clone())
    };
    let full = find(&c, &file, &target);
    let Some(full) = full else {
        c.complain(format_args!("{file}: command not found")).await?;
        return Ok(1);
    };
    let shown = if shell && words.is_empty() { full.to_string() } else { command_line(&full, &words, shell, &asked) };
    note(&c, &me, &target, &shown);
    env.insert("SUDO_COMMAND".into(), shown.as_str().into());
    env.insert("SUDO_USER".into(), me.name.as_str().into());
    env.insert("SUDO_UID".into(), me.uid.to_string().into());
    env.insert("SUDO_GID".into(), me.gid.to_string().into());
    let directory = match a.get("chdir") {
        Some(dir) => Some(dir.into()),
        None if a.has("login") => Some(target.home.as_str().into()),
        None => None,
    };
    let order = Order {
        account: target,
        file: full,
        argv,
        env: Rc::new(env),
        path: SECURE_PATH.into(),
        directory,
        wait: !a.has("background"),
    };
    match run(&c, order).await? {
        Ok(status) => Ok(status),
        Err(errno) => {
            c.complain(format_args!("unable to execute {file}: {errno}")).await?;
            Ok(1)
        }
    }
}

/// Where the command is, on sudo's own path and with the target's eyes.
fn find(c: &Ctx, file: &BString, target: &Account) -> Option<BString> {
    let theirs = c.read(|w| w.host(c.me().host).cred_of(target));
    let mine = c.sys(|s| s.process().map(|p| p.cred.clone())).ok()?;
    c.sys(|s| {
        s.set_cred(theirs).ok()?;
        let found = s.which(file.as_ref(), BStr::new(SECURE_PATH)).ok().filter(|p| s.stat(p.as_ref()).is_ok());
        s.set_cred(mine).ok()?;
        found
    })
}

fn command_line(full: &BString, words: &[BString], shell: bool, asked: &str) -> String {
    if shell {
        return format!("{full} -c {asked}");
    }
    let rest = words.iter().skip(1).map(|w| format!(" {w}")).collect::<String>();
    format!("{full}{rest}")
}

/// sudo passes a command to a shell with everything quoted that is not plain.
fn escape(word: &BString) -> String {
    let mut out = String::new();
    for ch in word.to_str_lossy().chars() {
        if !(ch.is_ascii_alphanumeric() || "_-$".contains(ch)) {
            out.push('\\');
        }
        out.push(ch);
    }
    out
}

/// sudo's line in the journal, and the footprint of having become somebody.
fn note(c: &Ctx, me: &Account, target: &Account, command: &str) {
    let (host, pid) = (c.me().host, c.pid());
    let cwd = c.sys(|s| s.getcwd());
    let tty = c.process(|p| p.tty).map_or_else(|| "unknown".into(), |t| format!("pts/{}", t.0));
    let line = format!("{:>8} : TTY={tty} ; PWD={cwd} ; USER={} ; COMMAND={command}", me.name, target.name);
    let scope = c.process(|p| p.cgroup.rsplit('/').next().unwrap_or("").to_string());
    let opened = format!(
        "pam_unix(sudo:session): session opened for user {}(uid={}) by (uid={})",
        target.name, target.uid, me.uid
    );
    c.act(|w| {
        w.log(host, &scope, "sudo", pid, Priority::Notice, line);
        w.log(host, &scope, "sudo", pid, Priority::Info, opened);
    });
    c.sys(|s| s.footprint("sudo", target.name.clone(), command));
}

fn environment(c: &Ctx, a: &Args, target: &Account) -> std::collections::BTreeMap<BString, BString> {
    let mut env = c.read(|w| w.host(c.me().host).login_environment(target));
    env.remove(BStr::new("PWD"));
    for name in KEPT {
        match c.env(name) {
            Some(value) => env.insert((*name).into(), value),
            None => env.remove(BStr::new(name)),
        };
    }
    if a.has("preserve-env") && !a.has("login") {
        let listed: Option<Vec<BString>> = a.get("preserve-env").map(|l| l.split_str(",").map(BString::from).collect());
        for (name, value) in c.environment().iter() {
            let wanted = listed.as_ref().is_none_or(|l| l.contains(name));
            if wanted && name != "PATH" {
                env.insert(name.clone(), value.clone());
            }
        }
    }
    env.insert("PATH".into(), SECURE_PATH.into());
    env
}

/// Whoever may not: asked for a password that nobody has, and then told. `Some`: the exit status.
async fn refuse(c: &Ctx, a: &Args, me: &Account) -> Result<Option<u8>, Stop> {
    if a.has("non-interactive") {
        c.complain("a password is required").await?;
        return Ok(Some(1));
    }
    if c.window().is_none() {
        c.complain("a terminal is required to read the password; either use the -S option to read from standard input or configure an askpass helper").await?;
        c.complain("a password is required").await?;
        return Ok(Some(1));
    }
    let prompt = a.get("prompt").map_or_else(|| format!("[sudo] password for {}: ", me.name), |p| p.to_string());
    for attempt in 1..=3 {
        if ask_password(c, &prompt).await?.is_none() {
            c.complain("a password is required").await?;
            return Ok(Some(1));
        }
        c.sleep(Span::from_secs(2)).await?;
        if attempt < 3 {
            c.err("Sorry, try again.\n").await?;
        }
    }
    c.complain("3 incorrect password attempts").await?;
    Ok(Some(1))
}

async fn list(c: &Ctx, a: &Args, me: &Account, words: &[BString]) -> Outcome {
    let of = match a.get("other-user") {
        Some(name) => account(c, &name.to_str_lossy()),
        None => Some(me.clone()),
    };
    let Some(of) = of else {
        c.complain("unknown user").await?;
        return Ok(1);
    };
    if let Some(first) = words.first() {
        return match find(c, first, &of) {
            Some(full) if of.sudo || of.uid == 0 => {
                c.out(format!("{}\n", command_line(&full, words, false, ""))).await?;
                Ok(0)
            }
            _ => Ok(1),
        };
    }
    let host = c.read(|w| w.host(c.me().host).name.clone());
    if !of.sudo && of.uid != 0 {
        c.out(format!("User {} is not allowed to run sudo on {host}.\n", of.name)).await?;
        return Ok(0);
    }
    let path = SECURE_PATH.replace(':', "\\:");
    let grant = if of.uid == 0 { "(ALL : ALL) ALL" } else { "(ALL) NOPASSWD: ALL" };
    c.out(format!("Matching Defaults entries for {0} on {host}:\n    env_reset, mail_badpass, secure_path={path}, use_pty\n\nUser {0} may run the following commands on {host}:\n    {grant}\n", of.name)).await?;
    Ok(0)
}

#[cfg(test)]
mod tests {
    use crate::commands::GROUPS;
    use crate::testkit::Kit;

    #[test]
    fn it_runs_as_root_and_leaves_its_line() {
        let mut kit = Kit::new(GROUPS);
        assert_eq!(kit.run(&["sudo", "ps", "-o", "user=", "-C", "ps"]).stdout, "root\n");
        assert_eq!(kit.run(&["sudo", "-u", "nobody", "ps", "-o", "user=", "-C", "ps"]).stdout, "nobody\n");
        assert_eq!(kit.run(&["sudo", "X=1", "env"]).stdout.lines().filter(|l| l.starts_with("X=")).count(), 1);
        {
            let w = kit.executor.world();
            let line = w.hosts()[0].journald.entries().find(|e| &*e.identifier == "sudo").map(|e| e.message.clone());
            let wanted = "  oncall : TTY=unknown ; PWD=/home/oncall ; USER=root ; COMMAND=/usr/bin/ps -o user= -C ps";
            assert_eq!(line.as_deref(), Some(wanted));
            assert!(w.journal.events().iter().any(|e| e.verb == "sudo"));
        }
        assert_eq!(kit.run(&["sudo", "nosuch"]).stderr, "sudo: nosuch: command not found\n");
        assert_eq!(kit.run(&["sudo", "-u", "nobody", "sudo", "-n", "ps"]).stderr, "sudo: a password is required\n");
        assert_eq!(kit.run(&["sudo", "sleep", "1"]).status, 0);
        assert!(kit.run(&["sudo", "-l"]).stdout.ends_with("on alpha:\n    (ALL) NOPASSWD: ALL\n"));
    }

    #[test]
    fn the_keyboard_s_signal_ends_both() {
        let mut kit = Kit::new(GROUPS);
        let t = kit.start_on_terminal(&["sudo", "sleep", "100"], 80, 24);
        kit.advance(crate::base::Span::SECOND);
        kit.keys(t, "\x03", crate::base::Span::SECOND);
        assert_eq!(kit.status(t), Some(130));
        assert_eq!(kit.screen(t), "^C");
    }
}
