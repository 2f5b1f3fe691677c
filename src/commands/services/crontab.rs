use bstr::BString;

use crate::program::{Args, Command, Ctx, Example, Opt, Outcome};

pub const COMMAND: Command = Command {
    name: "crontab",
    package: "cron",
    summary: "Maintain crontab files for individual users.",
    usage: &["[ -u user ] file", "[ -u user ] [ -i ] { -e | -l | -r }"],
    options: &[
        Opt::value('u', "", "user", "whose crontab"),
        Opt::flag('l', "", "list user's crontab"),
        Opt::flag('e', "", "edit user's crontab").unmodelled(),
        Opt::flag('r', "", "delete user's crontab"),
        Opt::flag('i', "", "prompt before deleting").accepted(),
    ],
    examples: &[Example { run: "crontab -l 2>&1", prints: "no crontab for oncall\n" }],
    main: |c, a| Box::pin(main(c, a)),
    ..Command::BASE
};

async fn main(c: Ctx, a: Args) -> Outcome {
    let me = c.read(|w| w.host(c.me().host).user_name(c.uid()));
    let user = a.get("u").map_or_else(|| me.clone(), |u| u.to_string());
    if user != me && c.uid() != 0 {
        c.err("must be privileged to use -u\n").await?;
        return Ok(1);
    }
    if c.read(|w| w.host(c.me().host).user(&user).is_none()) {
        c.err(format!("crontab:  user `{user}' unknown\n")).await?;
        return Ok(1);
    }
    let path = format!("/var/spool/cron/crontabs/{user}");
    if a.has("r") {
        // crontab is set-group-id: it reaches its own directory for its user.
        let Some(_) = c.read(|w| w.host(c.me().host).node(&path)) else {
            c.err(format!("no crontab for {user}\n")).await?;
            return Ok(1);
        };
        return match c.sys(|s| s.unlink(path.as_str().into())) {
            Ok(()) => Ok(0),
            Err(errno) => {
                c.err(format!("{path}: {errno}\n")).await?;
                Ok(1)
            }
        };
    }
    if !a.has("l") {
        c.note_unmodelled("crontab FILE");
        c.complain("installing a crontab is real, but not modelled in this simulation").await?;
        return Ok(1);
    }
    match c.read(|w| w.host(c.me().host).read_file(&path)) {
        Some(text) => {
            c.out(BString::from(text)).await?;
            Ok(0)
        }
        None => {
            c.err(format!("no crontab for {user}\n")).await?;
            Ok(1)
        }
    }
}
