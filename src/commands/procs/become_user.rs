//! Running a command as somebody else: what `sudo` and `su` do once they have decided to.

use std::rc::Rc;

use bstr::{BStr, BString};

use crate::program::{Ctx, Outcome, Stop};
use crate::world::kernel::Environment;
use crate::world::sys::ForkOptions;
use crate::world::{Account, Errno};

/// What is run, and as whom.
pub struct Order {
    pub account: Account,
    /// The file to run; argv[0] may differ (`-bash`).
    pub file: BString,
    pub argv: Vec<BString>,
    pub env: Environment,
    pub path: BString,
    pub directory: Option<BString>,
    pub wait: bool,
}

/// Runs it as a child and ends as it ends. The error says why nothing was run.
pub async fn run(c: &Ctx, order: Order) -> Result<Result<u8, Errno>, Stop> {
    // Found with the new user's rights: root may run what the caller may not see.
    let image = {
        let mine = c.sys(|s| s.process().map(|p| p.cred.clone()));
        let theirs = c.read(|w| w.host(c.me().host).cred_of(&order.account));
        let found = c.sys(|s| {
            s.set_cred(theirs)?;
            match s.image(order.file.as_ref(), order.argv.clone(), order.path.as_ref()) {
                // A text without `#!` is a script of sh, as execvp(3) and sudo have it.
                Err(Errno::ENOEXEC) => {
                    let rest = order.argv.iter().skip(1).cloned();
                    let argv = ["sh".into(), order.file.clone()].into_iter().chain(rest).collect();
                    s.image(BStr::new("/bin/sh"), argv, order.path.as_ref())
                }
                found => found,
            }
        });
        if let Ok(cred) = mine {
            c.sys(|s| s.set_cred(cred)).unwrap_or(());
        }
        match found {
            Ok(image) => image,
            Err(errno) => return Ok(Err(errno)),
        }
    };
    let Order { account, env, directory, .. } = order;
    c.flush().await?;
    let started = c.fork(&ForkOptions::default(), move |child| {
        Box::pin(async move {
            let cred = child.read(|w| w.host(child.me().host).cred_of(&account));
            let changed = child.sys(|s| {
                s.set_cred(cred)?;
                match &directory {
                    Some(dir) => s.chdir(dir.as_ref()),
                    None => Ok(()),
                }
            });
            if let (Err(errno), Some(dir)) = (changed, &directory) {
                child.complain(format_args!("unable to change directory to {dir}: {errno}")).await?;
            }
            child.run_image(image, env).await
        })
    });
    match started {
        Ok(pid) if order.wait => c.attend(pid).await.map(Ok),
        Ok(_) => Ok(Ok(0)),
        Err(errno) => Ok(Err(errno)),
    }
}

/// The variables of a login as that user, with those of `keep` taken over from here.
pub fn login_environment(c: &Ctx, account: &Account, keep: &[&str]) -> Environment {
    let mut vars = c.read(|w| w.host(c.me().host).login_environment(account));
    for name in keep {
        match c.env(name) {
            Some(value) => vars.insert(BString::from(*name), value),
            None => vars.remove(BStr::new(name)),
        };
    }
    Rc::new(vars)
}

/// Asks for a password on the terminal, without echo.
pub async fn ask_password(c: &Ctx, prompt: &str) -> Result<Option<BString>, Stop> {
    if c.write_fd(2, prompt.as_bytes()).await?.is_err() {
        return Ok(None);
    }
    let input = c.open_input(BStr::new("/dev/tty")).unwrap_or_default();
    c.sys(|s| s.terminal(|t| t.echo = false)).unwrap_or(());
    let answer = c.read_fd(input, 256).await;
    c.sys(|s| s.terminal(|t| t.echo = true)).unwrap_or(());
    c.close_input(input);
    let typed = answer?.unwrap_or_default();
    c.err("\n").await?;
    Ok((!typed.is_empty()).then(|| typed.strip_suffix(b"\n").unwrap_or(&typed).into()))
}

/// The status of a shell-like program that could not run something.
pub fn not_run(errno: Errno) -> Outcome {
    Ok(super::env::failed_exec(errno))
}
