use std::rc::Rc;

use bstr::{BString, ByteSlice};

use crate::base::Span;
use crate::program::{Args, Command, Ctx, Example, Opt, Outcome, Stop, Syntax};
use crate::world::Errno;
use crate::world::journald::Priority;
use crate::world::kernel::{Signal, Wait};

pub const COMMAND: Command = Command {
    name: "ssh",
    package: "openssh-client",
    summary: "OpenSSH remote login client.",
    usage: &[
        "[-46AaCfGgKkMNnqsTtVvXxYy] [-B bind_interface] [-b bind_address] [-c cipher_spec] [-l login_name] [-o option] [-p port] destination [command [argument ...]]",
    ],
    options: &[
        Opt::flag('4', "", "use IPv4 addresses only").accepted(),
        Opt::flag('A', "", "enables forwarding of connections from an authentication agent").accepted(),
        Opt::flag('C', "", "requests compression of all data").accepted(),
        Opt::value('F', "", "configfile", "specifies an alternative per-user configuration file").accepted(),
        Opt::value('i', "", "identity_file", "selects a file from which the identity is read").accepted(),
        Opt::value('J', "", "destination", "connect by first making a connection to the jump host").accepted(),
        Opt::value('l', "", "login_name", "specifies the user to log in as on the remote machine"),
        Opt::value('L', "", "address", "forward connections to the given port").unmodelled(),
        Opt::flag('N', "", "do not execute a remote command").unmodelled(),
        Opt::flag('n', "", "redirects stdin from /dev/null"),
        Opt::value('o', "", "option", "options in the format used in the configuration file").accepted(),
        Opt::value('p', "", "port", "port to connect to on the remote host"),
        Opt::flag('q', "", "quiet mode"),
        Opt::flag('T', "", "disable pseudo-terminal allocation"),
        Opt::flag('t', "", "force pseudo-terminal allocation"),
        Opt::flag('v', "", "verbose mode").accepted(),
        Opt::flag('X', "", "enables X11 forwarding").accepted(),
    ],
    syntax: Syntax::Posix,
    usage_status: 255,
    cost_ns: 8_000_000,
    examples: &[Example {
        run: "ssh gamma uptime 2>&1",
        prints: "ssh: Could not resolve hostname gamma: Name or service not known\n",
    }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

async fn main(c: Ctx, a: Args) -> Outcome {
    // Options may also follow the destination.
    let Some(destination) = a.operands().first().map(|o| o.to_string()) else {
        c.err(format!("usage: ssh {}\n", COMMAND.usage[0])).await?;
        return Ok(255);
    };
    let mut words = a.operands()[1..].to_vec();
    let (mut forced, mut refused_pty) = (a.has("t"), a.has("T"));
    while let Some(option) =
        words.first().filter(|w| matches!(w.as_bytes(), b"-t" | b"-tt" | b"-T" | b"-q" | b"-n" | b"--"))
    {
        forced |= option.starts_with(b"-t");
        refused_pty |= option == "-T";
        words.remove(0);
    }
    let destination = destination.strip_prefix("ssh://").unwrap_or(&destination).to_string();
    let (user, name) = match destination.rsplit_once('@') {
        Some((user, name)) => (Some(user.to_string()), name.to_string()),
        None => (a.get("l").map(|l| l.to_string()), destination),
    };
    let here = c.me().host;
    let user = user.unwrap_or_else(|| c.read(|w| w.host(here).user_name(c.uid())));
    let target =
        if matches!(name.as_str(), "localhost" | "127.0.0.1") { Some(here) } else { c.read(|w| w.host_named(&name)) };
    let Some(target) = target else {
        let is_address = name.split('.').count() == 4 && name.split('.').all(|p| p.parse::<u8>().is_ok());
        if is_address {
            c.sleep(Span::from_secs(3)).await?;
            c.err(format!("ssh: connect to host {name} port 22: No route to host\n")).await?;
        } else {
            c.err(format!("ssh: Could not resolve hostname {name}: Name or service not known\n")).await?;
        }
        return Ok(255);
    };
    let port = a.get("p").map_or_else(|| "22".to_string(), |p| p.to_string());
    // Key exchange and authentication: some six round trips and the two ends' arithmetic.
    let trip = c.read(|w| w.round_trip(here, target, w.now()));
    c.sleep(Span(trip.micros() * 6) + Span::from_millis(60)).await?;
    let listens = c.read(|w| w.host(target).kernel.processes().any(|p| p.comm == "sshd" && p.is_alive()));
    if port != "22" || !listens {
        c.err(format!("ssh: connect to host {name} port {port}: Connection refused\n")).await?;
        return Ok(255);
    }
    let may = c.read(|w| {
        let account = w.host(target).user(&user)?;
        let mine = w.host(here).user_of(c.uid())?;
        // The player's key opens the player's account, and root's from root's.
        let shell = !account.shell.ends_with("nologin") && !account.shell.ends_with("false");
        (shell && account.name == mine.name).then(|| account.shell.clone())
    });
    let Some(shell) = may else {
        c.err(format!("{user}@{name}: Permission denied (publickey).\n")).await?;
        return Ok(255);
    };
    let wanted = !refused_pty && (words.is_empty() || forced);
    let pty = wanted && c.is_tty(0) && c.window().is_some();
    if wanted && !pty {
        c.err("Pseudo-terminal will not be allocated because stdin is not a terminal.\n").await?;
    }
    c.flush().await?;
    let far = match c.sys(|s| s.fork_on(target, &user, pty)) {
        Ok(far) => far,
        Err(errno) => return refused(&c, &user, &name, errno).await,
    };
    let line = c.read(|w| {
        format!(
            "Accepted publickey for {user} from {} port {} ssh2: ED25519",
            w.host(here).address,
            30_000 + c.pid() % 30_000
        )
    });
    c.act(|w| w.log(target, "ssh.service", "sshd", far.pid, Priority::Info, line));
    let base = shell.rsplit('/').next().unwrap_or("bash").to_string();
    let mut argv: Vec<BString> = Vec::new();
    if words.is_empty() {
        argv.push(format!("-{base}").into());
    } else {
        let command = words.iter().map(|w| w.as_bytes()).collect::<Vec<_>>().join(&b' ');
        argv.extend([base.as_str().into(), "-c".into(), BString::from(command)]);
    }
    let file: BString = shell.into();
    c.start(far, move |remote| {
        Box::pin(async move {
            let env = remote.environment();
            let image = remote.sys(|s| s.image(file.as_ref(), argv.clone(), "/usr/bin:/bin".into()));
            match image {
                Ok(image) => remote.run_image(image, Rc::new((*env).clone())).await,
                Err(errno) => {
                    remote.err(format!("{file}: {errno}\n")).await?;
                    Ok(1)
                }
            }
        })
    });
    // With a terminal of its own the far side gets its keys and signals; without, they are for this process, and the
    // far one only notices that nobody reads and writes any more.
    if pty {
        c.catch(&[Signal::INT, Signal::QUIT, Signal::TSTP, Signal::TERM, Signal::HUP]);
    }
    let status = loop {
        if let Some(status) = c.sys(|s| s.collect(far)) {
            break status.code();
        }
        match c.wait(Wait::Exit(far)).await {
            Ok(()) => {}
            Err(Stop::Caught(signal @ (Signal::TERM | Signal::HUP))) => {
                c.act(|w| w.signal(far, Signal::HUP));
                take_back(&c);
                return c.die_of(signal).await;
            }
            Err(Stop::Caught(_)) => {}
            Err(stop) => {
                if pty {
                    take_back(&c);
                }
                return Err(stop);
            }
        }
    };
    if pty {
        take_back(&c);
    }
    if pty && !a.has("q") {
        c.err(format!("Connection to {name} closed.\n")).await?;
    }
    Ok(status)
}

/// The terminal belongs to this side's group again, in the modes a shell leaves it in.
fn take_back(c: &Ctx) {
    let group = c.process(|p| p.pgid);
    // Without a terminal there is nothing to take.
    let _ = c.sys(|s| {
        s.set_foreground(group)?;
        s.terminal(|t| t.sane())
    });
}

async fn refused(c: &Ctx, user: &str, name: &str, errno: Errno) -> Outcome {
    match errno {
        Errno::ENOENT => c.err(format!("{user}@{name}: Permission denied (publickey).\n")).await?,
        errno => c.err(format!("ssh: connect to host {name} port 22: {errno}\n")).await?,
    }
    Ok(255)
}

#[cfg(test)]
mod tests {
    use crate::commands::GROUPS;
    use crate::testkit::Kit;

    #[test]
    fn unknown_hosts_and_users_are_refused() {
        let mut kit = Kit::new(GROUPS);
        let ran = kit.run(&["ssh", "gamma", "ls"]);
        assert_eq!(
            (ran.stderr.as_str(), ran.status),
            ("ssh: Could not resolve hostname gamma: Name or service not known\n", 255)
        );
        assert_eq!(kit.run(&["ssh", "root@beta", "ls"]).stderr, "root@beta: Permission denied (publickey).\n");
        assert_eq!(
            kit.run(&["ssh", "-p", "2222", "beta"]).stderr,
            "ssh: connect to host beta port 2222: Connection refused\n"
        );
    }
}
